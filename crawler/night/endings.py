"""How visits end: with a page read, with a failure, or without a request."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from crawler.addresses.scope import Scope
from crawler.failure import FetchFailed
from crawler.night.computing import ComputingStuck
from crawler.night.in_hand import SET_ASIDE_AFTER
from crawler.night.retries import next_try
from crawler.rendering.render_failure import RenderFailed
from crawler.rendering.showing import ended_at
from crawler.settings import CrawlSettings
from domain.findings import Judgement
from domain.outcome import NOBODY_SHOWS_ZH, SET_ASIDE_ZH, Outcome
from domain.page import Link, Reading
from domain.visits import FrontierUrl, InHand, Rendering, SiteRest, Visit


@dataclass(frozen=True, slots=True)
class Endings:
    """Makes the visits that are put on record, as they stand when the clock is read."""

    settings: CrawlSettings
    clock: Callable[[], datetime]
    in_hand: InHand

    def read(
        self,
        visit: Visit,
        reading: Reading,
        scope: Scope,
        *,
        rendering: Rendering | None = None,
        judgement: Judgement | None = None,
        links: Sequence[Link] = (),
    ) -> Visit:
        """The visit with what was read. `links` are those of a page that was not read again because it has not changed."""
        page = reading.page
        found, skipped = scope.follow(page.links if page is not None else links, visit.frontier.depth)
        return replace(
            visit,
            outcome=reading.outcome,
            outcome_detail=reading.detail,
            ended_at=self.clock(),
            final_url=ended_at(visit, rendering),
            page=page,
            judgement=judgement if page is not None else None,
            rendering=rendering,
            discovered=found,
            skipped=scope.worth_keeping(skipped),
            skip_counts=Counter(link.rule for link in skipped),
        )

    def failed(self, visit: Visit, failure: FetchFailed, asked_seconds: float | None = None) -> Visit:
        """The visit as a failure; nothing of what was read or judged stays in it, only what was received. `asked_seconds` is
        the wait that the server asked for."""
        now = self.clock()
        shown = () if visit.rendering is None else visit.rendering.exchanges
        return replace(
            visit,
            outcome=failure.outcome,
            outcome_detail=failure.detail,
            ended_at=now,
            retry_at=next_try(visit.frontier.tries, asked_seconds, now, self.settings) if failure.again else None,
            page=None,
            judgement=None,
            rendering=None,
            discovered=(),
            asides=(*visit.asides, *shown),
            same_as=None,
            skipped=(),
            skip_counts={},
        )

    def our_fault(self, visit: Visit, detail: str) -> Visit:
        """The visit as a failure of this system, to be tried again while tries are left."""
        return self.failed(visit, FetchFailed(Outcome.OUR_FAULT, detail, again=True))

    def not_shown(self, visit: Visit, failure: RenderFailed) -> Visit:
        """The visit to a page that the browser could not show; set aside when it broke the browser too often."""
        faults = self.in_hand.note_fault(visit.frontier.id) if failure.broke_browser else 0
        return self._at_fault(visit, FetchFailed(failure.outcome, str(failure), again=failure.again), faults)

    def stuck(self, visit: Visit, fault: ComputingStuck) -> Visit:
        """The visit to a page that cannot be read or judged in time; set aside after as many tries as one that breaks the browser.
        Noted with those, since several make their process start anew."""
        failure = FetchFailed(Outcome.OUR_FAULT, str(fault), again=True)
        return self._at_fault(visit, failure, self.in_hand.note_fault(visit.frontier.id))

    def _at_fault(self, visit: Visit, failure: FetchFailed, faults: int) -> Visit:
        if faults < SET_ASIDE_AFTER:
            return self.failed(visit, failure)
        detail = f"{failure.detail}；已 {faults} 次，{SET_ASIDE_ZH}"
        return replace(self.failed(visit, FetchFailed(failure.outcome, detail, again=False)), set_aside=True)

    def to_be_shown(self, visit: Visit, why: str) -> Visit:
        """The visit to a page that is left to a process with a browser: nothing of it is kept."""
        detail = f"须由浏览器显示（{why}），交给能显示网页的进程"
        return replace(self._without(visit, Outcome.UNKNOWN, detail), to_show=why)

    def never_shown(self, visit: Visit, why: str) -> Visit:
        """The visit to a page of which nothing can be told or kept without a browser, while no process has one."""
        detail = f"须由浏览器显示（{why}），{NOBODY_SHOWS_ZH}"
        return replace(self._without(visit, Outcome.OUR_FAULT, detail), unshown=True)

    def _without(self, visit: Visit, outcome: Outcome, detail: str) -> Visit:
        return self.failed(visit, FetchFailed(outcome, detail, again=False))

    def resting(self, row: FrontierUrl, rest: SiteRest) -> Visit:
        """A URL that is not asked for, because its site is to be left alone for longer than the night may wait."""
        until = rest.until.astimezone(UTC)
        detail = f"该站要求暂缓访问（{rest.reason}），{until:%Y-%m-%d %H:%M}（UTC）之前不再访问"
        return self._unasked(row, Outcome.HTTP_ERROR, detail)

    def set_aside(self, row: FrontierUrl, broken_off: int) -> Visit:
        """A URL that is not visited any more this night, because visits to it kept breaking the crawl."""
        detail = f"访问该页时采集进程或浏览器已 {broken_off} 次中止，{SET_ASIDE_ZH}"
        return replace(self._unasked(row, Outcome.OUR_FAULT, detail), set_aside=True)

    def _unasked(self, row: FrontierUrl, outcome: Outcome, detail: str) -> Visit:
        now = self.clock()
        return Visit(row, outcome, detail, now, now, row.url, None)
