"""One request at a time to a site with a pause after it, and few at a time to one server."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from crawler.addresses.urls import host_of, site_of
from domain.page import Exchange

Download = Callable[[str, bool], Awaitable[Exchange]]
"""Fetches one URL (second argument: local addresses allowed) without following redirects; raises `FetchFailed`."""


@dataclass(slots=True)
class _Gate:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Monotonic time before which nobody may pass.
    opens_at: float = 0.0


class SiteGates:
    """Turns at sites, shared by everything in the process that requests pages.

    The address of a site is known after its first answer (`note_address`); from then on its requests also wait for one
    of the places at that server, since many small clinics share one.
    """

    def __init__(self, concurrent_per_address: int, *, pause_first: bool = False) -> None:
        """With `pause_first` each site rests once before its first page, as after a visit made just before now."""
        self._concurrent_per_address = concurrent_per_address
        self._visited_until = time.monotonic() if pause_first else -math.inf
        self._gates: defaultdict[str, _Gate] = defaultdict(_Gate)
        self._places: dict[str, asyncio.Semaphore] = {}
        self._address_of: dict[str, str] = {}
        self._news: dict[str, str] = {}

    @asynccontextmanager
    async def turn(self, host: str, delay_seconds: float, *, long: bool = False) -> AsyncIterator[None]:
        """Wait for the site's turn; when it is given back, the site rests for `delay_seconds`.

        A `long` turn, in which a browser works and only now and then asks for something, takes no place at the server.
        """
        gate = self._gates[site_of(host)]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(gate.lock)
            # Asleep before taking a place at the server: the pause is this site's, not its neighbours'
            opens_at = max(gate.opens_at, self._visited_until + delay_seconds)
            await asyncio.sleep(max(0.0, opens_at - time.monotonic()))
            if not long:
                await stack.enter_async_context(self._place(host))
            try:
                yield
            finally:
                gate.opens_at = max(gate.opens_at, time.monotonic() + delay_seconds)

    async def take(self, url: str, local: bool, delay_seconds: float, download: Download) -> Exchange:
        """Make one request in the site's turn, and learn which server answered."""
        host = host_of(url)
        async with self.turn(host, delay_seconds):
            exchange = await download(url, local)
        self.note_address(host, exchange.ip)
        return exchange

    async def take_aside(self, url: str, local: bool, download: Download) -> Exchange:
        """Make one request beside the site's turn: whoever needs its answer may hold the turn, and would wait for itself."""
        host = host_of(url)
        await asyncio.sleep(max(0.0, self._gates[site_of(host)].opens_at - time.monotonic()))
        async with self._place(host):
            exchange = await download(url, local)
        self.note_address(host, exchange.ip)
        return exchange

    def _place(self, host: str) -> AbstractAsyncContextManager[object]:
        """One of the places at a host's server, as far as it is known."""
        address = self._address_of.get(host)
        return nullcontext() if address is None else self._places[address]

    def note_address(self, host: str, address: str) -> None:
        """Remember which server answered for a host."""
        if address and self._address_of.get(host) != address:
            self._address_of[host] = self._news[host] = address
            self._places.setdefault(address, asyncio.Semaphore(self._concurrent_per_address))

    def new_addresses(self) -> dict[str, str]:
        """Servers by host, as far as they are new or others since this was asked last."""
        news, self._news = self._news, {}
        return news

    def rest(self, host: str, seconds: float) -> None:
        """Let a site rest that said it is overloaded."""
        gate = self._gates[site_of(host)]
        gate.opens_at = max(gate.opens_at, time.monotonic() + seconds)
