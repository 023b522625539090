"""The evidence of one look at a referred page in one file, gone or not: built from what the night file holds of the visit, record by record.

Made when the recheck ends, since only then it is known what the look says; nothing is taken from memory, so that an interrupted
recheck makes the same of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.evidence import EvidenceIncomplete
from storage.archive.cdxj import build_index
from storage.archive.warc import Record, resource_record, warc_uri, warcinfo_record
from storage.archive.warc_reading import StoredRecord, read_back
from storage.canonical import canonical_json, canonical_zip
from storage.columns import storable_text
from storage.evidence.package import (
    CDX,
    DATAPACKAGE,
    DIGEST,
    IDX,
    LOOK,
    MANIFEST,
    PAGES,
    PROVENANCE,
    TEXT,
    WARC,
    datapackage_of,
    digest_of,
    manifest_of,
    sign_datapackage,
)
from storage.evidence.provenance import both_clocks
from storage.evidence.visit_sheet import FORMAT as SHEET_FORMAT
from storage.sealing.seal_key import SealKey

LOOK_URI = "urn:look:"
_LOOK_TYPE = "application/json"
_OF_AN_ATTEMPT = ("attempt", "outcome", "detail", "http_status", "started_at", "ended_at", "tried_again_at")


@dataclass(frozen=True, slots=True)
class ArchivedVisit:
    """All tries of a visit as the night file holds them, with their sheets, the one that ended it last."""

    records: tuple[StoredRecord, ...]
    sheets: tuple[Mapping[str, Any], ...]

    @property
    def sheet(self) -> Mapping[str, Any]:
        return self.sheets[-1]


def read_visit(slices: Sequence[bytes]) -> ArchivedVisit:
    """From the slices of the tries in order. Raises EvidenceIncomplete when a try has left no sheet or cannot be read."""
    records: list[StoredRecord] = []
    sheets: list[Mapping[str, Any]] = []
    for data in slices:
        try:
            some = tuple(read_back(data))
            found = [json.loads(each.block) for each in some if each.record.type == "metadata"]
        except (ValueError, LookupError) as fault:
            raise EvidenceIncomplete(f"存档记录无法读出（{fault}）") from fault
        of_visits = [sheet for sheet in found if sheet.get("format") == SHEET_FORMAT]
        if len(of_visits) != 1:
            raise EvidenceIncomplete("存档中没有这次访问的情况记录")
        records += some
        sheets += of_visits
    if not sheets:
        raise EvidenceIncomplete("没有这次访问的存档")
    return ArchivedVisit(tuple(records), tuple(sheets))


def build_look_bundle(
    visit: ArchivedVisit, look: Mapping[str, Any], title: str, text: str, created_at: datetime, key: SealKey
) -> bytes:
    """The signed bundle. `look` is from `storage.takedowns.look_record`, `text` the page's, empty where it had none to read."""
    system: Mapping[str, str] = visit.sheet["system"]
    software = f"{system['tool']}/{system['tool_version']}"
    document = canonical_json(look)
    looked_at = datetime.fromisoformat(look["looked_at"]["utc"])
    info = warcinfo_record(created_at, {"software": software, "operator": system["operator"]})
    view = resource_record(LOOK_URI + warc_uri(look["url"]), looked_at, _LOOK_TYPE, document)
    records: list[Record] = [info, *(each.record for each in visit.records), view]
    index = build_index(records, WARC.rpartition("/")[2])
    members = {WARC: b"".join(record.data for record in records), CDX: index.cdx_gz, IDX: index.idx}
    members[PAGES] = _pages_jsonl(look, title, text, view.target_uri)
    members[TEXT] = storable_text(text).encode()
    members[LOOK] = document
    members[PROVENANCE] = canonical_json(_provenance(visit, created_at))
    members[MANIFEST] = manifest_of(members)
    members[DATAPACKAGE] = datapackage_of(members, title or look["url"], _start(look, view.target_uri), created_at)
    members[DIGEST] = digest_of(sign_datapackage(members[DATAPACKAGE], created_at, software, key))
    return canonical_zip(members)


def _start(look: Mapping[str, Any], view: str) -> str:
    """What a viewer opens: the last response of the page, and what is written about the look where nothing answered."""
    return str(look["response"]["url"]) if look["response"] else view


def _pages_jsonl(look: Mapping[str, Any], title: str, text: str, view: str) -> bytes:
    header = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    entry = {
        "id": f"{look['night_id']}-{look['page']}",
        "url": _start(look, view),
        "ts": look["response"]["fetched_at"] if look["response"] else look["looked_at"]["utc"],
        "title": title or look["url"],
        "text": text,
    }
    return canonical_json(header) + canonical_json(entry)


def _provenance(visit: ArchivedVisit, created_at: datetime) -> dict[str, Any]:
    """The sheet of the try that ended the visit, and in short those before it."""
    return {
        **visit.sheet,
        "bundled_at": both_clocks(created_at),
        "attempts": [{name: sheet[name] for name in _OF_AN_ATTEMPT} for sheet in visit.sheets],
    }
