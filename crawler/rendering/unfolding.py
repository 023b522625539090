"""Has a page show the text that it keeps folded away, without ever leaving it.

The page is hostile: what its script says is taken for no more than where to look. That it stays where it is does not depend
on it: while we click, `PageRequests.hold` refuses every other document, and what went elsewhere all the same is shown anew.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import JSHandle, Page

from crawler.pages.page_text import shown_characters
from crawler.rendering.page_requests import PageRequests
from crawler.unfolding_words import AROUND, LONGEST, Unfolding
from domain.site_trials import ActionKind, PageAction

_MAX_CLICKS = 8
_MAX_SECONDS = 10.0
#: A click that does not come back by then has hung the page.
_CLICK_SECONDS = 3.0
_PAUSE_SECONDS = 0.2
_MAX_PAUSES = 15
#: A click after which the page shows less than this share of its text has put something else in its place.
_KEPT_SHARE = 0.8

# Clicks on one element and says which words are on it and why it was clicked; null when there is nothing (more) to click.
# Without notes of its own it only says whether there is: most pages have nothing, and are asked this one question.
_CLICK = r"""([kept, more, consent, around, longest, fruitless]) => {
  const state = kept || {clicks: new Map(), dull: new Set(), last: null, consented: false};
  if (fruitless && state.last) state.dull.add(state.last);
  const strip = new RegExp(around, "g");
  const label = text => text.replace(strip, "").toLowerCase();
  const leads = /location|href|open\s*\(|submit|postback|download|window\.|navigate|router/i;
  const fixedAt = (x, y) => {
    for (let el = document.elementFromPoint(x, y); el && el !== document.body; el = el.parentElement)
      if (getComputedStyle(el).position === "fixed") return el;
    return null;
  };
  const stays = el => {
    const link = el.closest("a[href], area[href]");
    const href = link ? link.getAttribute("href").trim() : "#";
    if (!/^#+!?$/.test(href) && !(/^javascript:/i.test(href) && !leads.test(href.slice(11)))) return false;
    if (link && link.hasAttribute("download")) return false;
    if (el.closest("input, select, textarea, [contenteditable]")) return false;
    const button = el.closest("button");
    if (button && button.form && button.type !== "button") return false;
    for (let up = el, n = 0; up && n < 4; up = up.parentElement, n++)
      if (leads.test(up.getAttribute("onclick") || "")) return false;
    return true;
  };
  const shows = el => el.getClientRects().length > 0 && getComputedStyle(el).visibility === "visible";
  const w = innerWidth, h = innerHeight;
  const points = [[w / 2, h / 2], [w / 4, h / 4], [w * 3 / 4, h / 4], [w / 4, h * 3 / 4], [w * 3 / 4, h * 3 / 4]];
  const covered = !state.consented && points.filter(([x, y]) => fixedAt(x, y)).length >= 4;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let found = null, words = "", kind = "";
  for (let n = 0; n < 50000 && !found && walker.nextNode(); n++) {
    const text = walker.currentNode.data, parent = walker.currentNode.parentElement;
    if (!parent || text.length > longest * 3 || /^(script|style|noscript|template)$/i.test(parent.tagName)) continue;
    for (const said of [text, parent.childNodes.length > 1 ? parent.textContent : ""]) {
      if (!said || said.trim().length > longest) continue;
      const name = label(said);
      const why = covered ? (consent.includes(name) ? "consent" : "") : (more.includes(name) ? "unfold" : "");
      if (!why) continue;
      const el = parent.closest("a, button, [role=button], [onclick]") || parent;
      if (state.dull.has(el) || (state.clicks.get(el) || 0) >= 5 || !shows(el) || !stays(el)) continue;
      if (why === "consent") {
        let up = el;
        while (up && getComputedStyle(up).position !== "fixed") up = up.parentElement;
        if (!up) continue;
      }
      [found, words, kind] = [el, said.trim(), why];
      break;
    }
  }
  if (!found) return null;
  if (!kept) return ["offered", words];
  state.last = found;
  state.clicks.set(found, (state.clicks.get(found) || 0) + 1);
  if (kind === "consent") state.consented = true;
  found.click();
  return [kind, words];
}"""


class LeftPlace(Exception):
    """After a click the page was not the same any more, or did not answer. `words` are those clicked on."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


async def unfold(
    page: Page, requests: PageRequests, words: Unfolding, clock: Callable[[], datetime]
) -> tuple[PageAction, ...]:
    """Click on what unfolds more of the page, and on a notice that covers it, while that brings text and time is left.

    Raises `LeftPlace`, after which the page is to be shown anew without this.
    """
    actions: list[PageAction] = []
    if await _asked(page, None, words) is None:
        return ()
    try:
        state = await page.evaluate_handle("() => ({clicks: new Map(), dull: new Set(), last: null, consented: false})")
    except PlaywrightError:  # as below
        return ()
    place, characters = page.url, await shown_characters(page)
    ends_at = asyncio.get_running_loop().time() + _MAX_SECONDS
    requests.hold = True
    try:
        while len(actions) < _MAX_CLICKS and asyncio.get_running_loop().time() < ends_at:
            at = clock()
            fruitless = bool(actions) and actions[-1].added_characters <= 0
            clicked = await _click(page, state, words, fruitless)
            if clicked is None:
                break
            kind, label = clicked
            after = await _after_click(page, requests, label)
            if _is_elsewhere(place, page.url) or (kind is ActionKind.UNFOLD and after < characters * _KEPT_SHARE):
                raise LeftPlace(label)
            actions.append(PageAction(kind, at, label, after - characters))
            characters = after
    finally:
        requests.hold = False
    return tuple(actions)


async def _click(page: Page, state: JSHandle, words: Unfolding, fruitless: bool) -> tuple[ActionKind, str] | None:
    match await _asked(page, state, words, fruitless):
        case ["consent", str() as label]:
            return ActionKind.CONSENT, label[:LONGEST]
        case ["unfold", str() as label]:
            return ActionKind.UNFOLD, label[:LONGEST]
        case _:
            return None


async def _asked(page: Page, state: JSHandle | None, words: Unfolding, fruitless: bool = False) -> object:
    """What `_CLICK` says; None also where the page took away what it needs."""
    asked = [state, sorted(words.more), sorted(words.consent), AROUND, LONGEST, fruitless]
    try:
        async with asyncio.timeout(_CLICK_SECONDS):
            said: object = await page.evaluate(_CLICK, asked)
    except TimeoutError:
        raise LeftPlace("") from None
    except PlaywrightError:  # the page took away what is needed; a browser that is gone fails at the next call too
        return None
    return said


async def _after_click(page: Page, requests: PageRequests, label: str) -> int:
    """Characters that the page shows when it has loaded what it asked for."""
    try:
        async with asyncio.timeout(_CLICK_SECONDS + _PAUSE_SECONDS * _MAX_PAUSES):
            for _ in range(_MAX_PAUSES):
                await asyncio.sleep(_PAUSE_SECONDS)
                if requests.loading == 0:
                    break
            return await shown_characters(page)
    except TimeoutError:
        raise LeftPlace(label) from None


def _is_elsewhere(before: str, after: str) -> bool:
    """Whether the address has changed by more than the place in the page: fragments with a slash are routes."""
    old, _, old_part = before.partition("#")
    new, _, new_part = after.partition("#")
    return old != new or (old_part != new_part and "/" in new_part + old_part)
