"""Who a lead goes to, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.routing import (
    Medium,
    Publication,
    Recipient,
    Route,
    RouteChange,
    RoutedFinding,
    Seat,
    Subject,
    changed,
    routes_of,
)

RATE = RoutedFinding("宣称治愈率", 5, ("amr", "nhc"))
PRICE = RoutedFinding("价格诱导", 2, ("amr",))
LURE = RoutedFinding("免费住院", 5, ("nhsa", "nhc"))
SCALPER = RoutedFinding("代挂号", 4, ("police", "nhc", "cac"))
SUBJECT = Subject("晨屿康民医院", "甲省乙市", licensed=True)
OWN = Publication(Medium.OWN_SITE)


def _kinds(routes: tuple[Route, ...]) -> list[str]:
    return [route.recipient for route in routes]


def test_the_market_regulator_is_in_charge_of_claims_on_an_own_site() -> None:
    first, second = routes_of([RATE, PRICE], True, SUBJECT, OWN)
    assert (first.recipient, first.in_charge, second.recipient, second.in_charge) == ("amr", True, "nhc", False)
    assert first.reasons == ("主办事项：宣称治愈率、价格诱导",)
    assert second.reasons == ("涉及其职责：宣称治愈率",)


def test_titles_that_hold_a_comma_of_their_own_are_told_apart() -> None:
    swift = RoutedFinding("速效、次数承诺", 4, ("amr",))
    assert routes_of([swift, PRICE], True, SUBJECT, OWN)[0].reasons == ("主办事项：“速效、次数承诺”、“价格诱导”",)


def test_an_own_site_belongs_to_the_advertisers_seat_and_a_third_partys_to_the_publishers() -> None:
    own = routes_of([RATE], True, SUBJECT, OWN)[0].jurisdiction
    assert (own.seat, own.region, own.basis) == (Seat.ADVERTISER, "甲省乙市", "互联网广告管理办法20")
    other = routes_of([RATE], True, SUBJECT, Publication(Medium.THIRD_PARTY, "丙市"))[0].jurisdiction
    assert (other.seat, other.region) == (Seat.PUBLISHER, "丙市")


def test_an_unknown_publisher_leaves_the_advertisers_seat_and_says_so() -> None:
    jurisdiction = routes_of([RATE], True, SUBJECT, Publication(Medium.THIRD_PARTY))[0].jurisdiction
    assert (jurisdiction.seat, jurisdiction.region) == (Seat.ADVERTISER, "甲省乙市")
    assert "待查" in jurisdiction.note


def test_an_account_adds_the_cyberspace_office_which_needs_an_opinion() -> None:
    routes = routes_of([RATE], True, SUBJECT, Publication(Medium.OWN_ACCOUNT, "丁市"))
    assert _kinds(routes) == ["amr", "nhc", "cac"]
    assert "定性意见" in routes[-1].reasons[0]
    assert routes[-1].jurisdiction.region == "丁市"


def test_so_does_an_account_that_may_be_anybodys() -> None:
    routes = routes_of([PRICE], True, SUBJECT, Publication(Medium.UNKNOWN, is_account=True))
    assert _kinds(routes) == ["amr", "cac"]


def test_the_gravest_finding_decides_who_is_in_charge() -> None:
    assert _kinds(routes_of([PRICE, LURE], True, SUBJECT, OWN)) == ["nhsa", "amr", "nhc"]
    assert _kinds(routes_of([PRICE, SCALPER], True, SUBJECT, OWN))[0] == "police"


def test_what_is_no_advertisement_goes_to_the_health_authority_alone() -> None:
    (route,) = routes_of([RATE, LURE], False, SUBJECT, Publication(Medium.OWN_ACCOUNT))
    assert (route.recipient, route.in_charge) == ("nhc", True)
    assert "不构成广告" in route.reasons[0]


def test_an_institution_without_a_licence_goes_to_the_health_authority_too() -> None:
    routes = routes_of([PRICE], True, Subject(licensed=False), OWN)
    assert _kinds(routes) == ["amr", "nhc"]
    assert "执业许可" in routes[1].reasons[0]


def test_nothing_found_goes_nowhere() -> None:
    assert routes_of([], True, Subject(licensed=False), Publication(Medium.THIRD_PARTY)) == ()
    assert routes_of([], False, SUBJECT, OWN) == ()


def test_a_person_may_choose_with_a_note() -> None:
    routes = routes_of([RATE], True, SUBJECT, OWN)
    chosen = changed(routes, RouteChange((Recipient.NHC, Recipient.POLICE), "李审", "机构已注销"), SUBJECT, OWN)
    assert [(route.recipient, route.in_charge) for route in chosen] == [("nhc", True), ("police", False)]
    assert chosen[0].reasons == ("涉及其职责：宣称治愈率", "由李审人工确定：机构已注销")


@pytest.mark.parametrize(
    ("recipients", "note", "says"),
    [((), "x", "至少"), ((Recipient.NHC, Recipient.NHC), "x", "重复"), ((Recipient.NHC,), " ", "理由")],
)
def test_a_choice_that_makes_no_sense_is_refused(recipients: tuple[Recipient, ...], note: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        changed((), RouteChange(recipients, "李审", note), SUBJECT, OWN)


FINDINGS = st.builds(
    RoutedFinding,
    st.sampled_from(["甲", "乙", "丙"]),
    st.integers(1, 5),
    st.lists(st.sampled_from([str(recipient) for recipient in Recipient]), min_size=1, max_size=4, unique=True).map(
        tuple
    ),
)


@given(st.lists(FINDINGS, min_size=1, max_size=6), st.booleans(), st.sampled_from(Medium))
def test_every_proposal_has_one_in_charge_and_a_reason_for_each(
    findings: list[RoutedFinding], is_ad: bool, medium: Medium
) -> None:
    routes = routes_of(findings, is_ad, SUBJECT, Publication(medium))
    assert [route.in_charge for route in routes] == [True] + [False] * (len(routes) - 1)
    assert len(set(_kinds(routes))) == len(routes)
    assert all(route.reasons and all(route.reasons) for route in routes)
    if is_ad:
        assert {kind for item in findings for kind in item.recipients} <= set(_kinds(routes))
