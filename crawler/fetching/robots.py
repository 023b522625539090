"""robots.txt of each host, asked for once a night and obeyed (RFC 9309)."""

import asyncio
import math
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from protego import Protego

from crawler.addresses.guard import AddressRefused, UrlRefused, check_url
from crawler.addresses.urls import ascii_host, without_fragment
from crawler.failure import FetchFailed
from crawler.fetching.content_coding import decode_body, header
from crawler.fetching.politeness import Download
from domain.outcome import Outcome
from domain.page import Exchange
from domain.urls import canonical_url
from domain.user_agent import ROBOTS_TOKEN

#: RFC 9309, 2.5: a parser must read at least 500 KiB, and may stop there.
MAX_ROBOTS_BYTES = 512_000
#: RFC 9309, 2.3.1.2: at least five consecutive redirects are followed.
MAX_ROBOTS_REDIRECTS = 5

_OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: What comes before query and fragment.
_PLACE = re.compile(r"^[^?#]*")
_HOST_NAME = re.compile(r"[a-z0-9._-]+")


class RobotsStatus(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"


class RobotsRefused(FetchFailed):
    """A URL that may not be fetched, because robots.txt says so or because it could not be had (RFC 9309, 2.3.1.4). Of a server
    that does not answer the outcome is the same as of its pages, `timeout`: it has forbidden nothing."""

    def __init__(self, status: RobotsStatus, detail: str, outcome: Outcome, answer: Exchange | None = None) -> None:
        """`answer` is what the server said in place of a robots.txt, None when it said nothing."""
        super().__init__(outcome, detail, again=status is RobotsStatus.UNREACHABLE)
        self.status = status
        self.answer = answer


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What robots.txt permits for one URL. `delay_seconds` is 0 when it asks for none."""

    status: RobotsStatus
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of one origin. `parsed` is None when there are none, and then `status` says why; `outcome` is that of a URL which
    may not be fetched for it, `answer` as in `RobotsRefused`."""

    status: RobotsStatus
    detail: str = ""
    parsed: Protego | None = None
    outcome: Outcome = Outcome.ROBOTS_DENIED
    answer: Exchange | None = None


class RobotsRules:
    """Rules of the origins met in this run. That a robots.txt is unreachable is remembered until a URL is tried again: all pictures of
    a page would ask for it, one after another, and wait as long as it takes each time."""

    def __init__(self, download: Download, unreachable_seconds: float = 0.0) -> None:
        self._download = download
        self._unreachable_seconds = unreachable_seconds
        self._ask_again: dict[tuple[str, bool], float] = {}
        self._rules: dict[tuple[str, bool], _Rules] = {}
        self._locks: defaultdict[tuple[str, bool], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def answer(self, url: str, *, local: bool) -> RobotsAnswer:
        """What is permitted for `url`. Raises `RobotsRefused` when it may not be fetched, `FetchFailed` when the host cannot be
        talked to at all."""
        rules = await self._rules_for(url, local)
        if rules.status is RobotsStatus.UNREACHABLE:
            raise RobotsRefused(rules.status, rules.detail, rules.outcome, rules.answer)
        if rules.parsed is None:
            return RobotsAnswer(rules.status)
        if not rules.parsed.can_fetch(url, ROBOTS_TOKEN):
            raise RobotsRefused(RobotsStatus.DENIED, "robots.txt 不允许", rules.outcome)
        delay = rules.parsed.crawl_delay(ROBOTS_TOKEN) or 0.0
        if rate := rules.parsed.request_rate(ROBOTS_TOKEN):
            delay = max(delay, rate.seconds / max(1, rate.requests))
        return RobotsAnswer(RobotsStatus.ALLOWED, delay)

    async def sitemaps(self, url: str, *, local: bool) -> list[str]:
        """The sitemaps that the robots.txt of a URL's origin names. Raises `FetchFailed` as `answer` does."""
        rules = await self._rules_for(url, local)
        return [] if rules.parsed is None else list(rules.parsed.sitemaps)

    async def _rules_for(self, url: str, local: bool) -> _Rules:
        parts = urlsplit(url)
        key = (f"{parts.scheme}://{parts.netloc}", local)
        async with self._locks[key]:
            rules = self._rules.get(key)
            if rules is None or self._ask_again.get(key, math.inf) <= time.monotonic():
                rules = self._rules[key] = await self._fetch(f"{key[0]}/robots.txt", local)
                if rules.status is RobotsStatus.UNREACHABLE:
                    self._ask_again[key] = time.monotonic() + self._unreachable_seconds
                else:
                    self._ask_again.pop(key, None)
        return rules

    async def _fetch(self, url: str, local: bool) -> _Rules:
        for hops in range(MAX_ROBOTS_REDIRECTS + 1):
            try:
                exchange = await self._download(url, local)
                target = redirect_target(exchange)
                if target is None:
                    return _read(exchange)
                check_url(target, local=local)
            except (UrlRefused, AddressRefused) as refused:
                return _Rules(RobotsStatus.UNREACHABLE, f"robots.txt 取不到：重定向被拒绝：{refused}")
            except FetchFailed as failure:
                # What became of another server, to which this one sends us for it, says nothing of this one's pages
                if hops == 0 and failure.outcome not in (Outcome.TIMEOUT, Outcome.TOO_LARGE):
                    raise
                outcome = Outcome.TIMEOUT if failure.outcome is Outcome.TIMEOUT else Outcome.ROBOTS_DENIED
                return _Rules(RobotsStatus.UNREACHABLE, f"robots.txt 取不到：{failure.detail}", outcome=outcome)
            url = without_fragment(canonical_url(target))
        return _Rules(RobotsStatus.ABSENT, "robots.txt 重定向次数过多")


def redirect_target(exchange: Exchange) -> str | None:
    """The absolute URL that a response redirects to, None when it does not. Bytes beyond ASCII in Location are escaped as
    they are, whatever their encoding: the server knows which it meant. As in browsers, a backslash in the address of a page
    is a slash, and an escaped host is the name in UTF-8 that its escapes stand for."""
    location = header(exchange.response_headers, "location").strip()
    if exchange.status not in (301, 302, 303, 307, 308) or not location:
        return None
    text = "".join(
        character if character.isascii() else f"%{ord(character):02X}" for character in location
    )  # header values are latin-1: one character a byte
    if not _OTHER_SCHEME.match(text):
        text = _PLACE.sub(lambda place: place[0].replace("\\", "/"), text, count=1)
    try:
        return _with_plain_host(urljoin(exchange.url, text))
    except ValueError:  # a malformed address literal, as in //[::1/
        return text


def _with_plain_host(url: str) -> str:
    parts = urlsplit(url)
    written = parts.hostname or ""
    if "%" not in written or ":" in written:  # of an IPv6 address it parts the zone
        return url
    try:
        name = ascii_host(unquote(written, errors="strict"))
    except ValueError:
        return url
    if not _HOST_NAME.fullmatch(name):
        return url
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=user + at + name + place[len(written) :]))


def _read(exchange: Exchange) -> _Rules:
    status = exchange.status
    if status == 429 or status >= 500:
        return _Rules(RobotsStatus.UNREACHABLE, f"robots.txt 返回 HTTP {status}", answer=exchange)
    if not 200 <= status < 300:
        return _Rules(RobotsStatus.ABSENT)
    body = decode_body(exchange.response_headers, exchange.body, MAX_ROBOTS_BYTES + 1, cut=True)
    text = body.decode("utf-8-sig", "replace")
    if len(body) > MAX_ROBOTS_BYTES:  # the line that is cut would forbid more than it says: `/` of `/private`
        text = "".join(text.splitlines(keepends=True)[:-1])
    if text.lstrip().startswith("<"):  # the site's "not found" page, sent with status 200
        return _Rules(RobotsStatus.ABSENT)
    return _Rules(RobotsStatus.ALLOWED, parsed=Protego.parse(text))
