"""Lists of posts on WeChat's public platform: the old profile page, and the JSON of history and albums."""

import html as entities
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

_PROFILE_LIST = re.compile(r"var msgList\s{0,4}=\s{0,4}(?=\{)")
_PLATFORM = "https://mp.weixin.qq.com/"


@dataclass(frozen=True, slots=True)
class ListedPost:
    url: str
    title: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PostList:
    """`message` is the platform's own word when it gives no list (an expired key, an unknown account)."""

    posts: tuple[ListedPost, ...]
    title: str = ""
    account: str = ""
    message: str = ""


def read_profile(html: str) -> tuple[ListedPost, ...]:
    """The posts in the script of an old profile page; empty when the page has no such script."""
    match = _PROFILE_LIST.search(html)
    if match is None:
        return ()
    try:
        listed, _ = json.JSONDecoder().raw_decode(html, match.end())
    except (
        ValueError,
        RecursionError,
    ):  # a template that was cut off, or no list: the page is then read like any other
        return ()
    return tuple(_history_posts(listed))


def read_list_json(text: str) -> PostList | None:
    """The posts in a JSON answer for an album or an account's history; None when it is neither."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):  # not JSON, or nested to exhaust the parser
        return None
    if not isinstance(answer, dict):
        return None
    if isinstance(album := answer.get("getalbum_resp"), dict):
        info = _mapping(album.get("base_info"))
        return PostList(tuple(_album_posts(album)), _text(info.get("title")), _text(info.get("nickname")))
    if isinstance(packed := answer.get("general_msg_list"), str):
        try:
            return PostList(tuple(_history_posts(json.loads(packed))))
        except (ValueError, RecursionError):
            return None
    if "base_resp" in answer or ("ret" in answer and "errmsg" in answer):
        return PostList((), message=_text(answer.get("errmsg") or _mapping(answer.get("base_resp")).get("err_msg")))
    return None


def _album_posts(album: Mapping[str, Any]) -> Iterator[ListedPost]:
    """An album of one article gives one object in place of a list."""
    listed = album.get("article_list")
    for article in listed if isinstance(listed, list) else [listed]:
        if isinstance(article, dict) and article.get("url"):
            yield ListedPost(_address(article["url"]), _text(article.get("title")))


def _history_posts(listed: object) -> Iterator[ListedPost]:
    """A message holds its first article itself and the others in a list of their own."""
    messages = _mapping(listed).get("list")
    for message in messages if isinstance(messages, list) else ():
        first = _mapping(_mapping(message).get("app_msg_ext_info"))
        others = first.get("multi_app_msg_item_list") or []
        for article in [first, *(others if isinstance(others, list) else [])]:
            entry = _mapping(article)
            if entry.get("content_url"):
                yield ListedPost(_address(entry["content_url"]), _text(entry.get("title")), _text(entry.get("digest")))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return entities.unescape(value).strip() if isinstance(value, str) else ""


def _address(value: object) -> str:
    try:
        return urljoin(_PLATFORM, entities.unescape(entities.unescape(str(value))))
    except ValueError:  # a bracketed host that is no address
        return ""
