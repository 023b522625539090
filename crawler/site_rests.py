"""Sites that asked to be left alone or seem overloaded, over the end of the run."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crawler.settings import CrawlSettings
from crawler.urls import host_of, site_of
from domain.site_trials import SiteTrial
from domain.visits import CrawlMemory, Earlier, SiteRest

#: Statuses that say "less", whatever the page: they make the site rest.
OVERLOAD_STATUSES = frozenset({429, 503})
#: Refusals mean a single page as often as all of us, so only several in a row make the site rest.
REFUSAL_STATUS = 403
REFUSALS_IN_A_ROW = 3


class NoMemory:
    """`CrawlMemory` of a crawl that is the first and only one."""

    def earlier(self, url: str, now: datetime) -> Earlier | None:  # noqa: ARG002  # the signature is the port's
        return None

    def known_page(self, host: str, other_than: Collection[str]) -> str | None:  # noqa: ARG002
        return None

    def rests(self) -> Sequence[SiteRest]:
        return ()

    def keep_rest(self, rest: SiteRest) -> None:
        """Nobody will ask."""

    def end_rest(self, site: str) -> None:
        """Nobody will ask."""

    def trials(self) -> Sequence[SiteTrial]:
        return ()

    def keep_trial(self, trial: SiteTrial) -> None:
        """Nobody will ask."""

    def keep_addresses(self, addresses: Mapping[str, str], now: datetime) -> None:
        """Nobody will ask."""


class SiteRests:
    """The rests as this run sees them; every change is remembered at once.

    `stored` runs a blocking call of the memory and waits for it.
    """

    def __init__(
        self,
        memory: CrawlMemory,
        stored: Callable[..., Awaitable[Any]],
        settings: CrawlSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._memory = memory
        self._stored = stored
        self._settings = settings
        self._clock = clock
        self._rests: dict[str, SiteRest] = {}

    async def load(self) -> None:
        """Take over what earlier runs remembered."""
        self._rests = {rest.site: rest for rest in await self._stored(self._memory.rests)}

    def of(self, url: str) -> SiteRest | None:
        """The rest of a URL's site that is not over yet."""
        rest = self._rests.get(site_of(host_of(url)))
        return rest if rest is not None and rest.until > self._clock() else None

    async def note(self, url: str, status: int, asked_seconds: float | None) -> None:
        """Learn from the answer of a site's server; `asked_seconds` is its Retry-After."""
        site = site_of(host_of(url))
        known = self._rests.get(site)
        if status not in OVERLOAD_STATUSES and status != REFUSAL_STATUS:
            if known is not None and status < 400:
                del self._rests[site]
                await self._stored(self._memory.end_rest, site)
            return
        level = 1 if known is None else known.level + 1
        rest = SiteRest(site, self._until(status, level, asked_seconds), level, f"HTTP {status}")
        self._rests[site] = rest
        await self._stored(self._memory.keep_rest, rest)

    def _until(self, status: int, level: int, asked_seconds: float | None) -> datetime:
        """Twice as long at each answer in a row, never shorter than asked for, within a limit."""
        if status == REFUSAL_STATUS and level < REFUSALS_IN_A_ROW:
            return self._clock()
        seconds = max(self._settings.retry_seconds * 2 ** min(level - 1, 20), asked_seconds or 0.0)
        return self._clock() + timedelta(seconds=min(seconds, self._settings.max_rest_seconds))
