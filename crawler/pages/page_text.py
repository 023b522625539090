"""How much text a page shows in the browser, and waiting for more of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawler.pages.shell import MAX_SHELL_CHARACTERS
from domain.site_trials import ActionKind, PageAction

_LOOK_SECONDS = 0.4
#: Looks in a row at which the text is the same before it is taken for complete.
_STILL_LOOKS = 3


_SHOWN = "document.body?.innerText?.length ?? 0"
#: One question instead of two: -1 for a page without scripts.
_SHOWN_IF_SCRIPTS = f"() => document.scripts.length ? {_SHOWN} : -1"


class Patience(StrEnum):
    """When to wait for the text of a page for longer than its requests last."""

    NEVER = "never"
    IF_THIN = "if-thin"
    ALWAYS = "always"


async def shown_characters(page: Page) -> int:
    """Characters of text that a person sees. The page may have tampered with the number."""
    return max(0, await _number(page, f"() => {_SHOWN}"))


async def wait_for_text(
    page: Page, patience: Patience, seconds: float, clock: Callable[[], datetime]
) -> PageAction | None:
    """Wait until the text grows and then stays as it is, at most so many seconds; None where there was nothing to wait for."""
    if patience is Patience.NEVER or seconds <= 0:
        return None
    began_at, before = clock(), await _number(page, _SHOWN_IF_SCRIPTS)
    if before < 0 or (patience is Patience.IF_THIN and before >= MAX_SHELL_CHARACTERS):
        return None
    size, still = before, 0
    for _ in range(max(1, int(seconds / _LOOK_SECONDS))):
        await asyncio.sleep(_LOOK_SECONDS)
        now = await shown_characters(page)
        still = still + 1 if now == size else 0
        size = now
        is_enough = size >= MAX_SHELL_CHARACTERS if patience is Patience.IF_THIN else True
        if is_enough and still >= _STILL_LOOKS:
            break
    return PageAction(ActionKind.WAIT, began_at, "", size - before)


async def _number(page: Page, script: str) -> int:
    try:
        said: object = await page.evaluate(script)
    except PlaywrightError:  # the page is broken or going on; a browser that is gone fails at the next call too
        return 0
    return int(said) if isinstance(said, int | float) and -1 <= said < 1e9 else 0
