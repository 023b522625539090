"""Fetches one page: checks every hop, follows redirects, keeps each exchange."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from crawler.addresses.guard import AddressRefused, UrlRefused, check_url
from crawler.addresses.scope import Scope
from crawler.addresses.urls import without_fragment
from crawler.failure import FetchFailed
from crawler.fetching.content_coding import header
from crawler.fetching.cookies import ChainCookies
from crawler.fetching.politeness import SiteGates
from crawler.fetching.robots import RobotsAnswer, RobotsRefused, RobotsRules, redirect_target
from crawler.settings import CrawlSettings
from domain.outcome import Outcome
from domain.page import Exchange, Headers
from domain.urls import canonical_url


@dataclass(frozen=True, slots=True)
class Fetched:
    """The chain of exchanges for one URL, redirects first. `failure` is None when the last one is an answer to read.

    `robots` is as in `Visit.robots`: what robots.txt said about the last URL asked for.
    """

    final_url: str
    exchanges: tuple[Exchange, ...]
    robots: str
    failure: FetchFailed | None = None

    @property
    def retry_after(self) -> str:
        return header(self.exchanges[-1].response_headers, "retry-after") if self.exchanges else ""


class FetchBroken(Exception):
    """A fault of ours in fetching a page. `fetched` holds what had been received, `fault` what went wrong."""

    def __init__(self, fetched: Fetched, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fetched = fetched
        self.fault = fault


class PageDownload(Protocol):
    """Fetches one page without following redirects; raises `FetchFailed`. `cookie` is the Cookie field, may be empty;
    `conditions` are If-None-Match and If-Modified-Since."""

    async def __call__(self, url: str, local: bool, cookie: str = "", conditions: Headers = ()) -> Exchange: ...


class PageFetcher:
    """Fetches pages within a target's scope, politely. Raises `FetchBroken` for a fault of ours."""

    def __init__(self, download: PageDownload, gates: SiteGates, settings: CrawlSettings) -> None:
        self._download = download
        self._robots = RobotsRules(self._robots_txt, settings.retry_seconds)
        self._robots_exchanges: list[Exchange] = []
        self._gates = gates
        self._settings = settings

    async def fetch(self, url: str, scope: Scope, conditions: Headers = ()) -> Fetched:
        """Never raises `FetchFailed`: it is returned with what was received before it. `conditions` go with the first
        request only, since they are of its URL."""
        return await self._follow(without_fragment(url), (), scope, conditions)

    async def follow_script(self, fetched: Fetched, target: str, scope: Scope) -> Fetched:
        """Go where the script of the page fetched last sends a browser, as if it had answered with a redirect."""
        try:
            url = self._next_hop(fetched.final_url, target, scope, fetched.exchanges)
        except FetchFailed as failure:
            explained = FetchFailed(failure.outcome, f"页面用脚本跳转：{failure.detail}", again=failure.again)
            return replace(fetched, failure=explained)
        return await self._follow(url, fetched.exchanges, scope)

    async def _follow(self, url: str, before: Sequence[Exchange], scope: Scope, conditions: Headers = ()) -> Fetched:
        """Fetch `url` and wherever it redirects, after the exchanges of the chain so far."""
        chain = list(before)
        cookies = ChainCookies()
        for exchange in chain:
            cookies.keep(exchange)
        seen = {(exchange.url, header(exchange.request_headers, "cookie")) for exchange in chain}
        robots = ""
        try:
            while True:
                cookie = cookies.header_for(url)
                if (url, cookie) in seen:
                    raise self._without_end("重定向循环", chain)
                seen.add((url, cookie))
                answer = await self._permitted(url, scope)
                robots, delay = answer.status.value, self._pause(answer, scope)
                download = partial(self._download, cookie=cookie, conditions=conditions)
                exchange = await self._gates.take(url, scope.target.local, delay, download)
                conditions = ()
                chain.append(exchange)
                cookies.keep(exchange)
                target = redirect_target(exchange)
                if target is None:
                    return Fetched(url, tuple(chain), robots)
                url = self._next_hop(url, target, scope, chain)
        except FetchFailed as failure:
            if isinstance(failure, RobotsRefused):
                robots = failure.status.value
            return Fetched(url, tuple(chain), robots, failure)
        except Exception as fault:
            raise FetchBroken(Fetched(url, tuple(chain), robots), fault) from fault

    async def sitemaps(self, url: str, scope: Scope) -> list[str]:
        """The sitemaps that robots.txt names, empty also when it cannot be had."""
        try:
            return await self._robots.sitemaps(url, local=scope.target.local)
        except FetchFailed:
            return []

    def take_robots_exchanges(self) -> tuple[Exchange, ...]:
        """Requests for robots.txt made since the last call; each is to be archived once."""
        taken, self._robots_exchanges = tuple(self._robots_exchanges), []
        return taken

    async def check(self, url: str, scope: Scope) -> None:
        """Raises `FetchFailed` when a URL may not be fetched."""
        await self._permitted(url, scope)

    async def _permitted(self, url: str, scope: Scope) -> RobotsAnswer:
        try:
            check_url(url, local=scope.target.local)
        except (UrlRefused, AddressRefused) as error:
            raise FetchFailed(Outcome.OUT_OF_SCOPE, str(error), again=False) from error
        return await self._robots.answer(url, local=scope.target.local)

    async def delay_seconds(self, url: str, scope: Scope) -> float:
        """The pause after a request: the target's own or the one robots.txt asks for, whichever is longer."""
        try:
            answer = await self._robots.answer(url, local=scope.target.local)
        except RobotsRefused:  # it could be had when the page was asked for, and now it cannot
            return scope.target.delay_seconds
        return self._pause(answer, scope)

    def _pause(self, answer: RobotsAnswer, scope: Scope) -> float:
        return max(scope.target.delay_seconds, min(answer.delay_seconds, self._settings.max_crawl_delay_seconds))

    async def _robots_txt(self, url: str, local: bool) -> Exchange:
        exchange = await self._gates.take_aside(url, local, self._download)
        self._robots_exchanges.append(exchange)
        return exchange

    def _next_hop(self, url: str, target: str, scope: Scope, chain: Sequence[Exchange]) -> str:
        try:
            check_url(target, local=scope.target.local)
        except (UrlRefused, AddressRefused) as error:
            raise FetchFailed(Outcome.OUT_OF_SCOPE, f"重定向被拒绝：{error}", again=False) from error
        target = without_fragment(canonical_url(target))
        if (reason := scope.redirect_refusal(url, target)) is not None:
            raise FetchFailed(Outcome.OUT_OF_SCOPE, reason, again=False)
        if len(chain) > self._settings.max_redirects:
            raise self._without_end(f"重定向超过 {self._settings.max_redirects} 次", chain)
        return target

    def _without_end(self, detail: str, chain: Sequence[Exchange]) -> FetchFailed:
        """What redirects that lead nowhere are: those of a firewall send whoever does not run its script round in circles."""
        wordings = self._settings.wordings
        for exchange in chain:
            addresses = (exchange.url, redirect_target(exchange) or "")
            asked = {name for address in addresses for name in _parameters(address)} & wordings.challenge_parameters
            set_here = _cookies_set(exchange) & wordings.challenge_cookies
            if signs := sorted(asked | set_here):
                return FetchFailed(Outcome.CHALLENGE, f"{detail}（防火墙要求验证：{signs[0]}）", again=False)
        return FetchFailed(Outcome.HTTP_ERROR, detail, again=False)


def _parameters(url: str) -> set[str]:
    """Names of the parameters of a URL, in lower case."""
    query = url.partition("#")[0].partition("?")[2]
    return {pair.partition("=")[0].lower() for pair in query.split("&")}


def _cookies_set(exchange: Exchange) -> set[str]:
    fields = (value for name, value in exchange.response_headers if name.lower() == "set-cookie")
    return {value.partition("=")[0].strip().lower() for value in fields}
