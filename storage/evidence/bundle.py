"""The evidence of one lead in one file: a WACZ 1.1.1 package that replay tools open and `verify_bundle` checks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.evidence import EvidenceIncomplete
from domain.findings import Judgement
from domain.page import Exchange, ExtractedPage
from domain.visits import Rendering, Visit
from storage.archive.cdxj import build_index
from storage.archive.warc import records_of, resource_record, warc_date, warc_uri, warcinfo_record
from storage.canonical import canonical_json, canonical_zip
from storage.columns import storable_text
from storage.digests import sha256_hex, sm3_hex
from storage.durable_file import write_whole
from storage.evidence.completeness import is_lead, require_complete, require_provenance
from storage.evidence.package import (
    CDX,
    DATAPACKAGE,
    DIGEST,
    DOM,
    FINDINGS,
    IDX,
    MANIFEST,
    PAGES,
    PROVENANCE,
    SCREENSHOT,
    TEXT,
    WARC,
    datapackage_of,
    digest_of,
    manifest_of,
    sign_datapackage,
)
from storage.evidence.provenance import provenance_of
from storage.sealing.seal_key import SealKey

SCREENSHOT_URI = "urn:view:"


@dataclass(frozen=True, slots=True)
class StoredBundle:
    """Where a bundle lies, relative to the data folder, its digests and size; the SHA-256 names it."""

    path: str
    sha256: str
    sm3: str
    bytes: int


def build_bundle(visit: Visit, provenance: Mapping[str, str], created_at: datetime, key: SealKey) -> bytes:
    """The signed bundle of a flagged visit. Raises EvidenceIncomplete when a part is missing, ValueError when not flagged."""
    if not is_lead(visit):
        raise ValueError("only a flagged page has an evidence bundle")
    require_complete(visit)
    require_provenance(provenance)
    page, judgement, rendering = visit.page, visit.judgement, visit.rendering
    if page is None or judgement is None or rendering is None:
        raise EvidenceIncomplete(visit.frontier.url)
    members = _archive_members(visit, rendering, provenance, created_at)
    members[PAGES] = _pages_jsonl(visit, page, rendering)
    members[SCREENSHOT] = rendering.screenshot_png
    members[DOM] = storable_text(rendering.dom_html).encode()
    members[TEXT] = storable_text(page.text).encode()
    members[FINDINGS] = canonical_json(_findings(page, judgement, rendering))
    members[PROVENANCE] = canonical_json(provenance_of(visit, judgement, rendering, provenance, created_at))
    members[MANIFEST] = manifest_of(members)
    members[DATAPACKAGE] = datapackage_of(members, page.title, warc_uri(rendering.final_url), created_at)
    software = f"{provenance['tool']}/{provenance['tool_version']}"
    members[DIGEST] = digest_of(sign_datapackage(members[DATAPACKAGE], created_at, software, key))
    return canonical_zip(members)


def write_bundle(folder: Path, night_id: str, data: bytes) -> StoredBundle:
    """Put a bundle on disk under its own digest: whole under its name, or not there at all."""
    sha256 = sha256_hex(data)
    relative = f"evidence/{night_id}/{sha256}.wacz"
    write_whole(folder / relative, data)
    return StoredBundle(relative, sha256, sm3_hex(data), len(data))


def _archive_members(
    visit: Visit, rendering: Rendering, provenance: Mapping[str, str], created_at: datetime
) -> dict[str, bytes]:
    info = warcinfo_record(
        created_at,
        {"software": f"{provenance['tool']}/{provenance['tool_version']}", "operator": provenance["operator"]},
    )
    view = resource_record(
        SCREENSHOT_URI + warc_uri(rendering.final_url), rendering.ended_at, "image/png", rendering.screenshot_png
    )
    records = [info, *records_of((*visit.exchanges, *rendering.exchanges, *visit.picture_exchanges)), view]
    index = build_index(records, WARC.rpartition("/")[2])
    return {WARC: b"".join(record.data for record in records), CDX: index.cdx_gz, IDX: index.idx}


def _pages_jsonl(visit: Visit, page: ExtractedPage, rendering: Rendering) -> bytes:
    main = main_exchange(visit, rendering)
    entry = {
        "id": f"{visit.frontier.night_id}-{visit.frontier.id}",
        "url": warc_uri(main.url),
        "ts": warc_date(main.fetched_at),
        "title": page.title or rendering.title,
        "text": page.text,
    }
    header = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    return canonical_json(header) + canonical_json(entry)


def main_exchange(visit: Visit, rendering: Rendering) -> Exchange:
    """The exchange that a replay starts from: the last that answered for where the page ended, by either engine."""
    exchanges = (*visit.exchanges, *rendering.exchanges)
    for final_url in (rendering.final_url, visit.final_url):
        ended_on = [item for item in exchanges if item.url.partition("#")[0] == final_url.partition("#")[0]]
        if ended_on:
            return ended_on[-1]
    return (visit.exchanges or rendering.exchanges)[-1]


def _findings(page: ExtractedPage, judgement: Judgement, rendering: Rendering) -> dict[str, Any]:
    """The judgement and what was read out of the page; every start and end is a code point into text.txt.

    `places` says where on the screenshot, in its pixels, the quotes stand; `shown` where each piece of text stands, by
    which copies that circulate are blacked out: text, left, top, width, height, and the paragraph by number.
    """
    read = asdict(page)
    del read["text"], read["links"], read["images"]
    read["published_at"] = None if page.published_at is None else warc_date(page.published_at)
    return {
        "judgement": asdict(judgement),
        "page": read,
        "places": [asdict(place) for place in rendering.places],
        "shown": [[piece.text, *piece.box, piece.block] for piece in rendering.shown],
        "text_sha256": sha256_hex(storable_text(page.text).encode()),
    }
