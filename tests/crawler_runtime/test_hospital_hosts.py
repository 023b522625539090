"""What hospitals' sites and rented hosts do in place of a page, or to it, has the outcome that a person would name."""

from collections.abc import Iterator

import pytest

from domain.outcome import Outcome
from domain.targets import Target
from tests.crawler_runtime.fakes import MemoryStore, crawl, settings
from tests.crawler_runtime.rough_server import RoughServer

NOT_THE_PAGE: dict[str, tuple[Outcome, str]] = {
    "parked-by-refresh": (Outcome.OUT_OF_SCOPE, "parked.other.example"),
    "soft-404-gbk": (Outcome.HTTP_GONE, "软 404"),
    "asp-error": (Outcome.HTTP_ERROR, "程序错误"),
    "no-filing-403": (Outcome.HTTP_ERROR, "403"),
    "space-expired": (Outcome.UNKNOWN, "暂停"),
    "closed-for-a-while": (Outcome.UNKNOWN, "暂停"),
    "too-many-people": (Outcome.HTTP_ERROR, "繁忙"),
    "old-browser": (Outcome.UNKNOWN, "浏览器"),
    "wrong-region": (Outcome.CHALLENGE, "地区"),
    "json-error": (Outcome.HTTP_ERROR, "系统异常"),
    "json-not-found": (Outcome.HTTP_GONE, "404"),
    "waf-405": (Outcome.CHALLENGE, "405"),
    "waf-493": (Outcome.CHALLENGE, "493"),
    "asks-for-digits": (Outcome.CHALLENGE, ""),
    "cookie-by-script": (Outcome.CHALLENGE, ""),
    "script-sets-and-reloads": (Outcome.CHALLENGE, ""),
    "to-login": (Outcome.CHALLENGE, "登录"),
    "gzip-unsaid": (Outcome.OUT_OF_SCOPE, "压缩"),
    "last-chunk-missing": (Outcome.HTTP_ERROR, "未收完"),
    "session-in-path": (Outcome.HTTP_ERROR, "重定向"),
    "to-its-address": (Outcome.OUT_OF_SCOPE, "127.0.0.1"),
}
THE_PAGE = [
    "http-one", "no-reason", "gbk-in-a-header", "utf-8-said-to-be-gbk", "no-such-charset", "warning-above",
    "two-documents", "attachment", "xhtml-broken", "gzip-said-twice", "gzip-and-rubbish", "two-types",
    "lines-without-return", "pauses", "moves-in-gbk", "moves-with-blanks",
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[RoughServer]:
    with RoughServer() as running:
        yield running


@pytest.fixture(scope="module")
def store(server: RoughServer) -> MemoryStore:
    labels = [*NOT_THE_PAGE, *THE_PAGE]
    targets = [Target(label, server.url(label), delay_seconds=0.0, depth=0, local=True) for label in labels]
    return crawl(targets, settings(hosts=server.hosts(*labels), concurrent_sites=40, concurrent_per_address=40))


@pytest.mark.parametrize("label", NOT_THE_PAGE)
def test_what_is_not_the_page_is_named(server: RoughServer, store: MemoryStore, label: str) -> None:
    outcome, detail = NOT_THE_PAGE[label]
    visit = store.last(server.url(label))
    assert visit.outcome is outcome, visit.outcome_detail
    assert detail in visit.outcome_detail
    assert visit.page is None


@pytest.mark.parametrize("label", THE_PAGE)
def test_the_page_is_read_as_a_browser_shows_it(server: RoughServer, store: MemoryStore, label: str) -> None:
    visit = store.last(server.url(label))
    assert visit.outcome is Outcome.CONTENT, visit.outcome_detail
    assert visit.page is not None
    assert "本周门诊时间安排如下。" * 3 in visit.page.text
