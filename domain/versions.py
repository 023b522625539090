"""What a page said from night to night: which of its texts count as versions, and what differs between two."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*[”’」』）]*")  # 本院设有门诊。
_TIMES_OF_A_ROTATION = 3


class VersionState(StrEnum):
    """`first` was there when the page was first read. A later text is `confirmed` once it was seen twice running, and
    `unconfirmed` until then. `rotating` comes and goes, as banners do: never a change."""

    FIRST = "first"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    ROTATING = "rotating"


VERSION_STATE_ZH = {
    VersionState.FIRST: "最初版本",
    VersionState.CONFIRMED: "已确认的改动",
    VersionState.UNCONFIRMED: "待确认（只见到一次）",
    VersionState.ROTATING: "轮换内容（不算改动）",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A page's text as one visit saw it. `page_id` is that visit's page."""

    page_id: int
    digest: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class PageVersion:
    """One text of a page. `page_id` is the page of its first sighting, which has the text."""

    digest: str
    state: VersionState
    first_seen: datetime
    last_seen: datetime
    sightings: int
    page_id: int


@dataclass(frozen=True, slots=True)
class TextChange:
    """Sentences that went (`removed`) and came (`added`) at one place."""

    removed: tuple[str, ...]
    added: tuple[str, ...]


def page_versions(sightings: Iterable[Sighting]) -> tuple[PageVersion, ...]:
    """The texts of one page in order of first sight, from sightings in order of time."""
    ordered = tuple(sightings)
    runs = [(digest, tuple(run)) for digest, run in groupby(ordered, key=lambda sighting: sighting.digest)]
    by_digest: dict[str, list[Sighting]] = {}
    for sighting in ordered:
        by_digest.setdefault(sighting.digest, []).append(sighting)
    sequence = [(digest, len(run)) for digest, run in runs]
    return tuple(
        PageVersion(digest, _state(digest, sequence), seen[0].seen_at, seen[-1].seen_at, len(seen), seen[0].page_id)
        for digest, seen in by_digest.items()
    )


def _state(digest: str, runs: Sequence[tuple[str, int]]) -> VersionState:
    """`runs` are texts and how often each was seen in a row."""
    if runs[0][0] == digest:
        return VersionState.FIRST
    # What was seen once, last, may stay: it does not tell yet.
    mine = [
        place for place, (seen, times) in enumerate(runs) if seen == digest and (times > 1 or place < len(runs) - 1)
    ]
    if not mine:
        return VersionState.ROTATING if sum(seen == digest for seen, _ in runs) > 1 else VersionState.UNCONFIRMED
    brief = any(runs[place][1] == 1 for place in mine)
    if len(mine) >= _TIMES_OF_A_ROTATION or (len(mine) > 1 and brief):
        return VersionState.ROTATING
    if not brief:
        return VersionState.CONFIRMED
    before = {seen for seen, _ in runs[: mine[0]]}
    return VersionState.ROTATING if runs[mine[0] + 1][0] in before else VersionState.UNCONFIRMED


def sentences(text: str) -> list[str]:
    """The sentences of a text without the blanks around them."""
    return [sentence for match in _SENTENCE.finditer(text) if (sentence := match.group().strip())]


def text_changes(before: str, after: str) -> tuple[TextChange, ...]:
    """What differs between two texts, by sentence, in order of the text."""
    old, new = sentences(before), sentences(after)
    return tuple(
        TextChange(tuple(old[a:b]), tuple(new[c:d]))
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    )
