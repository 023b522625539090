"""Which pages a browser looks at and how much it does for them, by what that was worth at their sites before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crawler.addresses.urls import host_of, site_of
from crawler.pages.page_text import Patience
from crawler.pages.shell import is_script_shell
from crawler.rendering.ways import Ways
from crawler.unfolding_words import Unfolding
from domain.outcome import Outcome
from domain.page import Reading
from domain.site_trials import ActionKind, Rung, SiteTrial
from domain.targets import RenderMode
from domain.visits import CrawlMemory, Rendering

#: After so many tries in a row that brought nothing a rung is left out at a site ...
_FRUITLESS_TRIES = 3
#: ... but tried again about once a night, since sites are rebuilt.
_TRIED_AGAIN_AFTER = timedelta(hours=20)
#: Fewer characters more are a date or a counter.
_MIN_BROUGHT_CHARACTERS = 40
#: Where scripts are known to build pages, a page that says no more than this may still be waiting for them.
_THIN_BODY_CHARACTERS = 400

ASKED_FOR, SHELL, THIN, FOLDED, LEAD = (
    "目标设定为一律用浏览器显示",
    "页面主要靠脚本显示",
    "本站页面靠脚本显示，此页正文很少",
    "页面有折叠的内容",
    "线索页取证",
)

#: Reasons to show a page that is content as it was sent, too.
SAYS_ENOUGH = frozenset({THIN, FOLDED})


@dataclass(slots=True)
class Ladder:
    """What a run knows of sites; every change is remembered at once. `stored` runs a blocking call of the memory."""

    memory: CrawlMemory
    stored: Callable[..., Awaitable[Any]]
    unfolding: Unfolding
    clock: Callable[[], datetime]
    _trials: dict[tuple[str, Rung], SiteTrial] = field(default_factory=dict)

    async def load(self) -> None:
        """Take over what earlier nights found out."""
        self._trials = {(trial.site, trial.rung): trial for trial in await self.stored(self.memory.trials)}

    def why_shown(self, mode: RenderMode, url: str, reading: Reading, body: bytes) -> str:
        """Why (in Chinese) a browser is to look at a page that was fetched; empty when it is read as sent."""
        if mode is RenderMode.NEVER:
            return ""
        is_shell = is_script_shell(reading, body)
        if mode is RenderMode.ALWAYS:
            return ASKED_FOR if is_shell or reading.outcome is Outcome.CONTENT else ""
        if is_shell:
            return SHELL if reading.page is None or self._is_worthwhile(url, Rung.SCRIPTS) else ""
        page = reading.page
        if page is None or b"<script" not in body[:2_000_000].lower():
            return ""
        if self._streak(url, Rung.SCRIPTS) > 0 and page.body_end - page.body_start < _THIN_BODY_CHARACTERS:
            return THIN
        if self._is_worthwhile(url, Rung.UNFOLDING) and self.unfolding.is_offered(page):
            return FOLDED
        return ""

    def ways(self, url: str) -> Ways:
        """How to show a page of a site so that all of its text is there."""
        patience = Patience.IF_THIN if self._is_worthwhile(url, Rung.PATIENCE) else Patience.NEVER
        if self._streak(url, Rung.PATIENCE) > 0:
            patience = Patience.ALWAYS
        return Ways(patience=patience, unfold=self.unfolds(url))

    def unfolds(self, url: str) -> bool:
        return self._is_worthwhile(url, Rung.UNFOLDING)

    async def learn(self, url: str, why: str, sent: Reading, shown: Reading, rendering: Rendering) -> None:
        """Note what showing a page was worth: `sent` is how it read without a browser, `shown` how in one."""
        if why in (SHELL, THIN):
            waited = sum(max(0, action.added_characters) for action in rendering.actions)
            await self._note(url, Rung.SCRIPTS, max(characters_of(shown) - characters_of(sent), waited))
        if why == FOLDED and not rendering.actions:
            await self._note(url, Rung.UNFOLDING, 0)  # what looked like it cannot be clicked
        for rung, kinds in (
            (Rung.PATIENCE, (ActionKind.WAIT,)),
            (Rung.UNFOLDING, (ActionKind.UNFOLD, ActionKind.CONSENT, ActionKind.LEAVE)),
        ):
            if done := [action for action in rendering.actions if action.kind in kinds]:
                await self._note(url, rung, sum(action.added_characters for action in done))

    async def learn_failure(self, url: str, why: str) -> None:
        """Note that a page that was content as sent could not be shown."""
        await self._note(url, Rung.SCRIPTS if why == THIN else Rung.UNFOLDING, 0)

    async def _note(self, url: str, rung: Rung, brought_characters: int) -> None:
        site = site_of(host_of(url))
        streak = self._streak(url, rung)
        streak = max(streak, 0) + 1 if brought_characters >= _MIN_BROUGHT_CHARACTERS else min(streak, 0) - 1
        trial = SiteTrial(site, rung, streak, self.clock())
        self._trials[site, rung] = trial
        await self.stored(self.memory.keep_trial, trial)

    def _streak(self, url: str, rung: Rung) -> int:
        known = self._trials.get((site_of(host_of(url)), rung))
        return 0 if known is None else known.streak

    def _is_worthwhile(self, url: str, rung: Rung) -> bool:
        known = self._trials.get((site_of(host_of(url)), rung))
        if known is None or known.streak > -_FRUITLESS_TRIES:
            return True
        return self.clock() - known.tried_at > _TRIED_AGAIN_AFTER


def characters_of(reading: Reading) -> int:
    return 0 if reading.page is None else len(reading.page.text)
