"""A visit is recorded as a whole, once, or not at all."""

import gzip
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, func, select, text
from warcio.archiveiterator import ArchiveIterator

from domain.evidence import EvidenceIncomplete
from domain.identifiers import find_identifiers
from domain.outcome import Outcome
from domain.visits import Discovered, FrontierUrl, Visit
from storage.checking.verify import verify_all
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import night_progress
from storage.crawl.visits import SqlVisitStore
from storage.database import writing
from storage.pages.visit_rows import contacts_of, finding_of, identifiers_of
from storage.tables import bundles, findings, frontier, pages, visits, warc_files
from tests.storage.crawl import LEASE_SECONDS, claim, clock, open_sample_night, open_store
from tests.storage.samples import KEY, NOW, PROVENANCE, exchange, failed_visit, judgement, page, visit


@pytest.fixture
def rows(engine: Engine) -> list[FrontierUrl]:
    night_id, ids = open_sample_night(engine)
    return claim(engine, night_id, ids, limit=2)


def _count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def _files(folder: Path) -> list[str]:
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and path.suffix in (".gz", ".wacz", ".part")
    )


def test_content_is_stored_with_its_judgement_and_its_bytes(
    engine: Engine, tmp_path: Path, rows: list[FrontierUrl]
) -> None:
    body = gzip.compress("<p>医</p>".encode(), mtime=0)
    packed = replace(
        exchange(rows[0].url, body), response_headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
    )
    store = open_store(engine, tmp_path / "data")
    store.record(visit(rows[0], exchanges=(packed,)))
    store.close()
    with engine.connect() as connection:
        stored = connection.execute(select(pages)).one()
        tried = connection.execute(select(visits, warc_files.c.path).join(warc_files)).one()
    assert (stored.outcome, stored.flagged, stored.score, stored.title) == ("content", False, 0.1, "示例门诊部")
    assert stored.text == page(rows[0].url).text
    assert stored.published_at == NOW - timedelta(days=3)
    assert stored.contacts[0]["value"] == "000-00001234"
    assert _count(engine, findings) == 2
    whole = (tmp_path / "data" / tried.path).read_bytes()
    part = whole[tried.warc_offset : tried.warc_offset + tried.warc_length]
    responses = [record for record in ArchiveIterator(io.BytesIO(part)) if record.rec_type == "response"]
    assert len(responses) == 1
    assert responses[0].rec_headers["WARC-Target-URI"] == rows[0].url


def test_findings_contacts_and_numbers_are_read_as_they_were(
    engine: Engine, tmp_path: Path, rows: list[FrontierUrl]
) -> None:
    numbers = find_identifiers("登记号：PDY90001X31010412D2152，京ICP备00000000号-1")
    seen = replace(page(rows[0].url), identifiers=numbers)
    store = open_store(engine, tmp_path / "data")
    store.record(visit(rows[0], page=seen))
    store.record(failed_visit(rows[1]))
    store.close()
    with engine.connect() as connection:
        full, empty = connection.execute(select(pages).order_by(pages.c.id)).all()
        found = connection.execute(select(findings).order_by(findings.c.id)).all()
    assert (contacts_of(full), identifiers_of(full)) == (seen.contacts, numbers)
    assert (contacts_of(empty), identifiers_of(empty)) == ((), ())
    assert tuple(map(finding_of, found)) == judgement(False).findings


def test_recording_twice_stores_once(engine: Engine, tmp_path: Path, rows: list[FrontierUrl]) -> None:
    store = open_store(engine, tmp_path / "data")
    other = open_store(engine, tmp_path / "data")
    for flagged, row in zip((False, True), rows, strict=True):
        store.record(visit(row, flagged=flagged))
        store.record(visit(row, flagged=flagged))
        other.record(visit(row, flagged=not flagged))
    store.close()
    other.close()
    assert [_count(engine, table) for table in (pages, visits, bundles)] == [2, 2, 1]
    assert len([name for name in _files(tmp_path / "data") if name.endswith(".wacz")]) == 1
    assert all(report.ok for report in verify_all(engine, tmp_path / "data"))


