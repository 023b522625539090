"""What is sent for a request of the browser, without one."""

import asyncio

import pytest
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


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("PUT", 302, "PUT"),
        ("PUT", 303, "GET"),
        ("PUT", 307, "PUT"),
        ("HEAD", 303, "HEAD"),
        ("GET", 307, "GET"),
    ],
)
def test_what_becomes_of_a_request_that_is_redirected(method: str, status: int, then: str) -> None:
    body = b"" if method in ("GET", "HEAD") else b"a=1"
    asked = BrowserRequest(ASKED, method, (*SECRET, ("Content-Type", "text/plain")), body, is_document=False)
    after = asked.after(status)
    assert after.method == then
    assert after == (asked if method == then else BrowserRequest(ASKED, "GET", SECRET, b"", is_document=False))


def test_a_place_in_the_page_makes_no_redirect_of_a_request() -> None:
    asked = BrowserRequest(f"{ASKED}#top", "POST", (), b"a=1", is_document=False)
    sent: list[tuple[str, bytes]] = []

    async def fetch(request: Request) -> Response:
        sent.append((request.method, request.body))
        request.meta["exchange"] = Exchange(request.url, request.method, (), 200, "", (), b"", now())
        return Response(request.url)

    asyncio.run(Downloads(fetch, settings(), lambda: False).resource(asked, ASKED, local=True))
    assert sent == [("POST", b"a=1")]
