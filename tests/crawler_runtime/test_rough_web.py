"""Every way a server can misbehave has its stated outcome, and none stops the run."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.outcome import Outcome
from domain.targets import Target
from tests.crawler_runtime.fakes import MemoryStore, crawl, settings
from tests.crawler_runtime.rough_server import RoughServer, self_signed

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
    "slow-headers": (Outcome.TIMEOUT, "2.5 秒"),
    "drip": (Outcome.TIMEOUT, "2.5 秒"),
    "loop": (Outcome.HTTP_ERROR, "重定向循环"),
    "ever-on": (Outcome.HTTP_ERROR, "重定向超过"),
    "hops": (Outcome.CONTENT, ""),
    "cookie-gate": (Outcome.CONTENT, ""),
    "busy-once": (Outcome.CONTENT, ""),
    "fails-once": (Outcome.CONTENT, ""),
    "robots-500": (Outcome.ROBOTS_DENIED, "HTTP 500"),
    "robots-hang": (Outcome.ROBOTS_DENIED, "robots.txt 取不到"),
    "robots-html": (Outcome.CONTENT, ""),
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
    return crawl(targets, settings(hosts=hosts, concurrent_sites=40, concurrent_per_address=40))


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
    assert visit.outcome is Outcome.HTTP_ERROR
    assert visit.outcome_detail.startswith("证书校验失败")
