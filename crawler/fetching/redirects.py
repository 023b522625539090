"""Follows the redirects of what is a part of a page, and keeps what was received whatever becomes of the chain."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crawler.addresses.urls import without_fragment
from crawler.failure import FetchFailed
from crawler.fetching.robots import redirect_target
from domain.outcome import Outcome
from domain.page import Exchange
from domain.urls import canonical_url


@dataclass(frozen=True, slots=True)
class Chain:
    """The exchanges for one address, redirects first. `failure` is None when the last one is an answer to read; then there is
    at least one."""

    exchanges: tuple[Exchange, ...]
    failure: FetchFailed | None = None


async def follow_redirects(url: str, fetch: Callable[[str], Awaitable[Exchange]], max_redirects: int) -> Chain:
    """Fetch `url` and wherever it redirects. `fetch` makes one request where it is allowed, and raises `FetchFailed` where it
    is not or fails; this is returned with what was received before it, never raised."""
    received: list[Exchange] = []
    try:
        for _ in range(max_redirects + 1):
            received.append(await fetch(url))
            if (target := redirect_target(received[-1])) is None:
                return Chain(tuple(received))
            url = without_fragment(canonical_url(target))
        raise FetchFailed(Outcome.HTTP_ERROR, "重定向次数过多", again=False)
    except FetchFailed as failure:
        return Chain(tuple(received), failure)
