"""Tips: URLs that people send in, as targets of one page each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from crawler.addresses.guard import AddressRefused, UrlRefused, check_url
from crawler.addresses.urls import WECHAT_HOST, frontier_url, host_of
from domain.targets import TIP_NOTE, Target, TargetKind

#: 【标题】https://mp.weixin.qq.com/s/AbCdEf…，点击查看
_URL = re.compile(r"https?://[^\s<>\"'，。；、！？）】》」]+", re.IGNORECASE)
#: What people leave behind an address without meaning it.
_TRAILING = ".,;:!?)]}"
SOGOU_HOST = "weixin.sogou.com"
_POST_NAMES = ("__biz", "mid", "idx", "sn")
_TEMPORARY_NAMES = ("src", "timestamp", "signature")
_SHORT_POST = re.compile(r"/s/[\w-]{10,}")


@dataclass(frozen=True, slots=True)
class Tip:
    """One URL as given: the `target` it makes, None when it cannot be used; `remark` is Chinese, why not or what to know.

    `title`, `account` and `published_at` are what a list of search results says of the page, if it came from one.
    """

    given: str
    target: Target | None
    remark: str = ""
    title: str = ""
    account: str = ""
    published_at: datetime | None = None


def urls_in(text: str) -> list[str]:
    """The URLs in a text, in order, as people paste them: one a line or among words. Lines that begin with # are notes."""
    found: list[str] = []
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            found += [url.rstrip(_TRAILING) for url in _URL.findall(line)]
    return found


def read_tips(urls: Iterable[str]) -> list[Tip]:
    """One tip for each URL, in order; several spellings of one page give equal targets."""
    return [_tip(url.strip()) for url in urls]


def _tip(given: str) -> Tip:
    try:
        url = frontier_url(given)
        check_url(given, local=False)  # as given: the canonical form has no user name any more
    except ValueError:
        return Tip(given, None, "不是完整的网址（须以 http:// 或 https:// 开头）")
    except (UrlRefused, AddressRefused) as error:
        return Tip(given, None, str(error))
    if host_of(url) == WECHAT_HOST:
        return _wechat_tip(given, url)
    if host_of(url) == SOGOU_HOST:
        return Tip(given, None, "搜狗的跳转链接，离线无法还原，请在浏览器中打开后换成文章的链接")
    return Tip(given, _target(f"线索 {host_of(url)}", url, TargetKind.SITE))


def is_wechat_page(url: str) -> bool:
    """Whether a canonical URL is a post or an album on WeChat's public platform."""
    return host_of(url) == WECHAT_HOST and _wechat_tip(url, url).target is not None


def _wechat_tip(given: str, url: str) -> Tip:
    parts = urlsplit(url)
    names = parse_qs(parts.query)
    if parts.path == "/mp/appmsgalbum":
        if {"__biz", "album_id"} <= names.keys():
            return Tip(given, _target("微信合集", url, TargetKind.ALBUM, max_pages=50))
        return Tip(given, None, "合集链接缺少 __biz 或 album_id")
    post = _target("微信文章", url, TargetKind.WECHAT)
    if _SHORT_POST.fullmatch(parts.path) or (parts.path == "/s" and all(names.get(name) for name in _POST_NAMES)):
        return Tip(given, post)
    if parts.path == "/s" and all(names.get(name) for name in _TEMPORARY_NAMES):
        return Tip(given, post, "这是会过期的临时链接，请尽快巡查，最好换成文章的永久链接")
    if parts.path == "/s":
        return Tip(given, None, f"文章链接不完整（须有 {'、'.join(_POST_NAMES)}）")
    return Tip(given, None, "不是微信文章或合集的链接")


def _target(name: str, url: str, kind: TargetKind, max_pages: int = 1) -> Target:
    """No minimum: a post that has been taken down is news, not a fault of the night."""
    depth = 1 if kind is TargetKind.ALBUM else 0
    return Target(name, url, kind, max_pages=max_pages, min_pages=0, depth=depth, note=TIP_NOTE)
