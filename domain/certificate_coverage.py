"""Lists that hold every advertisement certificate of one issuer up to a day: only with them does a missing number mean something."""

import re
from dataclasses import dataclass
from datetime import date

from domain.certificates import Certificate

_ISSUER = re.compile(r"(?P<prefixes>[\u4e00-\u9fa5]{1,4}?[A-Z]?)(?P<tcm>中(?=医广))?(?:医广)?")


@dataclass(frozen=True, slots=True)
class CertificateCoverage:
    """`source` lists on `as_of` all certificates of `issuer`, as 沪医广 or 沪中医广; somebody has said so, no list proves it."""

    issuer: str
    source: str
    as_of: date


def parse_issuer(text: str) -> str | None:
    """`沪`, `沪医广` and `（沪）医广` are 沪医广; None for what no certificate begins with. Health authorities and those of
    Chinese medicine issue apart, so 沪中医广 is another issuer.
    """
    match = _ISSUER.fullmatch(re.sub(r"[\s()（）]", "", text))
    if match is None:
        return None
    return f"{match['prefixes']}{match['tcm'] or ''}医广"


def issuer_of(certificate: Certificate) -> str:
    """Who has issued it as its number begins; empty for advertisements of products, which other authorities review."""
    if certificate.kind != "medical-ad":
        return ""
    return f"{''.join(certificate.prefixes)}{'中' if certificate.tcm else ''}医广"


def would_list(coverage: CertificateCoverage, certificate: Certificate) -> bool:
    """Whether the list would have the certificate if it existed.

    A list knows nothing of what was approved after its day; a number that carries a year only may be of that year's end.
    The issuer must be the same to the letter: a city's numbers (浙杭) are not thought to be in the list of its province.
    """
    if issuer_of(certificate) != coverage.issuer:
        return False
    if certificate.approved_on is not None:
        return certificate.approved_on <= coverage.as_of
    return certificate.year is not None and certificate.year < coverage.as_of.year
