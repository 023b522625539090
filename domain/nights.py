"""What one night did: the figures of the summary, per target and in all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target in one night. `content_pages` counts finished URLs of outcome `content`; `waiting` those not finished.

    `surplus` counts URLs found but never tried because `max_pages` was spent; they are not waiting.
    `failures` are (url, outcome, detail) of URLs that ended in anything but content, at most 20 of them, oldest first.
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

    @property
    def healthy(self) -> bool:
        """A night is healthy for a target when it gave at least its minimum of pages and nothing is left waiting."""
        return self.content_pages >= self.min_pages and self.waiting == 0


@dataclass(frozen=True, slots=True)
class NightSummary:
    """The whole night. `families` counts lead pages per family of their live findings. `ended_at` is None while it runs.

    `bundles_verified`/`bundles_failed` count evidence bundles checked at the end of the night.
    """

    night_id: str
    started_at: datetime
    ended_at: datetime | None
    targets: tuple[TargetResult, ...]
    families: Mapping[str, int]
    bundles_verified: int = 0
    bundles_failed: tuple[str, ...] = ()

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
        """Zero is a failure: a night without targets is not healthy either."""
        return bool(self.targets) and all(target.healthy for target in self.targets) and not self.bundles_failed


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