def test_failures_are_archived_too(engine: Engine, tmp_path: Path, rows: list[FrontierUrl]) -> None:
    store = open_store(engine, tmp_path / "data")
    store.record(failed_visit(rows[0]))
    store.record(failed_visit(rows[1], Outcome.DNS_GONE, exchanges=(), status=None))
    store.close()
    with engine.connect() as connection:
        tries = connection.execute(select(visits.c.outcome, visits.c.warc_length).order_by(visits.c.frontier_id)).all()
        texts = list(connection.scalars(select(pages.c.text)))
    assert [row.outcome for row in tries] == ["http-gone", "dns-gone"]
    assert tries[0].warc_length > 0
    assert tries[1].warc_length is None
    assert texts == [None, None]


def test_a_retry_is_logged_and_waits(engine: Engine, tmp_path: Path, rows: list[FrontierUrl]) -> None:
    store = open_store(engine, tmp_path / "data")
    again_at = NOW + timedelta(minutes=10)
    late = failed_visit(rows[0], Outcome.TIMEOUT, retry_at=again_at, exchanges=())
    store.record(late)
    store.record(late)
    assert (_count(engine, visits), _count(engine, pages)) == (1, 0)
    second = SqlFrontier(engine).claim(rows[0].night_id, [rows[0].target_id], "w1", 5, again_at, LEASE_SECONDS)
    assert [(row.id, row.attempts) for row in second] == [(rows[0].id, 2)]
    store.record(visit(second[0]))
    store.close()
    assert (_count(engine, visits), _count(engine, pages)) == (2, 1)


def test_a_worker_that_lost_its_lease_takes_nothing_away(
    engine: Engine, tmp_path: Path, rows: list[FrontierUrl]
) -> None:
    later = NOW + timedelta(seconds=LEASE_SECONDS)
    taken = SqlFrontier(engine).claim(rows[0].night_id, [rows[0].target_id], "w2", 1, later, LEASE_SECONDS)
    store = open_store(engine, tmp_path / "data")
    store.record(failed_visit(rows[0], retry_at=later + timedelta(days=1), exchanges=()))
    with engine.connect() as connection:
        row = connection.execute(select(frontier).where(frontier.c.id == rows[0].id)).one()
    assert (row.state, row.worker) == ("leased", "w2")
    store.record(visit(taken[0]))
    store.close()
    assert _count(engine, pages) == 1


def test_discovered_links_come_with_their_page(engine: Engine, tmp_path: Path, rows: list[FrontierUrl]) -> None:
    store = open_store(engine, tmp_path / "data")
    found = tuple(Discovered(rows[0].url + path, 1) for path in ("a", "b#x", "b", ""))
    store.record(visit(rows[0], discovered=found))
    store.close()
    progress = night_progress(engine, rows[0].night_id)
    assert (progress.waiting, progress.leased, progress.done) == (2, 1, 1)
    assert progress.outcomes == {Outcome.CONTENT: 1}


def _without(lead: Visit, part: str) -> Visit:
    rendering = lead.rendering
    assert rendering is not None
    match part:
        case "screenshot":
            return replace(lead, rendering=replace(rendering, screenshot_png=b""))
        case "dom":
            return replace(lead, rendering=replace(rendering, dom_html=" "))
        case "browser":
            return replace(lead, rendering=replace(rendering, browser=""))
        case "rendering":
            return replace(lead, rendering=None)
        case "exchanges":
            return replace(lead, exchanges=(), rendering=replace(rendering, exchanges=()))
        case "page":
            return replace(lead, page=None)
        case "quote":
            return replace(lead, page=page(lead.final_url, "别的正文"))
        case "time":
            return replace(lead, exchanges=(replace(lead.exchanges[0], fetched_at=NOW.replace(tzinfo=None)),))
        case "rendering time":
            return replace(lead, rendering=replace(rendering, ended_at=NOW.replace(tzinfo=None)))
        case _:
            return replace(lead, ended_at=lead.started_at - timedelta(seconds=1))


@pytest.mark.parametrize(
    "part",
    ["screenshot", "dom", "browser", "rendering", "exchanges", "page", "quote", "time", "rendering time", "order"],
)
def test_incomplete_evidence_writes_nothing(engine: Engine, tmp_path: Path, rows: list[FrontierUrl], part: str) -> None:
    store = open_store(engine, tmp_path / "data")
    with pytest.raises(EvidenceIncomplete):
        store.record(_without(visit(rows[0], flagged=True), part))
    store.close()
    assert _files(tmp_path / "data") == []
    assert [_count(engine, table) for table in (pages, visits, warc_files)] == [0, 0, 0]


