"""All that is known of an operator, asked for by whatever a person has in hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from domain.certificates import Verdict
from domain.institutions import RegisteredInstitution, name_key
from domain.operator_profile import names_of, official_owners
from domain.page import SelfStatement
from domain.reviews import ItemState
from domain.risk import RiskLevel
from storage.crawl.visits import SqlVisitStore
from storage.database import writing
from storage.operators.operator_profiles import OperatorProfiles
from storage.operators.practitioners import RegisteredPractitioner, import_practitioners
from storage.operators.registry_import import import_institutions
from storage.tables import desk_item_parties, desk_items
from tests.storage.crawl import open_store
from tests.storage.identity_nights import HOSPITALS, SHARED_PHONE, hospital_text, night, page_at
from tests.storage.samples import NOW
from yiguang.lexicon_books import load_brand_book, load_identity_policy, load_practitioner_book, load_risk_weights
from yiguang.operator_text import profile_lines

LEXICONS = Path(__file__).parents[2] / "lexicons"
LATER = NOW + timedelta(days=2)
CLINIC = RegisteredInstitution(
    name="青屿安和门诊部",
    source="市卫健委",
    as_of=date(2026, 11, 1),
    credit_code="914403001922038216",
    domains=("qingyu-yiyuan0.example",),
)
NUMBER = "（京）医广【2016】第07-01-0355号"


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[SqlVisitStore]:
    opened = open_store(engine, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def profiles(engine: Engine) -> OperatorProfiles:
    return OperatorProfiles(
        engine, load_identity_policy(LEXICONS), load_risk_weights(LEXICONS), load_practitioner_book(LEXICONS)
    )


@pytest.fixture
def two_nights(engine: Engine, store: SqlVisitStore) -> dict[str, int]:
    """The first three hospitals in both nights, leads each time; they call themselves 青屿安和; page ids of the first night."""
    import_institutions(engine, [CLINIC], CLINIC.source, CLINIC.as_of)
    named = (SelfStatement("name", "青屿安和门诊部", "copyright", "版权所有 青屿安和门诊部"),)
    shown = {
        url: replace(page_at(url, f"{NUMBER}\n{hospital_text(number)}"), statements=named)
        for number, url in enumerate(HOSPITALS[:3])
    }
    first = night(engine, store, 0, shown, flagged=HOSPITALS[:3])
    night(engine, store, 1, shown, flagged=HOSPITALS[:1])
    return first


def confirm(engine: Engine, page_id: int, url: str, days_ago: int, party: str = "") -> None:
    values = {
        "page_id": page_id, "night_id": "n", "target_id": 1, "target": "", "region": "", "institution": "", "url": url,
        "title": "", "url_key": "", "body_sha256": "", "families": ["efficacy-rate"], "rules": ["cure-rate"],
        "severity": 4, "probability": 0.9, "priority": 3.6, "rank": -3.6, "kind": "lead", "read_twice": False,
        "state": ItemState.CONFIRMED.value, "created_at": NOW, "stage_since": NOW, "seen_at": NOW,
        "decided_at": LATER - timedelta(days=days_ago), "version": 1,
    }  # fmt: skip
    with writing(engine) as connection:
        item_id = connection.execute(insert(desk_items).returning(desk_items.c.id), values).scalar_one()
        if party:
            connection.execute(insert(desk_item_parties), {"party": name_key(party), "item_id": item_id})


@pytest.mark.parametrize(
    "asked",
    [
        "青屿安和门诊部",
        "青屿 安和门诊部",
        SHARED_PHONE,
        "00000009911",
        "qingyu-yiyuan1.example",
        "http://www.qingyu-yiyuan2.example/a/1.html",
        "914403001922038216",
    ],
)
@pytest.mark.usefixtures("two_nights")
def test_whatever_is_known_leads_to_the_same_operator(asked: str, profiles: OperatorProfiles) -> None:
    profile = profiles.of(asked, LATER)
    (cluster,) = profile.clusters
    assert len(profile.subjects) == 3
    assert profile.registered == (CLINIC,)
    assert names_of(profile.clusters) == ("青屿安和门诊部",)
    assert cluster.id == profiles.of(HOSPITALS[0], LATER).clusters[0].id


@pytest.mark.usefixtures("two_nights")
def test_findings_over_the_nights(profiles: OperatorProfiles) -> None:
    profile = profiles.of(SHARED_PHONE, LATER)
    assert [(item.rule, item.pages, item.flagged) for item in profile.findings] == [
        ("cure-rate", 3, True),
        ("cure-rate", 3, True),
    ]
    assert {item.quote for item in profile.findings} == {"治愈率达98%"}
    assert profile.findings[0].seen_at > profile.findings[1].seen_at
    (certificate,) = profile.certificates
    assert (certificate.number, certificate.judged.verdict, len(certificate.urls)) == (NUMBER, Verdict.EXPIRED, 3)


def test_certificates_are_held_against_the_day_in_beijing(
    engine: Engine, store: SqlVisitStore, profiles: OperatorProfiles
) -> None:
    """At one in the morning of the first of January, when it is still the year before by UTC."""
    number = "（京）医广【2027】第01-01-0355号"
    night(engine, store, 0, {HOSPITALS[0]: page_at(HOSPITALS[0], f"{number}\n{hospital_text(0)}")})
    (certificate,) = profiles.of(HOSPITALS[0], datetime(2026, 12, 31, 17, 0, tzinfo=UTC)).certificates
    assert certificate.number == number
    assert not any("晚于取证日" in reason for reason in certificate.judged.reasons)


def test_candidates_only_from_confirmed_cases(
    engine: Engine, profiles: OperatorProfiles, two_nights: dict[str, int]
) -> None:
    before = profiles.of(SHARED_PHONE, LATER).rating
    assert (before.repeated, before.level is RiskLevel.HIGH) == (False, False)
    for url, days_ago in zip(HOSPITALS[:3], (400, 5, 3), strict=True):
        confirm(engine, two_nights[url], url, days_ago)
    profile = profiles.of(SHARED_PHONE, LATER)
    assert [case.url for case in profile.confirmed] == [HOSPITALS[2], HOSPITALS[1], HOSPITALS[0]]
    assert profile.rating.repeated
    assert {part.name: part.count for part in profile.rating.parts if part.name.startswith("confirmed")} == {
        "confirmed-in-a-year": 2,
        "confirmed-earlier": 1,
    }


@pytest.mark.usefixtures("two_nights")
def test_an_operator_is_found_by_its_id_also_after_it_became_part_of_another(
    engine: Engine, store: SqlVisitStore, profiles: OperatorProfiles
) -> None:
    alone = "http://linpu.example/"
    night(engine, store, 2, {alone: page_at(alone, hospital_text(7, "000-00001234"))})
    (young,) = profiles.of(alone, LATER).clusters
    assert profiles.of(young.id, LATER).clusters == (young,)
    night(engine, store, 3, {alone: page_at(alone, hospital_text(7))})
    (merged,) = profiles.of(young.id, LATER).clusters
    assert (len(merged.subjects) - 1, merged.id == young.id) == (4, False)  # and the row of the registry
    assert profiles.of("op-000000000000", LATER).is_empty


def test_confirmed_cases_of_the_same_name_are_told_and_not_counted(
    engine: Engine, store: SqlVisitStore, profiles: OperatorProfiles, two_nights: dict[str, int]
) -> None:
    elsewhere = "http://elsewhere.example/"
    ids = night(engine, store, 2, {elsewhere: page_at(elsewhere, hospital_text(7, "000-00001234"))})
    confirm(engine, two_nights[HOSPITALS[0]], HOSPITALS[0], 5, "青屿安和门诊部")
    confirm(engine, ids[elsewhere], elsewhere, 3, "青屿安和门诊部")
    profile = profiles.of(SHARED_PHONE, LATER)
    assert [case.url for case in profile.confirmed] == [HOSPITALS[0]]
    assert [case.url for case in profile.same_name] == [elsewhere]
    assert not profile.rating.repeated


def test_an_official_site_of_a_well_known_hospital_is_told(
    engine: Engine, store: SqlVisitStore, profiles: OperatorProfiles
) -> None:
    book = load_brand_book(LEXICONS)
    brand = next(brand for brand in book.brands if brand.official_domains)
    url = f"http://www.{brand.official_domains[0]}/"
    night(engine, store, 0, {url: page_at(url, "门诊时间：每日八点至十七点\n地址见院区地图\n总机见本站首页")})
    profile = profiles.of(brand.official_domains[0], LATER)
    assert list(official_owners(profile, book).values()) == [brand.owner]


@pytest.mark.usefixtures("two_nights")
def test_of_what_nobody_has_seen_nothing_is_known(profiles: OperatorProfiles) -> None:
    assert profiles.of("临浦明和诊所", LATER).is_empty
    assert profiles.of("", LATER).is_empty


def test_doctors_of_its_pages_are_held_against_lists_of_its_practitioners(
    engine: Engine, store: SqlVisitStore, profiles: OperatorProfiles
) -> None:
    import_institutions(engine, [CLINIC], CLINIC.source, CLINIC.as_of)
    text = f"主任医师 李云屿\n主治医师 沈澄\n{hospital_text(0)}"
    night(engine, store, 0, {HOSPITALS[0]: page_at(HOSPITALS[0], text)})
    unlisted = profiles.of("青屿安和门诊部", LATER)
    assert [(seen.name, seen.registered) for seen in unlisted.practitioners] == [("李云屿", None), ("沈澄", None)]
    import_practitioners(engine, [RegisteredPractitioner("沈澄", "青屿安和门诊部")], "医师名单", CLINIC.as_of)
    listed = profiles.of("青屿安和门诊部", LATER)
    assert listed.practitioner_lists == (("医师名单", CLINIC.as_of, 1),)
    seen = {one.name: (one.title, one.registered, one.urls) for one in listed.practitioners}
    assert seen == {"李云屿": ("主任医师", False, (HOSPITALS[0],)), "沈澄": ("主治医师", True, (HOSPITALS[0],))}
    lines = "\n".join(profile_lines(listed, {}, {}))
    assert "李云屿（主任医师）：未见于名单，待核" in lines and "医师名单，2026-11-01，载 1 人" in lines
    assert not listed.rating.points
