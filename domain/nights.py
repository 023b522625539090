"""What one night did: the figures of the summary, per target and in all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.outcome import SAY_NOTHING, Outcome

#: Fewer pages than this share of a target's usual number mean that something broke, whatever its minimum says.
FEW_SHARE = 0.2
#: More than this share of pages without a title or of next to no text mean that reading broke ...
BLANK_SHARE = 0.5
#: ... where there are so many pages that it is no accident.
BLANK_MIN_PAGES = 10


class NightKind(StrEnum):
    """A night visits targets as a whole; a recheck visits single pages that were referred, and is no night to compare with."""

    NIGHT = "night"
    RECHECK = "recheck"


class NightState(StrEnum):
    """`open` while it runs or after it was broken off; `paused` when its hours were over before its URLs were."""

    OPEN = "open"
    PAUSED = "paused"
    FINISHED = "finished"


def nth_of_day(night_id: str) -> int:
    """Which night of its day it is, from 1: 2 for `2026-11-27-2`, which began when the first of that day had ended. 1 for rechecks."""
    found = re.fullmatch(r"\d{4}-\d\d-\d\d-(\d+)", night_id)  # sample: 2026-11-27-2
    return int(found[1]) if found else 1


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target in one night. `content_pages` counts finished URLs of outcome `content`; `waiting` those not finished.

    `surplus` counts URLs found but never tried because `max_pages` was spent; they are not waiting.
    `failures` are (url, outcome, detail) of URLs that ended in anything but content, at most 20 of them, those
    set aside first, then oldest first; `set_aside` are (url, detail) of those that kept breaking the crawl, at most 20
    of the `set_aside_pages` there were.
    `usual_pages` is the median of `content_pages` over the target's last finished nights, None while there are too few of
    them; `previous_pages` and `previous_leads` are of the one before, None when there was none. `empty_titles` and
    `empty_texts` count content pages without a title or of next to no text.
    """

    target_id: int
    name: str
    url: str
    min_pages: int
    content_pages: int
    leads: int
    waiting: int
    outcomes: Mapping[Outcome, int]
    failures: tuple[tuple[str, Outcome, str], ...] = ()
    surplus: int = 0
    usual_pages: float | None = None
    previous_pages: int | None = None
    previous_leads: int | None = None
    empty_titles: int = 0
    empty_texts: int = 0
    set_aside: tuple[tuple[str, str], ...] = ()
    set_aside_pages: int = 0

    @property
    def few(self) -> bool:
        """Far fewer pages than usual."""
        return self.usual_pages is not None and self.content_pages < self.usual_pages * FEW_SHARE

    @property
    def blank(self) -> bool:
        """Most pages lack a title or a text."""
        enough = self.content_pages >= BLANK_MIN_PAGES
        return enough and max(self.empty_titles, self.empty_texts) > self.content_pages * BLANK_SHARE

    @property
    def unseen(self) -> bool:
        """Nothing is known of it after the night: none of its pages was tried, or none could be had, for whatever reason."""
        return self.content_pages == 0 and not any(
            count for outcome, count in self.outcomes.items() if outcome not in SAY_NOTHING
        )

    @property
    def healthy(self) -> bool:
        """A night is healthy for a target when it gave at least its minimum of pages, not far fewer than usual, most of
        them with title and text, nothing is left waiting, and something is known of it: a minimum of nought allows a page that is gone or
        that robots.txt forbids, not one that could not be had."""
        enough = self.content_pages >= self.min_pages and not self.few and not self.unseen
        return enough and self.waiting == 0 and not self.blank


@dataclass(frozen=True, slots=True)
class EvidenceCare:
    """What the end of a night did for the evidence of all nights.

    `records` are acts on evidence (holds, deletions, openings ...) that were checked, `rechecked` files of earlier nights that were
    checked again, `unreached` those for which there was no time; the longest unchecked of these was last checked at
    `oldest_check_at`, None for never. `store` is where the second copy goes, empty when none is kept; `sent`, `present` and
    `removed` count its files, `copy_faults` says in Chinese why it is not complete.
    """

    records: int
    rechecked: int
    unreached: int
    oldest_check_at: datetime | None
    store: str = ""
    sent: int = 0
    present: int = 0
    removed: int = 0
    copy_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NightSummary:
    """The whole night. `families` counts lead pages per family of their live findings. `ended_at` is None while it runs.

    `bundles_verified`/`bundles_failed` count evidence bundles checked at the end of the night. `previous_night` is the
    finished night before, None for the first; `missed_dates` are the dates (Beijing, ISO) between the two without one.
    `paused_at` is None unless the night is paused; `resumed_dates` are those (Beijing, ISO) on which it was taken up again
    after a pause, oldest first. `care` is None until the night was closed once. `to_show` of the waiting URLs wait for a process
    with a browser; `unshown` counts pages that a browser was to look at, and `unread_pictures` pictures that were to be read, while
    no process could.
    """

    night_id: str
    started_at: datetime
    ended_at: datetime | None
    targets: tuple[TargetResult, ...]
    families: Mapping[str, int]
    bundles_verified: int = 0
    bundles_failed: tuple[str, ...] = ()
    previous_night: str | None = None
    missed_dates: tuple[str, ...] = ()
    paused_at: datetime | None = None
    resumed_dates: tuple[str, ...] = ()
    care: EvidenceCare | None = None
    to_show: int = 0
    unshown: int = 0
    unread_pictures: int = 0

    @property
    def state(self) -> NightState:
        if self.ended_at is not None:
            return NightState.FINISHED
        return NightState.OPEN if self.paused_at is None else NightState.PAUSED

    @property
    def waiting(self) -> int:
        """URLs still to visit."""
        return sum(target.waiting for target in self.targets)

    @property
    def content_pages(self) -> int:
        return sum(target.content_pages for target in self.targets)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        total: dict[Outcome, int] = {}
        for target in self.targets:
            for outcome, count in target.outcomes.items():
                total[outcome] = total.get(outcome, 0) + count
        return total

    @property
    def leads(self) -> int:
        return sum(target.leads for target in self.targets)

    @property
    def healthy(self) -> bool:
        """Zero is a failure: a night without targets or without a page of content is not healthy either.

        What a paused night has too little of may yet come, so only its evidence counts.
        """
        evidence_sound = not self.bundles_failed and (self.care is None or not self.care.copy_faults)
        if self.state is NightState.PAUSED:
            return evidence_sound
        able = self.unshown == 0 and self.unread_pictures == 0
        return self.content_pages > 0 and all(target.healthy for target in self.targets) and evidence_sound and able


@dataclass(frozen=True, slots=True)
class Case:
    """One flagged page as `yiguang cases` shows it. `bundle` is the path of its evidence, relative to the data folder."""

    id: int
    night_id: str
    target: str
    url: str
    title: str
    score: float
    families: tuple[str, ...]
    captured_at: datetime
    bundle: str
    bundle_sha256: str
