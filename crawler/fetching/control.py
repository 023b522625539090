"""Before a page or a name is called gone: does the rest of the site, does the name service answer as it should?"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

from crawler.addresses.scope import Scope
from crawler.addresses.start_pages import led_to_start
from crawler.addresses.urls import host_of, site_of, without_fragment
from crawler.fetching.fetch import Fetched, PageFetcher
from domain.outcome import Outcome
from domain.page import Exchange

_DNS_SECONDS = 10.0
#: The name service knows names that certainly exist: that it does not know one means something.
NAMES_RESOLVE = "names-resolve"


class Control(StrEnum):
    """How the rest of a site answers."""

    ALIVE = "alive"
    GONE_TOO = "gone-too"
    NOT_HAD = "not-had"
    NOTHING_TO_ASK = "nothing-to-ask"
    LED_TO_START = "led-to-start"


CONTROL_ZH: dict[Control, str] = {
    Control.ALIVE: "对照：本站其他页面正常",
    Control.GONE_TOO: "对照：本站其他页面也不存在，疑似全站下线或改版",
    Control.NOT_HAD: "但对照页未能取得，不能认定页面已不存在",
    Control.NOTHING_TO_ASK: "没有可对照的页面",
    Control.LED_TO_START: "但对照页同样跳转到首页，不能认定页面已不存在",
}


@dataclass(frozen=True, slots=True)
class Controlled:
    """An answer and the requests it took."""

    control: Control
    exchanges: tuple[Exchange, ...] = ()


class SiteControl:
    """Asks each site once a run for its home page, or for another page known to have been there.

    `known_page` gives a page of a host other than some, None when none is known; `read` the outcome of a page fetched.
    """

    def __init__(
        self,
        fetcher: PageFetcher,
        known_page: Callable[[str, Collection[str]], Awaitable[str | None]],
        read: Callable[[Fetched], Awaitable[Outcome]],
    ) -> None:
        self._fetcher = fetcher
        self._known_page = known_page
        self._read = read
        self._answers: dict[str, Control] = {}
        self._beside_start: dict[str, Control] = {}

    def note_content(self, url: str) -> None:
        """A page of the site has just been read: the site is there."""
        self._answers[site_of(host_of(url))] = Control.ALIVE

    async def ask(self, gone_url: str, scope: Scope) -> Controlled:
        """How the site of a page that is gone answers otherwise."""
        site = site_of(host_of(gone_url))
        if (known := self._answers.get(site)) is not None:
            return Controlled(known)
        url = await self._control_url(gone_url)
        if url is None:
            return Controlled(Control.NOTHING_TO_ASK)
        fetched = await self._fetcher.fetch(url, scope)
        control = await self._control(fetched)
        if control is not Control.NOT_HAD:  # a passing failure is asked about again
            self._answers[site] = control
        return Controlled(control, fetched.exchanges)

    async def ask_beside_start(self, led_url: str, scope: Scope) -> Controlled:
        """How another page answers than the start page, to which a site led whoever asked for `led_url`. That the start page answers
        says nothing here: a site may lead everybody there, because it is overloaded or takes us for a robot."""
        site = site_of(host_of(led_url))
        if (known := self._beside_start.get(site)) is not None:
            return Controlled(known)
        host = host_of(led_url)
        starts = (f"http://{host}/", f"https://{host}/", urljoin(led_url, "/"), scope.target.url)
        url = await self._known_page(host, (led_url, *starts))
        if url is None:
            return Controlled(Control.NOTHING_TO_ASK)
        fetched = await self._fetcher.fetch(url, scope)
        control = await self._control(fetched)
        if fetched.failure is None and led_to_start(url, fetched.final_url, scope.target):
            control = Control.LED_TO_START
        if control is not Control.NOT_HAD:
            self._beside_start[site] = control
        return Controlled(control, fetched.exchanges)

    async def _control_url(self, gone_url: str) -> str | None:
        home = urljoin(gone_url, "/")
        if without_fragment(gone_url) != home:
            return home
        return await self._known_page(host_of(gone_url), (gone_url,))

    async def _control(self, fetched: Fetched) -> Control:
        outcome = fetched.failure.outcome if fetched.failure is not None else await self._read(fetched)
        match outcome:
            case Outcome.CONTENT:
                return Control.ALIVE
            case Outcome.HTTP_GONE:
                return Control.GONE_TOO
            case _:
                return Control.NOT_HAD


async def names_resolve(names: Sequence[str]) -> bool:
    """Whether the name service knows any of some names that certainly exist; true when there are none to ask about."""
    if not names:
        return True
    loop = asyncio.get_running_loop()
    for name in names:
        try:
            async with asyncio.timeout(_DNS_SECONDS):
                await loop.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
        except (TimeoutError, OSError):
            continue
        return True
    return False
