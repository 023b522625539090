"""What a bundle costs besides the browser's work: the visit is put together again from a bundle, made into one anew and written."""

import io
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from domain.findings import Finding, Judgement
from domain.outcome import Outcome
from domain.page import Exchange, ExtractedPage
from domain.places import QuotePlace
from domain.shown_text import ShownText
from domain.visits import FrontierUrl, Rendering, Visit
from storage.canonical import read_canonical_zip
from storage.evidence.bundle import build_bundle, write_bundle
from storage.evidence.package import DOM, FINDINGS, PAGES, PROVENANCE, SCREENSHOT, TEXT, WARC
from storage.sealing.seal_key import SealKey


def seal_seconds(bundle: bytes) -> float:
    """CPU seconds of this process for making, signing and writing a bundle of the same content."""
    visit, provenance = visit_of(bundle)
    key = SealKey.generate()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        write_bundle(Path(folder), visit.frontier.night_id, build_bundle(visit, provenance, visit.ended_at, key))
        return time.process_time() - began


def visit_of(bundle: bytes) -> tuple[Visit, dict[str, str]]:
    """The visit as far as its bundle tells, and what the process said of itself. What was read of contacts is left out."""
    members = read_canonical_zip(bundle)
    about, said = json.loads(members[PROVENANCE]), json.loads(members[FINDINGS])
    text = members[TEXT].decode()
    browser = about["browser"]
    rendering = Rendering(
        screenshot_png=members[SCREENSHOT],
        dom_html=members[DOM].decode(),
        final_url=browser["final_url"],
        title=browser["title"],
        browser=browser["name"],
        user_agent=browser["user_agent"],
        viewport=tuple(browser["viewport"]),
        started_at=_moment(browser["started_at"]),
        ended_at=_moment(browser["ended_at"]),
        exchanges=tuple(_exchanges(members[WARC])),
        places=tuple(
            QuotePlace(item["quote"], tuple(map(tuple, item["boxes"])), item["fault"]) for item in said["places"]
        ),
        shown=tuple(ShownText(item[0], tuple(item[1:5]), item[5]) for item in said.get("shown", [])),
    )
    title = json.loads(members[PAGES].splitlines()[1])["title"]
    visit = Visit(
        frontier=FrontierUrl(1, about["night_id"], about["target_id"], about["url"], 0, about["attempt"]),
        outcome=Outcome.CONTENT,
        outcome_detail="",
        started_at=_moment(about["started_at"]),
        ended_at=_moment(about["ended_at"]),
        final_url=about["final_url"],
        status=about["http_status"],
        page=ExtractedPage(about["final_url"], title, text, "utf-8"),
        judgement=_judgement(said["judgement"]),
        rendering=rendering,
        robots=about["robots"],
    )
    return visit, about["system"]


def _judgement(said: dict[str, Any]) -> Judgement:
    findings = tuple(
        Finding(**{**item, "basis": tuple(item["basis"]), "gates": tuple(item["gates"])}) for item in said["findings"]
    )
    lists = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    return Judgement(**{**said, **lists, "findings": findings})


def _exchanges(warc: bytes) -> Iterator[Exchange]:
    """The exchanges of responses; what was sent is left out, which is a few hundred bytes each."""
    for record in ArchiveIterator(io.BytesIO(warc)):
        if record.rec_type == "response":
            yield Exchange(
                url=record.rec_headers.get_header("WARC-Target-URI"),
                method="GET",
                request_headers=(),
                status=int(record.http_headers.get_statuscode()),
                reason="",
                response_headers=tuple(record.http_headers.headers),
                body=record.raw_stream.read(),
                fetched_at=datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")).astimezone(UTC),
            )


def _moment(both: dict[str, str]) -> datetime:
    return datetime.fromisoformat(both["utc"])
