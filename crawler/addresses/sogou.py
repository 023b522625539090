"""Result pages of Sogou's WeChat search, saved as files: which posts they list.

Seen in 2017 and 2020; a page of articles (`ul.news-list`) and one of accounts with their latest post (`ul.news-list2`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urljoin

from crawler.addresses.tips import Tip, read_tips
from crawler.pages.markup import attributes_of, normal_markup, unescaped

SEARCH_URL = "https://weixin.sogou.com/weixin"
#: `sogou_vr_11002601_box_3` among articles, `sogou_vr_11002301_box_0` among accounts.
_ITEM_ID = re.compile(r"sogou_vr_11002[36]01_box_\d+")
# article_title_3, account_article_0: links with the title of a post for text
_TITLE_LINK = re.compile(r"(?:article_title|account_article)_\d+")
_TITLE_ID = re.compile(r"sogou_vr_11002[36]01_title_\d+")
_ACCOUNT_LINK = re.compile(r"(?:account_name|article_account)_\d+")
#: Seconds since 1970, as in `document.write(timeConvert('1500773936'))`.
_SCRIPT_TIME = re.compile(r"timeConvert\('([0-9]{9,11})'\)")
_UNIX_TIME = re.compile(r"[0-9]{9,11}")


@dataclass(frozen=True, slots=True)
class ListedPost:
    """One result. `url` is absolute, and mostly a redirect through Sogou. What the page does not say is empty or None."""

    url: str
    title: str
    account: str = ""
    published_at: datetime | None = None


def is_search_page(text: str) -> bool:
    """Whether a file is a page of Sogou's WeChat search rather than a list of URLs."""
    is_markup = text.lstrip("\ufeff \t\r\n").startswith("<")
    return is_markup and ("weixin.sogou.com" in text or _ITEM_ID.search(text) is not None)


def read_search(html: str) -> tuple[ListedPost, ...]:
    """The posts that a result page lists, in its order; none on a page without results, as one that asks for a captcha."""
    markup = normal_markup(html)
    return tuple(post for item in _items(markup.tokens) if (post := _read_item(item, markup.raw_texts)) is not None)


def search_tips(posts: Iterable[ListedPost]) -> list[Tip]:
    """One tip for each post, with what the result page says of it."""
    listed = list(posts)
    return [
        replace(tip, title=post.title, account=post.account, published_at=post.published_at)
        for post, tip in zip(listed, read_tips(post.url for post in listed), strict=True)
    ]


def _items(tokens: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The tokens of each result: from its tag to that of the next, or to the end of the list."""
    item: list[tuple[str, str]] = []
    for token, text in tokens:
        if token.startswith("li ") and _ITEM_ID.fullmatch(attributes_of(token).get("id", "")):
            if item:
                yield item
            item = [(token, text)]
        elif item and token == "/ul":
            yield item
            item = []
        elif item:
            item.append((token, text))
    if item:
        yield item


def _read_item(item: list[tuple[str, str]], raw_texts: dict[str, str]) -> ListedPost | None:
    """None for an account without a post."""
    url, title, account, unix, heading = "", "", "", "", False
    for place, (token, text) in enumerate(item):
        tag = token.partition(" ")[0]
        attributes = attributes_of(token)
        if tag in ("h3", "/h3"):
            heading = tag == "h3"
        elif tag == "a" and not url and (heading or _is_title(attributes)):
            url, title = attributes.get("href", ""), _text_until(item, place, "/a")
        elif not account and _names_account(tag, attributes):
            account = _text_until(item, place, f"/{tag}")
        elif tag == "div" and not unix and _UNIX_TIME.fullmatch(attributes.get("t", "")):
            unix = attributes["t"]
        elif tag == "script" and not unix and (match := _SCRIPT_TIME.search(raw_texts.get(text, ""))):
            unix = match[1]
    if not url:
        return None
    return ListedPost(_absolute(url), title, account, datetime.fromtimestamp(int(unix), UTC) if unix else None)


def _is_title(attributes: dict[str, str]) -> bool:
    uigs, element_id = attributes.get("uigs", ""), attributes.get("id", "")
    return bool(_TITLE_LINK.fullmatch(uigs) or _TITLE_ID.fullmatch(element_id))


def _names_account(tag: str, attributes: dict[str, str]) -> bool:
    """A link to the account; where there is none, as of late, its bare name."""
    classes = attributes.get("class", "").split()
    if tag == "a":
        return "account" in classes or bool(_ACCOUNT_LINK.fullmatch(attributes.get("uigs", "")))
    return tag == "span" and "all-time-y2" in classes


def _text_until(item: list[tuple[str, str]], place: int, end: str) -> str:
    """The text inside the element that begins at `place`; the words searched for stand in elements of their own."""
    parts: list[str] = []
    for token, text in item[place:]:
        if token == end:
            break
        parts.append(unescaped(text))
    return " ".join("".join(parts).split())


def _absolute(url: str) -> str:
    try:
        return urljoin(SEARCH_URL, url)
    except ValueError:  # a malformed address literal: the tip says that it is no URL
        return url