def test_unjudged_content_and_judged_failures_are_refused(
    engine: Engine, tmp_path: Path, rows: list[FrontierUrl]
) -> None:
    store = open_store(engine, tmp_path / "data")
    with pytest.raises(EvidenceIncomplete, match="缺少判定结果"):
        store.record(visit(rows[0], judgement=None))
    with pytest.raises(ValueError, match="only content is judged"):
        store.record(failed_visit(rows[0], judgement=judgement(False)))
    with pytest.raises(KeyError):
        store.record(visit(replace(rows[0], id=999)))
    store.close()


def test_a_store_without_an_operator_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EvidenceIncomplete, match="operator"):
        SqlVisitStore(engine, tmp_path / "data", PROVENANCE | {"operator": " "}, clock, KEY)


def test_a_failed_transaction_leaves_nothing_that_counts(
    engine: Engine, tmp_path: Path, rows: list[FrontierUrl]
) -> None:
    store = open_store(engine, tmp_path / "data")
    store.record(visit(rows[0]))
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE findings RENAME TO elsewhere"))
    with pytest.raises(Exception, match="findings"):
        store.record(visit(rows[1]))
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO findings"))
    store.record(visit(rows[1]))
    store.close()
    repaired = open_store(engine, tmp_path / "data")  # opening cuts back what the failure left
    repaired.close()
    assert all(report.ok for report in verify_all(engine, tmp_path / "data"))
    assert _count(engine, pages) == 2


def test_several_visits_are_stored_as_one_by_one(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=3)
    rows = claim(engine, night_id, ids, limit=7)
    alone, other = open_store(engine, tmp_path / "data"), open_store(engine, tmp_path / "data")
    alone.record(visit(rows[0]))
    found = (Discovered("http://clinic.example/new", 1), Discovered("http://clinic.example/newer", 1))
    together = [
        visit(rows[0]),  # known already: left out
        visit(rows[1], discovered=found),
        visit(rows[2], discovered=found[:1], flagged=True),
        failed_visit(rows[3], exchanges=(), status=None),
        failed_visit(rows[4], retry_at=NOW + timedelta(minutes=5)),
        visit(rows[5], discovered=found),
        visit(rows[5]),
    ]
    alone.record_all(together)
    other.record_all(together)
    alone.close()
    other.close()
    assert all(report.ok for report in verify_all(engine, tmp_path / "data"))
    with engine.connect() as connection:
        outcomes = connection.execute(select(frontier.c.id, frontier.c.outcome).order_by(frontier.c.id)).all()
        named = connection.execute(select(frontier.c.found_on).where(frontier.c.url.contains("/new"))).scalars().all()
        owners = dict(connection.execute(select(pages.c.id, visits.c.frontier_id).join(visits)).all())
    recorded = {rows[number].id for number in (0, 1, 2, 3, 5)}
    assert {row.id for row in outcomes if row.outcome} == recorded
    assert owners == {row_id: row_id for row_id in recorded}
    assert named == [rows[1].id] * 2  # the first to name a URL
    assert [_count(engine, table) for table in (visits, bundles)] == [6, 1]


def test_nothing_is_stored_when_one_of_several_lacks_evidence(
    engine: Engine, tmp_path: Path, rows: list[FrontierUrl]
) -> None:
    store = open_store(engine, tmp_path / "data")
    with pytest.raises(EvidenceIncomplete):
        store.record_all([visit(rows[0]), visit(rows[1], exchanges=())])
    store.close()
    assert [_count(engine, table) for table in (visits, pages)] == [0, 0]


def test_hostile_text_still_verifies(engine: Engine, tmp_path: Path, rows: list[FrontierUrl]) -> None:
    text = "治\0愈率达98%\ud83d，无效退款\U0001f4a5"
    quote = "愈率达98%"
    hostile = judgement(True)
    found = replace(hostile.findings[0], quote=quote, start=2, end=2 + len(quote))
    lead = visit(
        rows[0],
        flagged=True,
        page=replace(page(rows[0].url, text), title="标\0题\udfff"),
        judgement=replace(hostile, findings=(found,), reasons=("\0",)),
    )
    store = open_store(engine, tmp_path / "data")
    store.record(lead)
    store.close()
    reports = verify_all(engine, tmp_path / "data")
    assert [check.message for report in reports for check in report.checks if not check.ok] == []
    assert len(reports) == 2
