"""The evidence of one lead in one file: a WACZ 1.1.1 package that replay tools open and `verify_bundle` checks.

Chain of digests: `datapackage-digest.json` holds the SHA-256 of `datapackage.json`, this those of every other member
and so that of `evidence/manifest.json`, which lists the same members for people. WACZ wants every file listed in the
data package, so the manifest cannot list the data package in turn.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from domain.evidence import EvidenceIncomplete
from domain.findings import Judgement
from domain.page import Exchange, ExtractedPage
from domain.visits import Rendering, Visit
from storage.canonical import canonical_json, canonical_zip
from storage.cdxj import build_index
from storage.columns import storable_text
from storage.completeness import is_lead, require_complete, require_provenance
from storage.warc import records_of, resource_record, warc_date, warc_uri, warcinfo_record
from storage.warc_file import sync_folder

WARC = "archive/data.warc.gz"
CDX = "indexes/index.cdx.gz"
IDX = "indexes/index.idx"
PAGES = "pages/pages.jsonl"
SCREENSHOT = "evidence/screenshot.png"
DOM = "evidence/rendered.html"
TEXT = "evidence/text.txt"
FINDINGS = "evidence/findings.json"
PROVENANCE = "evidence/provenance.json"
MANIFEST = "evidence/manifest.json"
DATAPACKAGE = "datapackage.json"
DIGEST = "datapackage-digest.json"
MEMBERS = (WARC, CDX, IDX, PAGES, SCREENSHOT, DOM, TEXT, FINDINGS, PROVENANCE, MANIFEST, DATAPACKAGE, DIGEST)

SCREENSHOT_URI = "urn:view:"
_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class StoredBundle:
    """Where a bundle lies, relative to the data folder, and the digest that names it."""

    path: str
    sha256: str
    bytes: int


def build_bundle(visit: Visit, provenance: Mapping[str, str], created_at: datetime) -> bytes:
    """The bundle of a flagged visit. Raises EvidenceIncomplete when a part is missing, ValueError when not flagged."""
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
    members[FINDINGS] = canonical_json(_findings(page, judgement))
    members[PROVENANCE] = canonical_json(_provenance(visit, judgement, rendering, provenance, created_at))
    members[MANIFEST] = manifest_of(members)
    members[DATAPACKAGE] = datapackage_of(members, page.title, warc_uri(rendering.final_url), created_at)
    members[DIGEST] = digest_of(members[DATAPACKAGE])
    return canonical_zip(members)


def write_bundle(folder: Path, night_id: str, data: bytes) -> StoredBundle:
    """Put a bundle on disk under its own digest: whole under its name, or not there at all."""
    sha256 = hashlib.sha256(data).hexdigest()
    relative = f"evidence/{night_id}/{sha256}.wacz"
    target = folder / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    sync_folder(target.parent)
    return StoredBundle(relative, sha256, len(data))


def manifest_of(members: Mapping[str, bytes]) -> bytes:
    """The list of members with size and digest (法发〔2016〕22号 14 asks for such a list)."""
    listed = [name for name in members if name not in (MANIFEST, DATAPACKAGE, DIGEST)]
    return canonical_json({"algorithm": "sha256", "files": [_entry(name, members[name]) for name in sorted(listed)]})


def datapackage_of(members: Mapping[str, bytes], title: str, main_url: str, created_at: datetime) -> bytes:
    """The data package description that WACZ asks for."""
    resources = [
        {"name": name.rpartition("/")[2], "path": name, "hash": f"sha256:{_sha256(body)}", "bytes": len(body)}
        for name, body in sorted(members.items())
        if name not in (DATAPACKAGE, DIGEST)
    ]
    return canonical_json(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": title,
            "created": warc_date(created_at),
            "mainPageUrl": main_url,
            "resources": resources,
        }
    )


def digest_of(datapackage: bytes) -> bytes:
    """The single digest from which everything else can be checked."""
    return canonical_json({"path": DATAPACKAGE, "hash": f"sha256:{_sha256(datapackage)}"})


def _entry(name: str, body: bytes) -> dict[str, Any]:
    return {"name": name, "bytes": len(body), "sha256": _sha256(body)}


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


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
    records = [info, *records_of((*visit.exchanges, *rendering.exchanges)), view]
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


def _findings(page: ExtractedPage, judgement: Judgement) -> dict[str, Any]:
    """The judgement and what was read out of the page; every start and end is a code point into text.txt."""
    read = asdict(page)
    del read["text"], read["links"], read["images"]
    read["published_at"] = None if page.published_at is None else warc_date(page.published_at)
    return {
        "judgement": asdict(judgement),
        "page": read,
        "text_sha256": _sha256(storable_text(page.text).encode()),
    }


def _provenance(
    visit: Visit, judgement: Judgement, rendering: Rendering, provenance: Mapping[str, str], created_at: datetime
) -> dict[str, Any]:
    exchanges = (*visit.exchanges, *rendering.exchanges)
    return {
        "system": dict(provenance),
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "url": visit.frontier.url,
        "final_url": visit.final_url,
        "http_status": visit.status,
        "attempt": visit.frontier.attempts,
        "robots": visit.robots,
        "started_at": _both_clocks(visit.started_at),
        "ended_at": _both_clocks(visit.ended_at),
        "bundled_at": _both_clocks(created_at),
        "time_zone": "Asia/Shanghai (UTC+08:00)",
        "rules_sha256": judgement.rules_sha256,
        "model_sha256": judgement.model_sha256,
        "browser": {
            "name": rendering.browser,
            "user_agent": rendering.user_agent,
            "viewport": list(rendering.viewport),
            "final_url": rendering.final_url,
            "title": rendering.title,
            "started_at": _both_clocks(rendering.started_at),
            "ended_at": _both_clocks(rendering.ended_at),
        },
        "server_ips": sorted({exchange.ip for exchange in exchanges if exchange.ip}),
        "redirects": _redirects(visit.exchanges),
        "exchanges": len(dict.fromkeys(exchanges)),
        "not_captured": [{"url": url, "reason": reason} for url, reason in rendering.not_captured],
    }


def _redirects(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    return [
        {"url": exchange.url, "status": exchange.status, "location": value}
        for exchange in exchanges
        for name, value in exchange.response_headers
        if 300 <= exchange.status < 400 and name.lower() == "location"
    ]


def _both_clocks(moment: datetime) -> dict[str, str]:
    return {"utc": warc_date(moment), "beijing": moment.astimezone(_BEIJING).isoformat()}
