"""The pause at a site that another process may have visited a moment ago."""

import asyncio
import time

from crawler.fetching.politeness import SiteGates

PAUSE = 0.3


def first_turns(*, pause_first: bool) -> list[float]:
    """When each of two sites had its first turn, after the gates were made."""

    async def take() -> list[float]:
        gates, began, at = SiteGates(2, pause_first=pause_first), time.monotonic(), []

        async def turn(host: str) -> None:
            async with gates.turn(host, PAUSE):
                at.append(time.monotonic() - began)

        await asyncio.gather(turn("one.example"), turn("two.example"))
        return at

    return asyncio.run(take())


def test_each_site_is_left_alone_for_its_own_pause_first() -> None:
    assert min(first_turns(pause_first=True)) >= PAUSE
    assert len(first_turns(pause_first=False)) == 2
