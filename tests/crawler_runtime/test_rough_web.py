"""Every way a server can misbehave has its stated outcome, and none stops the run."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.outcome import Outcome
from domain.targets import RenderMode, Target
from domain.visits import ControlAsked, SkipRule
from tests.crawler_runtime.fakes import MemoryStore, crawl, settings
from tests.crawler_runtime.rough_server import BEHAVIOURS, RoughServer, self_signed

#: Long enough for a busy machine to give the answers that are given at once.
TIMEOUT_SECONDS = 6.0
EXPECTED: dict[str, tuple[Outcome, str]] = {
    "good": (Outcome.CONTENT, ""),
    "error-500": (Outcome.HTTP_ERROR, "500"),
    "gone-404": (Outcome.HTTP_GONE, "404"),
    "too-many": (Outcome.HTTP_ERROR, "429"),
    "to-file": (Outcome.OUT_OF_SCOPE, "不访问 file 协议"),
    "to-metadata": (Outcome.OUT_OF_SCOPE, "169.254.169.254"),
    "to-other-host": (Outcome.OUT_OF_SCOPE, "other.example"),
    "to-nowhere": (Outcome.OUT_OF_SCOPE, "重定向被拒绝"),
    "declared-50-mb": (Outcome.TOO_LARGE, "50000000"),
    "endless": (Outcome.TOO_LARGE, "3000000"),
    "short-body": (Outcome.HTTP_ERROR, "未收完"),
    "reset-mid-body": (Outcome.HTTP_ERROR, "断"),
    "truncated-gzip": (Outcome.HTTP_ERROR, "压缩内容损坏"),
    "false-gzip": (Outcome.HTTP_ERROR, "压缩内容损坏"),
    "gzip-bomb": (Outcome.TOO_LARGE, "解压后"),
    "deflate-bare": (Outcome.CONTENT, ""),
    "garbage-chunks": (Outcome.HTTP_ERROR, ""),
    "garbage-status": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "no-headers": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "huge-headers": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "large-headers": (Outcome.CONTENT, ""),
    "nul-bytes": (Outcome.CONTENT, ""),
    "wrong-charset": (Outcome.CONTENT, ""),
    "slow-headers": (Outcome.TIMEOUT, f"{TIMEOUT_SECONDS:g} 秒"),
    "drip": (Outcome.TIMEOUT, f"{TIMEOUT_SECONDS:g} 秒"),
    "loop": (Outcome.HTTP_ERROR, "重定向循环"),
    "ever-on": (Outcome.HTTP_ERROR, "重定向超过"),
    "safedog-round": (Outcome.CHALLENGE, "重定向循环（防火墙要求验证：webshielddrsessionverify）"),
    "yunsuo-round": (Outcome.CHALLENGE, "重定向超过"),
    "hops": (Outcome.CONTENT, ""),
    "cookie-gate": (Outcome.CONTENT, ""),
    "chinese-cookie-gate": (Outcome.CONTENT, ""),
    "busy-once": (Outcome.CONTENT, ""),
    "fails-once": (Outcome.CONTENT, ""),
    "robots-500": (Outcome.ROBOTS_DENIED, "HTTP 500"),
    "robots-hang": (Outcome.TIMEOUT, "robots.txt 取不到"),
    "robots-html": (Outcome.CONTENT, ""),
    "two-lengths": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "negative-length": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "length-in-words": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "header-without-colon": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "nul-in-header": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "endless-line": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "brotli-bomb": (Outcome.TOO_LARGE, "解压后"),
    "gzip-in-gzip": (Outcome.CONTENT, ""),
    "unheard-of-coding": (Outcome.HTTP_ERROR, "zstd-extra"),
    "to-javascript": (Outcome.OUT_OF_SCOPE, "不访问 javascript 协议"),
    "to-credentials": (Outcome.OUT_OF_SCOPE, "用户名"),
    "to-data": (Outcome.OUT_OF_SCOPE, "不访问 data 协议"),
    "redirect-without-location": (Outcome.HTTP_ERROR, "没有可跟随的地址"),
    "no-content": (Outcome.UNKNOWN, "响应为空"),
    "white-space": (Outcome.UNKNOWN, "响应为空"),
    "partial": (Outcome.CONTENT, ""),
    "needs-login": (Outcome.CHALLENGE, "需要登录"),
    "forbidden": (Outcome.HTTP_ERROR, "403"),
    "odd-status": (Outcome.HTTP_ERROR, "799"),
    "png-as-html": (Outcome.OUT_OF_SCOPE, "图片"),
    "pdf-as-html": (Outcome.OUT_OF_SCOPE, "PDF"),
    "html-as-octets": (Outcome.CONTENT, ""),
    "without-type": (Outcome.CONTENT, ""),
    "utf-16": (Outcome.CONTENT, ""),
    "deep": (Outcome.CONTENT, ""),
    "attributes": (Outcome.CONTENT, ""),
    "unclosed": (Outcome.CONTENT, ""),
    "fifty-thousand-links": (Outcome.CONTENT, ""),
    "continues": (Outcome.TIMEOUT, f"{TIMEOUT_SECONDS:g} 秒"),
    "drips-headers": (Outcome.TIMEOUT, f"{TIMEOUT_SECONDS:g} 秒"),
    "closes-at-once": (Outcome.HTTP_ERROR, "断"),
    "answers-twice": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "not-modified": (Outcome.HTTP_ERROR, "304"),
    "leave-me": (Outcome.HTTP_ERROR, "503"),
    "gone-all": (Outcome.HTTP_GONE, "没有可对照的页面"),
    "early-hints": (Outcome.CONTENT, ""),
    "switches-protocols": (Outcome.HTTP_ERROR, "101"),
    "waits-for-ever": (Outcome.HTTP_ERROR, "503"),
    "waits-past-time": (Outcome.HTTP_ERROR, "429"),
    "waits-till-no-day": (Outcome.HTTP_ERROR, "503"),
    "waits-in-words": (Outcome.HTTP_ERROR, "503"),
    "length-and-chunks": (Outcome.HTTP_ERROR, "不合 HTTP 规范"),
    "codec-of-no-text": (Outcome.CONTENT, ""),
    "codec-of-names": (Outcome.CONTENT, ""),
    "codec-unheard-of": (Outcome.CONTENT, ""),
    "zip-as-html": (Outcome.OUT_OF_SCOPE, "压缩"),
    "gzip-of-nothing": (Outcome.UNKNOWN, "响应为空"),
    "gzip-and-more": (Outcome.CONTENT, ""),
    "comment-without-end": (Outcome.CONTENT, ""),
    "script-without-end": (Outcome.CONTENT, ""),
    "head-alone": (Outcome.UNKNOWN, "没有任何内容"),
    "for-legal-reasons": (Outcome.HTTP_ERROR, "451"),
    "many-choices": (Outcome.HTTP_ERROR, "300"),
    "to-mapped-metadata": (Outcome.OUT_OF_SCOPE, ""),
    "to-number": (Outcome.OUT_OF_SCOPE, ""),
    "to-bytes": (Outcome.OUT_OF_SCOPE, ""),
    "stays-silent": (Outcome.TIMEOUT, f"{TIMEOUT_SECONDS:g} 秒"),
    "bad-cookies": (Outcome.CONTENT, ""),
    "robots-of-no-number": (Outcome.CONTENT, ""),
}
NO_TRIES_LEFT = {"robots-500", "robots-hang", "slow-headers", "drip", "error-500", "too-many", "short-body"}


@pytest.fixture(scope="module")
def server() -> Iterator[RoughServer]:
    with RoughServer() as running:
        yield running


@pytest.fixture(scope="module")
def store(server: RoughServer) -> MemoryStore:
    labels = [*EXPECTED, "empty-200"]
    targets = [Target(label, server.url(label), delay_seconds=0.0, depth=0, local=True) for label in labels]
    hosts = server.hosts(*labels)
    return crawl(
        targets, settings(hosts=hosts, concurrent_sites=40, concurrent_per_address=40, timeout_seconds=TIMEOUT_SECONDS)
    )


def test_there_are_enough_kinds_of_misbehaviour() -> None:
    assert set(EXPECTED) <= set(BEHAVIOURS)
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("label", EXPECTED)
def test_outcome(server: RoughServer, store: MemoryStore, label: str) -> None:
    outcome, detail = EXPECTED[label]
    visit = store.last(server.url(label))
    assert (visit.outcome, visit.retry_at) == (outcome, None), visit.outcome_detail
    assert detail in visit.outcome_detail


def test_every_url_ends(server: RoughServer, store: MemoryStore) -> None:
    assert set(store.final()) == {server.url(label) for label in [*EXPECTED, "empty-200"]}
    assert {row.state for row in store.frontier.rows} == {"done"}


def test_empty_answer_is_not_content(server: RoughServer, store: MemoryStore) -> None:
    assert store.last(server.url("empty-200")).outcome is not Outcome.CONTENT


@pytest.mark.parametrize("label", sorted(NO_TRIES_LEFT))
def test_passing_failures_are_tried_again(server: RoughServer, store: MemoryStore, label: str) -> None:
    tries = [visit for visit in store.visits if visit.frontier.url == server.url(label)]
    assert [visit.frontier.attempts for visit in tries] == [1, 2]
    assert tries[0].retry_at is not None


@pytest.mark.parametrize("label", ["loop", "to-file", "declared-50-mb", "gzip-bomb", "gone-404"])
def test_lasting_failures_are_not(server: RoughServer, store: MemoryStore, label: str) -> None:
    assert len([visit for visit in store.visits if visit.frontier.url == server.url(label)]) == 1


def test_retry_after_is_obeyed(server: RoughServer, store: MemoryStore) -> None:
    assert store.last(server.url("busy-once")).frontier.attempts == 2
    first, second = (item.at for item in server.asked if item.host == "busy-once.example" and item.path == "/")
    assert second - first >= 1.0


def test_redirects_are_kept_as_exchanges(server: RoughServer, store: MemoryStore) -> None:
    visit = store.last(server.url("hops"))
    assert [(item.url, item.status) for item in visit.exchanges] == [
        (server.url("hops"), 301),
        (server.url("hops", "/1"), 301),
        (server.url("hops", "/2"), 200),
    ]
    assert visit.final_url == server.url("hops", "/2")


def test_a_redirect_out_of_scope_is_kept_as_evidence(server: RoughServer, store: MemoryStore) -> None:
    visit = store.last(server.url("to-other-host"))
    assert [item.status for item in visit.exchanges] == [302]


def test_robots_that_cannot_be_had_forbid(server: RoughServer, store: MemoryStore) -> None:
    assert server.paths("robots-500") == ["/robots.txt", "/robots.txt"]
    assert store.last(server.url("robots-500")).robots == "unreachable"
    assert store.last(server.url("robots-html")).robots == "absent"


def test_refused_connection() -> None:
    with socket.socket() as bound:  # bound but not listening: nobody else can take the port meanwhile
        bound.bind(("127.0.0.1", 0))
        url = f"http://closed.example:{bound.getsockname()[1]}/"
        store = crawl([Target("closed", url, local=True)], settings(hosts={"closed.example": "127.0.0.1"}))
    visit = store.last(url)
    assert (visit.outcome, visit.outcome_detail) == (Outcome.HTTP_ERROR, "连接被拒绝")


def test_certificate_that_nobody_signed(tmp_path: Path) -> None:
    with RoughServer(tls=self_signed(tmp_path, "good.example")) as server:
        url = server.url("good")
        store = crawl([Target("self-signed", url, local=True)], settings(hosts=server.hosts("good")))
    visit = store.last(url)
    assert visit.outcome is Outcome.CONTENT  # decision 15: read, and said so
    tls = visit.exchanges[-1].connection
    assert tls is not None and tls.tls is not None and tls.tls.fault == "证书为自签名"


@pytest.mark.parametrize("label", ["calendar", "nests-itself", "sessions", "facets"])
def test_a_site_without_end_ends_before_its_budget(server: RoughServer, label: str) -> None:
    target = Target(
        label, server.url(label), delay_seconds=0.0, depth=50, max_pages=1000, local=True, render=RenderMode.NEVER
    )
    store = crawl([target], settings(hosts=server.hosts(label)))
    assert {visit.outcome for visit in store.visits} == {Outcome.CONTENT}
    assert len(store.final()) < 200
    skipped = [link for visit in store.visits for link in visit.skipped]
    assert label == "sessions" or SkipRule.TRAP in {link.rule for link in skipped}


@pytest.mark.parametrize(
    ("label", "outcome", "detail"),
    [
        ("gone-one", Outcome.HTTP_GONE, "本站其他页面正常"),
        ("gone-all", Outcome.HTTP_GONE, "本站其他页面也不存在"),
        ("gone-in-trouble", Outcome.HTTP_ERROR, "不能认定页面已不存在"),
    ],
)
def test_a_page_is_gone_only_if_its_site_answers(
    server: RoughServer, label: str, outcome: Outcome, detail: str
) -> None:
    url = server.url(label, "/news/1.html")
    target = Target(label, url, delay_seconds=0.0, depth=0, local=True)
    visits = crawl([target], settings(hosts=server.hosts(label))).visits
    assert visits[-1].outcome is outcome, visits[-1].outcome_detail
    assert detail in visits[-1].outcome_detail
    assert [item.url for item in visits[0].asides][-1] == server.url(label)
    assert len(visits) == (2 if outcome is Outcome.HTTP_ERROR else 1)


def test_a_site_is_asked_once_whether_it_is_there(server: RoughServer) -> None:
    before = len(server.paths("gone-all"))
    urls = [server.url("gone-all", f"/{number}.html") for number in range(5)]
    targets = [Target(url, url, delay_seconds=0.0, depth=0, local=True) for url in urls]
    store = crawl(targets, settings(hosts=server.hosts("gone-all")))
    assert {visit.outcome for visit in store.visits} == {Outcome.HTTP_GONE}
    assert server.paths("gone-all")[before:].count("/") <= 5


def test_a_name_is_gone_only_while_names_resolve() -> None:
    target = Target("x", "http://no-such-name.invalid/", delay_seconds=0.0, depth=0)
    broken = crawl([target], settings(dns_control=("also-not.invalid",), max_attempts=1)).visits[-1]
    assert broken.outcome is Outcome.OUR_FAULT, broken.outcome_detail
    working = crawl([target], settings(dns_control=("also-not.invalid", "127.0.0.1"), max_attempts=1)).visits[-1]
    unasked = crawl([target], settings(max_attempts=1)).visits[-1]
    assert working.outcome is unasked.outcome
    if working.outcome is Outcome.DNS_GONE:  # a resolver that answers with an error of its own says something else
        assert (working.control, unasked.control) == (ControlAsked("names-resolve"), ControlAsked("nothing-to-ask"))
