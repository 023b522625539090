"""A lead that was referred, and recheck nights in which its page is found in whatever state."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from domain.findings import Finding, Judgement
from domain.nights import NightKind
from domain.outcome import Outcome
from domain.visits import ControlAsked, FrontierUrl, Visit
from storage.canonical import read_canonical_zip
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets
from storage.database import writing
from storage.evidence.package import LOOK
from storage.sealing.seals import seal_night
from storage.tables import referral_packages, referred_leads
from storage.takedowns.looks import LookSealing, LooksRecorded, record_looks
from storage.takedowns.takedown import ReferredCase, referred_case, referred_cases
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, exchange, failed_visit, judgement, page, secure, visit
from yiguang.keeping import load_masker

LEXICONS = Path(__file__).parents[2] / "lexicons"
SOFT = "示例门诊部\n本院按规范接诊，患者李小明女士，13900000000，疗效因人而异，保证不开刀。\n电话 000-00001234"
#: Makes the visit of a recheck from the URL in hand and the time
Found = Callable[[FrontierUrl, datetime], Visit]


def refer(engine: Engine, page_id: int) -> ReferredCase:
    package = {"year": 2026, "serial": 1, "number": "示例1号", "recipient": "amr", "made_by": "wang", "told": {}}
    with writing(engine) as connection:
        connection.execute(insert(referral_packages).values(**package, id=1, made_at=NOW, manifest_sha256="0" * 64))
        connection.execute(insert(referred_leads).values(package_id=1, page_id=page_id))
    (case,) = referred_cases(engine)
    return case


def referred_lead(engine: Engine, folder: Path) -> ReferredCase:
    """The first lead of a night, in a complete package."""
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    row = claim(engine, night_id, ids)[0]
    store.record(visit(row, flagged=True))
    store.close()
    seal_night(engine, folder, night_id, seal_key(folder), NOW)
    finish_night(engine, night_id, NOW)
    return refer(engine, row.id)


def sealing_of(folder: Path, at: datetime) -> LookSealing:
    return LookSealing(folder, seal_key(folder), load_masker(LEXICONS), lambda: at)


def visit_again(engine: Engine, folder: Path, case: ReferredCase, at: datetime, found: Found) -> str:
    """The visits of one recheck, nothing recorded of it yet; its night."""
    members = [known for known in list_targets(engine) if known.id == case.target_id]
    night_id = open_night(engine, at, members, NightKind.RECHECK)
    SqlFrontier(engine).seed(night_id, [(case.target_id, case.url)], at)
    (row,) = SqlFrontier(engine).claim(night_id, [case.target_id], "w1", 1, at, 60.0)
    store = open_store(engine, folder)
    store.record(found(row, at))
    store.close()
    return night_id


def look_at(engine: Engine, folder: Path, case: ReferredCase, hours: float, found: Found) -> ReferredCase:
    """One recheck so many hours after NOW, sealed and ended."""
    at = NOW + timedelta(hours=hours)
    night_id = visit_again(engine, folder, case, at, found)
    assert record_looks(engine, night_id, sealing_of(folder, at)) == LooksRecorded(1, ())
    assert record_looks(engine, night_id, sealing_of(folder, at)) == LooksRecorded(0, ()), "a look is recorded once"
    seal_night(engine, folder, night_id, seal_key(folder), at)
    finish_night(engine, night_id, at)
    looked_at = referred_case(engine, case.case_id)
    assert looked_at is not None
    return looked_at


def look_of(folder: Path, case: ReferredCase, number: int) -> dict[str, Any]:
    """What is written of a look in its evidence; numbers from 0."""
    members = read_canonical_zip((folder / case.looks[number].bundle).read_bytes())
    look: dict[str, Any] = json.loads(members[LOOK])
    return look


def unchanged(row: FrontierUrl, at: datetime) -> Visit:
    return visit(row, flagged=True, started_at=at, ended_at=at)


def gone(row: FrontierUrl, at: datetime) -> Visit:
    """404, while the home page answers over TLS."""
    home = replace(secure(exchange("http://clinic.example/")), fetched_at=at)
    answer = replace(exchange(row.url, b"<h1>404</h1>", status=404), fetched_at=at)
    return failed_visit(
        row,
        Outcome.HTTP_GONE,
        outcome_detail="页面不存在（HTTP 404）；对照：本站其他页面正常",
        status=404,
        exchanges=(answer,),
        asides=(home,),
        control=ControlAsked("alive", (home,)),
        started_at=at,
        ended_at=at,
    )


def led_to_start(row: FrontierUrl, at: datetime) -> Visit:
    """A redirect to the home page, while another page is shown."""
    sent = replace(exchange(row.url, b"", status=302), response_headers=(("Location", "/"),), fetched_at=at)
    home, other = (replace(exchange(f"https://clinic.example/{path}"), fetched_at=at) for path in ("", "2.html"))
    return failed_visit(
        row,
        Outcome.HTTP_GONE,
        outcome_detail="跳转到网站首页；对照：本站其他页面正常",
        final_url=home.url,
        status=200,
        exchanges=(sent, home),
        asides=(other,),
        control=ControlAsked("alive", (other,)),
        started_at=at,
        ended_at=at,
    )


def unreachable(row: FrontierUrl, at: datetime) -> Visit:
    """Nothing at all was received."""
    return failed_visit(
        row,
        Outcome.TIMEOUT,
        outcome_detail="30 秒内没有应答",
        status=None,
        exchanges=(),
        started_at=at,
        ended_at=at,
    )


def softened(row: FrontierUrl, at: datetime) -> Visit:
    """The text says something else; a new claim is in it, and a patient's name."""
    quote = "李小明女士，13900000000，疗效因人而异，保证不开刀"
    start = SOFT.index(quote)
    added = Finding("no-knife", "cure-guarantee", quote, start, start + len(quote), 0.6, ("广告法16",), 3)
    said: Judgement = replace(judgement(False), findings=(added,))
    body = f"<html>{SOFT}</html>".encode()
    return visit(
        row, page=page(row.url, SOFT), judgement=said, exchanges=(exchange(row.url, body),), started_at=at, ended_at=at
    )


def forbidden(row: FrontierUrl, at: datetime) -> Visit:
    return failed_visit(
        row, Outcome.ROBOTS_DENIED, status=None, exchanges=(), robots="denied", started_at=at, ended_at=at
    )


#: What is found, by the hours after NOW, and the grade that it leads to
LADDER: tuple[tuple[float, Found, str], ...] = (
    (24, unchanged, "unchanged"),
    (72, softened, "softened"),
    (168, unreachable, "unreachable"),
    (169, forbidden, "unknown"),
    (336, gone, "gone-once"),
    (343, gone, "gone"),
    (720, unchanged, "unchanged"),
)


def climb(engine: Engine, folder: Path) -> ReferredCase:
    """A referred lead with all its looks."""
    case = referred_lead(engine, folder)
    for hours, found, grade in LADDER:
        case = look_at(engine, folder, case, hours, found)
        assert case.looks[-1].grade.value == grade
    return case
