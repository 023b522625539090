"""Sites that asked to be left alone or seem overloaded, and parts of sites that refuse us, over the end of the run."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from crawler.addresses.urls import host_of, site_of
from crawler.settings import CrawlSettings
from domain.site_trials import SiteTrial
from domain.visits import CrawlMemory, Earlier, SiteRest

#: Statuses that say "less", whatever the page: they make the site rest.
OVERLOAD_STATUSES = frozenset({429, 503})
#: Refusals mean a single page or what is for members only as often as all of us. So only several in a row make a part of a site rest,
#: and only refusals in several parts, without any other answer between them, the site.
REFUSAL_STATUS = 403
REFUSALS_IN_A_ROW = 3
PARTS_IN_A_ROW = 3
#: What a store takes for the name of a site or a part.
_MAX_NAME = 255


class NoMemory:
    """`CrawlMemory` of a crawl that is the first and only one."""

    def earlier(self, urls: Collection[str], now: datetime) -> Mapping[str, Earlier]:  # noqa: ARG002  # the port's
        return {}

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
    """The rests as this run sees them; every change is remembered at once. A part of a site is what its URLs have as their first folder;
    its rest is kept under the site's name and that folder.

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
        self._refused: Counter[str] = Counter()  # pages by part, since it answered well last
        self._refusing: defaultdict[str, set[str]] = defaultdict(set)  # parts by site, since it answered well last

    async def load(self) -> None:
        """Take over what earlier runs remembered."""
        self._rests = {rest.site: rest for rest in await self._stored(self._memory.rests)}

    def of(self, url: str) -> SiteRest | None:
        """The rest of a URL's site, or of its part of the site, that is not over yet; the longer one of both."""
        site, part = _site_and_part(url)
        rests = [rest for key in (site, part) if (rest := self._rests.get(key)) is not None]
        rest = max(rests, key=lambda rest: rest.until, default=None)
        return rest if rest is not None and rest.until > self._clock() else None

    async def note(self, url: str, status: int, asked_seconds: float | None) -> None:
        """Learn from the answer of a site's server; `asked_seconds` is its Retry-After."""
        site, part = _site_and_part(url)
        if status in OVERLOAD_STATUSES:
            await self._longer(site, f"HTTP {status}", 1, asked_seconds)
        elif status == REFUSAL_STATUS:
            self._refused[part] += 1
            self._refusing[site].add(part)
            if part in self._rests or self._refused[part] >= REFUSALS_IN_A_ROW:
                reason = f"HTTP {status}，{part.removeprefix(site)} 之下"
                await self._longer(part, reason, REFUSALS_IN_A_ROW, asked_seconds)
            if site in self._rests or len(self._refusing[site]) >= PARTS_IN_A_ROW:
                await self._longer(site, f"HTTP {status}", REFUSALS_IN_A_ROW, asked_seconds)
        elif status < 400:
            self._refused.pop(part, None)
            self._refusing.pop(site, None)
            for key in (site, part):
                if self._rests.pop(key, None) is not None:
                    await self._stored(self._memory.end_rest, key)

    async def _longer(self, key: str, reason: str, first_level: int, asked_seconds: float | None) -> None:
        known = self._rests.get(key)
        level = first_level if known is None else known.level + 1
        rest = SiteRest(key, self._until(level, asked_seconds), level, reason)
        self._rests[key] = rest
        await self._stored(self._memory.keep_rest, rest)

    def _until(self, level: int, asked_seconds: float | None) -> datetime:
        """Twice as long at each answer in a row, never shorter than asked for, within a limit."""
        seconds = max(self._settings.retry_seconds * 2 ** min(level - 1, 20), asked_seconds or 0.0)
        return self._clock() + timedelta(seconds=min(seconds, self._settings.max_rest_seconds))


def _site_and_part(url: str) -> tuple[str, str]:
    """The names under which the rests of a URL's site and of its part are kept: `a.example` and `a.example/member/`."""
    site = site_of(host_of(url))
    if not site:  # no address at all
        return site, site
    folder, slash, _ = urlsplit(url).path.lstrip("/").partition("/")
    return site, (f"{site}/{folder}/" if slash else f"{site}/")[:_MAX_NAME]
