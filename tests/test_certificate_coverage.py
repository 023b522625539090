"""A missing certificate means something only where a complete list would have it."""

from datetime import date

import pytest

from domain.certificate_coverage import CertificateCoverage, issuer_of, parse_issuer, would_list
from domain.certificates import parse_certificate

DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("written", "issuer"),
    [
        ("沪", "沪医广"),
        ("（沪）医广", "沪医广"),
        ("沪中医广", "沪中医广"),
        ("（浙）（杭）医广", "浙杭医广"),
        ("（粤B）医广", "粤B医广"),
        ("中山", "中山医广"),
        ("Shanghai", None),
        ("", None),
    ],
)
def test_issuers_are_written_in_several_ways(written: str, issuer: str | None) -> None:
    assert parse_issuer(written) == issuer


@pytest.mark.parametrize(
    ("number", "issuer", "listed"),
    [
        ("（沪）医广【2026】第07-02-0355号", "沪医广", True),
        ("（沪）医广【2026】第11-02-0355号", "沪医广", False),  # approved after the day of the list
        ("（沪）医广【2026】第189号", "沪医广", False),  # of the year of the list: may be approved later
        ("（沪）医广【2025】第189号", "沪医广", True),
        ("（沪）中医广【2026】第07-02-0355号", "沪中医广", False),
        ("（浙）（杭）医广【2026】第07-02-0355号", "浙杭医广", False),
        ("浙（杭）医广【2026】第07-02-0355号", "浙杭医广", False),
        ("粤（B）医广【2026】第07-02-0355号", "粤B医广", False),
        ("豫械广审(文)第261112-17214号", "", False),
    ],
)
def test_a_list_knows_its_own_issuer_up_to_its_day(number: str, issuer: str, listed: bool) -> None:
    certificate = parse_certificate(number)
    assert certificate is not None and issuer_of(certificate) == issuer
    assert would_list(CertificateCoverage("沪医广", "样例", DAY), certificate) is listed
