"""Pages that stand in for the page asked for: removals, challenges, parked names, soft 404s."""

import re

from crawler.wechat import has_article
from crawler.wordings import Notice, Wordings
from domain.page import ExtractedPage

#: Interstitials are small; a script that mentions a firewall inside a large page is no challenge.
_MARKUP_CHARS = 120_000
#: A challenge that is nothing but a script is tiny; a script application without text is not.
_TINY_CHARS = 3000
# A colon stays with what is before it: 网站维护：信息科 in a footer says who maintains the site, not that somebody does now
_CLAUSE_BREAK = re.compile(r"(?<=[：:])|[\s，。！？、；,.!?;…~～—-]+")
_TITLE_BREAK = re.compile(r"[\s，：,:|_—-]+")


def notice_on(page: ExtractedPage, html: str, wordings: Wordings, *, wechat: bool) -> Notice | None:
    """The first notice that the page is, None for content. An article of WeChat is never a notice, whatever it quotes."""
    if wechat and has_article(html):
        return None
    site = "wechat" if wechat else "sogou" if _is_sogou(page.url) else ""
    title = (page.extra.get("document_title") or page.title).strip().lower()
    text = page.text.lower()
    chars = len(page.text)
    clauses: frozenset[str] = frozenset()
    markup = ""
    for notice in wordings.notices:
        if chars > notice.max_chars or (notice.site and notice.site != site):
            continue
        if title in notice.title_is or _any_in(notice.in_title, title) or _any_in(notice.in_text, text):
            return notice
        if notice.title_clauses and not notice.title_clauses.isdisjoint(_TITLE_BREAK.split(title)):
            return notice
        if notice.clauses and notice.clauses & (clauses := clauses or frozenset(_CLAUSE_BREAK.split(text))):
            return notice
        if (notice.in_markup or notice.markup_has_all) and len(html) <= _MARKUP_CHARS:
            markup = markup or html.lower()
            if _any_in(notice.in_markup, markup) or (
                len(html) <= _TINY_CHARS and _all_in(notice.markup_has_all, markup)
            ):
                return notice
    return None


def _any_in(words: tuple[str, ...], text: str) -> bool:
    return bool(text) and any(word in text for word in words)


def _all_in(words: tuple[str, ...], text: str) -> bool:
    return bool(words) and all(word in text for word in words)


def _is_sogou(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host == "sogou.com" or host.endswith(".sogou.com")
