"""robots.txt that is somewhere else, and that cannot be had there."""

import asyncio
import gzip
from dataclasses import dataclass, field

import pytest

from crawler.failure import FetchFailed
from crawler.fetching.robots import MAX_ROBOTS_BYTES, RobotsRefused, RobotsRules, RobotsStatus
from domain.outcome import Outcome
from domain.page import Exchange, Headers
from tests.crawler_runtime.fakes import now


@dataclass
class Site:
    """Sends whoever asks for its robots.txt to `location`, of which `there` says what becomes of it."""

    location: str
    there: FetchFailed | None = None
    asked: list[str] = field(default_factory=list)

    async def __call__(self, url: str, _local: bool) -> Exchange:
        self.asked.append(url)
        if url == "http://a.example/robots.txt":
            return Exchange(url, "GET", (), 302, "", (("Location", self.location),), b"", now())
        if self.there is not None:
            raise self.there
        return Exchange(url, "GET", (), 200, "", (), b"User-agent: *\nDisallow: /no", now())


@pytest.mark.parametrize("outcome", [Outcome.DNS_GONE, Outcome.HTTP_ERROR, Outcome.OUT_OF_SCOPE, Outcome.OUR_FAULT])
def test_a_site_is_not_gone_because_its_robots_txt_lies_on_a_server_that_is(outcome: Outcome) -> None:
    site = Site("http://gone.example/robots.txt", FetchFailed(outcome, "没有", again=False))
    with pytest.raises(RobotsRefused) as refused:
        asyncio.run(RobotsRules(site).answer("http://a.example/1", local=False))
    assert (refused.value.status, refused.value.outcome) == (RobotsStatus.UNREACHABLE, Outcome.ROBOTS_DENIED)


@pytest.mark.parametrize(
    "location", ["//[::1/", "ftp://a.example/robots.txt", "http://127.0.0.1/", "javascript:void(0)"]
)
def test_robots_txt_is_not_asked_for_where_pages_are_not(location: str) -> None:
    site = Site(location)
    with pytest.raises(RobotsRefused, match="重定向被拒绝"):
        asyncio.run(RobotsRules(site).answer("http://a.example/1", local=False))
    assert site.asked == ["http://a.example/robots.txt"]


def test_robots_txt_may_lie_elsewhere() -> None:
    rules = RobotsRules(Site("http://b.example/机器.txt".encode().decode("latin-1")))
    assert asyncio.run(rules.answer("http://a.example/1", local=False)).status is RobotsStatus.ALLOWED
    with pytest.raises(RobotsRefused):
        asyncio.run(rules.answer("http://a.example/no", local=False))


def test_a_server_that_does_not_answer_is_not_asked_for_each_picture() -> None:
    asked: list[str] = []

    async def hang(url: str, _local: bool) -> Exchange:
        asked.append(url)
        raise FetchFailed(Outcome.TIMEOUT, "30 秒内未收完", again=True)

    async def ask(rules: RobotsRules) -> list[object]:
        urls = [f"https://a.example/{number}.jpg" for number in range(8)]
        return await asyncio.gather(*(rules.answer(url, local=False) for url in urls), return_exceptions=True)

    async def ask_twice(seconds: float) -> None:
        rules = RobotsRules(hang, seconds)
        for answer in await ask(rules):
            assert isinstance(answer, RobotsRefused)
            assert (answer.status, answer.outcome) == (RobotsStatus.UNREACHABLE, Outcome.TIMEOUT)
        assert len(asked) == 1
        await asyncio.sleep(seconds)
        await ask(rules)
        assert len(asked) == 2

    asyncio.run(ask_twice(0.2))


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_of_a_very_long_robots_txt_the_beginning_counts(coding: str) -> None:
    rules = b"User-agent: *\nDisallow: /no\n"
    padding = b"#" * (MAX_ROBOTS_BYTES - len(rules) - len("\nDisallow: /"))
    body = rules + padding + b"\nDisallow: /private\n" + b"#" * 5_000_000  # cut behind the slash
    headers: Headers = (("Content-Encoding", coding),)

    async def download(url: str, _local: bool) -> Exchange:
        return Exchange(url, "GET", (), 200, "", headers, gzip.compress(body) if coding else body, now())

    answers = RobotsRules(download)
    assert asyncio.run(answers.answer("http://a.example/1", local=False)).status is RobotsStatus.ALLOWED
    with pytest.raises(RobotsRefused, match="不允许"):
        asyncio.run(answers.answer("http://a.example/no", local=False))
