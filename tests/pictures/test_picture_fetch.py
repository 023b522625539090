"""Which pictures are kept for other pages, for whom, and for how long."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from crawler.addresses.scope import Scope
from crawler.fetching.fetch import PageFetcher
from crawler.fetching.politeness import SiteGates
from crawler.pictures import picture_fetch
from crawler.pictures.picture_fetch import PictureFetch, PicturesHad
from domain.page import Exchange, Headers
from domain.targets import Target
from tests.crawler_runtime.fakes import now, settings

PAGE = "http://clinic.example/"
OWN = Scope(Target("内网", PAGE, delay_seconds=0.0, local=True))
PUBLIC = Scope(Target("示例门诊部", PAGE, delay_seconds=0.0))


def answered(url: str, status: int = 200, headers: Headers = (), body: bytes = b"GIF89a") -> Exchange:
    return Exchange(url, "GET", (), status, "", headers, body, now(), "127.0.0.1", "http")


async def no_robots(url: str, local: bool, cookie: str = "", conditions: Headers = ()) -> Exchange:  # noqa: ARG001
    return answered(url, 404)


@dataclass
class Downloads:
    """Answers from a table, else with a picture; notes what is asked for."""

    answers: dict[str, Exchange] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def picture(self, url: str, _page_url: str, _local: bool) -> Exchange:
        self.asked.append(url)
        return self.answers.get(url) or answered(url, body=b"GIF89a".ljust(400))


def fetch_each(downloads: Downloads, *pages: tuple[Scope, Sequence[str]]) -> list[PicturesHad]:
    """The pictures of some pages one after another, by one fetch."""

    async def run() -> list[PicturesHad]:
        gates, wanted = SiteGates(2), settings()
        fetcher = PageFetcher(no_robots, gates, wanted)
        fetch = PictureFetch(downloads, fetcher, gates, wanted.max_redirects)  # type: ignore[arg-type]
        return [await fetch.fetch(PAGE, urls, scope, None) for scope, urls in pages]

    return asyncio.run(run())


def test_what_a_local_target_got_from_its_own_network_is_not_for_others() -> None:
    url = "http://10.0.0.5/logo.png"
    own, public, again = fetch_each(Downloads(), (OWN, [url]), (PUBLIC, [url]), (OWN, [url]))
    assert list(own.had) == list(again.had) == [url]
    assert again.made == ()
    assert public.had == {}
    assert public.faults == {url: "拒绝访问非公网地址 10.0.0.5"}


def test_the_picture_in_use_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_fetch, "_KEPT_BYTES", 1000)  # room for two
    one, two, three = (f"http://clinic.example/{number}.png" for number in (1, 2, 3))
    downloads = Downloads()
    fetch_each(downloads, *((OWN, [url]) for url in (one, two, one, three, one, three, two)))
    assert downloads.asked == [one, two, three, two]


def test_a_redirect_that_leads_to_no_picture_is_handed_over_too() -> None:
    away, circle = "http://clinic.example/away.png", "http://clinic.example/circle.png"
    answers = {
        away: answered(away, 302, (("Location", "http://10.0.0.5/logo.png"),)),
        circle: answered(circle, 302, (("Location", circle),)),
    }
    [got] = fetch_each(Downloads(answers), (PUBLIC, [away, circle]))
    assert got.faults == {away: "拒绝访问非公网地址 10.0.0.5", circle: "重定向次数过多"}
    assert [exchange.url for exchange in got.made] == [away, *[circle] * (settings().max_redirects + 1)]
