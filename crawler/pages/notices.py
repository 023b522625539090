"""Pages that stand in for the page asked for: removals, challenges, parked names, soft 404s."""

import re

from crawler.pages.script_alert import brings_script_files
from crawler.pages.wechat import has_article
from crawler.wordings import Notice, Wordings
from domain.page import ExtractedPage

#: Interstitials are small; a script that mentions a firewall inside a large page is no challenge.
_MARKUP_CHARS = 120_000
#: A challenge that is nothing but a script is tiny; a script application without text is not.
_TINY_CHARS = 3000
# A colon stays with what is before it: 网站维护：信息科 in a footer says who maintains the site, not that somebody does now.
# What a list names is no clause: 负责网络建设、系统维护、数据安全
_CLAUSE_BREAK = re.compile(r"(?<=[：:])|[\s，。！？；,.!?;…~～—-]+")
#: A page that stands in for a site has no menu.
_FEW_LINKS = 3
_MENU_BREAK = re.compile(r"[\s|>»/·]+")
#: How often a page says the words of its links, themselves included: in menus, paths and titles.
_REPEATED = 3
_TITLE_BREAK = re.compile(r"[\s，：,:|_—-]+")


def notice_on(page: ExtractedPage, html: str, wordings: Wordings, *, wechat: bool) -> Notice | None:
    """The first notice that the page is, None for content. An article of WeChat is never a notice, whatever it quotes."""
    if wechat and has_article(html):
        return None
    site = "wechat" if wechat else "sogou" if _is_sogou(page.url) else ""
    title = (page.extra.get("document_title") or page.title).strip().lower()
    whole, own = page.text.lower(), None
    linked_chars = sum(len(link.text) + 1 for link in page.links)
    clauses_of: dict[bool, frozenset[str]] = {}
    markup = ""
    for notice in wordings.notices:
        text = whole
        if notice.between_links:
            if len(whole) - _REPEATED * linked_chars > notice.max_chars:
                continue
            text = own = _between_links(page) if own is None else own
        if len(text) > notice.max_chars or (notice.site and notice.site != site):
            continue
        if _any_in(notice.in_text, text):
            return notice
        is_small = len(whole) <= notice.max_chars  # 第 404 医院 in a title means nothing over a page of links
        if is_small and (title in notice.title_is or _any_in(notice.in_title, title)):
            return notice
        if notice.title_clauses and not notice.title_clauses.isdisjoint(_TITLE_BREAK.split(title)):
            return notice
        if notice.clauses:
            if (clauses := clauses_of.get(notice.between_links)) is None:
                clauses = clauses_of[notice.between_links] = frozenset(_CLAUSE_BREAK.split(text))
            if not notice.clauses.isdisjoint(clauses):
                return notice
        if notice.body_clauses and not notice.body_clauses.isdisjoint(_own_clauses(page, notice.greetings)):
            return notice
        if notice.labels and not notice.labels.isdisjoint(_labels(page)):
            return notice
        if (notice.in_markup or notice.markup_has_all) and len(html) <= _MARKUP_CHARS:
            markup = markup or html.lower()
            if _any_in(notice.in_markup, markup) or (
                _is_bare_script(page, markup) and _all_in(notice.markup_has_all, markup)
            ):
                return notice
    return None


def _between_links(page: ExtractedPage) -> str:
    """The lines of a page that are more than its links: what an error page says among the menus of its site."""
    linked = {word for link in page.links for word in _MENU_BREAK.split(link.text)}
    lines = page.text.split("\n")
    return "\n".join(line for line in lines if not linked.issuperset(_MENU_BREAK.split(line))).lower()


def _is_bare_script(page: ExtractedPage, markup: str) -> bool:
    """A poster counts its visitors with a cookie too, and the frame of a script application reloads when one of its files is
    old: the one has pictures, the other brings its scripts in files."""
    return len(markup) <= _TINY_CHARS and not page.images and not brings_script_files(markup)


def _labels(page: ExtractedPage) -> frozenset[str]:
    """Clauses that a page says in its body, and of no site around it: footers and menus have the same words for a department or a
    service."""
    if len(page.links) > _FEW_LINKS:
        return frozenset()
    linked = {link.text.strip().lower() for link in page.links}
    return frozenset(_CLAUSE_BREAK.split(page.text[page.body_start : page.body_end].lower())) - linked


def _own_clauses(page: ExtractedPage, greetings: tuple[str, ...]) -> frozenset[str]:
    """Clauses of the body of a page, or of the whole page where it has none. On a page of pictures a line that greets is part of a header
    without a name: 您好，请先登录 stands over all pages of a site that has members."""
    lines = (page.text[page.body_start : page.body_end].strip() or page.text).lower().split("\n")
    if any(not image.is_logo for image in page.images):
        lines = [line for line in lines if not line.startswith(greetings)]
    return frozenset(_CLAUSE_BREAK.split("\n".join(lines)))


def _any_in(words: tuple[str, ...], text: str) -> bool:
    return bool(text) and any(word in text for word in words)


def _all_in(words: tuple[str, ...], text: str) -> bool:
    return bool(words) and all(word in text for word in words)


def _is_sogou(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host == "sogou.com" or host.endswith(".sogou.com")
