"""What is sent for a request of the browser, without one."""

import asyncio

from scrapy import Request
from scrapy.http import Response

from crawler.fetching.browser_request import BrowserRequest
from crawler.fetching.downloads import Downloads
from domain.page import Exchange
from tests.crawler_runtime.fakes import now, settings

ASKED = "http://clinic.example/api"
SECRET = (("accept", "*/*"), ("cookie", "session=1"), ("Authorization", "Bearer 1"))


def sent_to(url: str) -> dict[str, str]:
    """The fields of the request for `url`, to which the browser's own was redirected."""
    fields: dict[str, str] = {}

    async def fetch(request: Request) -> Response:
        fields.update({name.decode().lower(): values[0].decode() for name, values in request.headers.items()})
        request.meta["exchange"] = Exchange(request.url, "GET", (), 200, "", (), b"", now())
        return Response(request.url)

    downloads = Downloads(fetch, settings(), lambda: False)
    asyncio.run(downloads.resource(BrowserRequest(ASKED, "GET", SECRET, b"", is_document=False), url, local=True))
    return fields


def test_cookies_stay_with_their_host_when_a_part_of_a_page_has_moved() -> None:
    for own in (ASKED, "http://clinic.example/api/v2"):
        assert sent_to(own).keys() >= {"accept", "cookie", "authorization"}
    elsewhere = sent_to("http://counter.example/pixel")
    assert elsewhere["accept"] == "*/*"
    assert elsewhere.keys().isdisjoint({"cookie", "authorization"})
