"""Parts of a page that lie on its own site under another origin, while the site's turn is held for that page."""

import asyncio

import pytest

from crawler.addresses.scope import Scope
from crawler.fetching.fetch import PageFetcher
from crawler.fetching.politeness import SiteGates
from crawler.pictures.picture_fetch import PictureFetch
from domain.page import Exchange, Headers
from domain.targets import Target
from tests.crawler_runtime.fakes import now, settings

PAGE = "http://www.site.example/"


def answered(url: str) -> Exchange:
    status = 404 if url.endswith("/robots.txt") else 200
    return Exchange(url, "GET", (), status, "", (), b"GIF89a", now(), "127.0.0.1", "http")


async def page(url: str, local: bool, cookie: str = "", conditions: Headers = ()) -> Exchange:  # noqa: ARG001
    return answered(url)


class Downloads:
    async def picture(self, url: str, _page_url: str, _local: bool) -> Exchange:
        return answered(url)


@pytest.mark.parametrize("url", ["https://www.site.example/a.png", "http://site.example/a.png"])
def test_a_picture_of_another_origin_of_the_site_is_had(url: str) -> None:
    """Its robots.txt is not known yet: asked for in the site's turn, it would wait for the page that waits for it."""

    async def fetch() -> list[str]:
        wanted, gates = settings(), SiteGates(2)
        fetcher = PageFetcher(page, gates, wanted)
        scope = Scope(Target("site", PAGE, delay_seconds=0.0, local=True))
        assert (await fetcher.fetch(PAGE, scope)).failure is None
        pictures = PictureFetch(Downloads(), fetcher, gates, wanted.max_redirects)  # type: ignore[arg-type]
        async with asyncio.timeout(2):
            return list((await pictures.fetch(PAGE, [url], scope, None)).had)

    assert asyncio.run(fetch()) == [url]
