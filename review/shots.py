"""What the evidence of an item shows: the screenshot, and where on it the findings' wording stands.

Read for looking at, without checking seals: `storage.checking.verify` does that. The bytes were captured from a hostile page, so whoever
shows them decodes them anew.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from domain.places import QuotePlace
from storage.evidence.package import FINDINGS, SCREENSHOT

_MAX_MEMBER_BYTES = 64 << 20


class EvidenceUnreadable(Exception):
    """The bundle is not there, or not as it was written; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class ShotPlaces:
    """`member` is the screenshot's name in the bundle; `places` are in its pixels, in the order of the bundle."""

    member: str
    places: tuple[QuotePlace, ...]


def shot_places(folder: Path, bundle: str) -> ShotPlaces:
    """Where quotes stand on the screenshot. `bundle` is relative to the data folder. Raises EvidenceUnreadable."""
    try:
        data = json.loads(_member(folder, bundle, FINDINGS))
        places = tuple(
            QuotePlace(
                str(place["quote"]),
                tuple((float(box[0]), float(box[1]), float(box[2]), float(box[3])) for box in place["boxes"]),
                str(place.get("fault", "")),
            )
            for place in data.get("places", ())
        )
    except (ValueError, LookupError, TypeError, RecursionError) as fault:
        raise EvidenceUnreadable(f"证据包 {bundle} 的判定记录无法解析") from fault
    return ShotPlaces(SCREENSHOT, places)


def screenshot(folder: Path, bundle: str) -> bytes:
    """The screenshot as captured, PNG. Raises EvidenceUnreadable."""
    return _member(folder, bundle, SCREENSHOT)


def _member(folder: Path, bundle: str, name: str) -> bytes:
    try:
        with zipfile.ZipFile(folder / bundle) as archive:
            if archive.getinfo(name).file_size > _MAX_MEMBER_BYTES:
                raise EvidenceUnreadable(f"证据包 {bundle} 中的 {name} 过大")
            return archive.read(name)
    except (OSError, KeyError, zipfile.BadZipFile) as fault:
        raise EvidenceUnreadable(f"证据包 {bundle} 无法读取") from fault
