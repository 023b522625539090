"""The crawl as a whole over a real loopback server: what is asked, what is kept, and what happens when a port fails."""

import gzip
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from crawler.fetching import download, fetch
from crawler.fetching.robots import redirect_target
from crawler.night import visiting
from crawler.night.discovery import sitemap_links
from crawler.night.in_hand import OnlyInMemory
from domain.evidence import EvidenceIncomplete
from domain.findings import Judgement
from domain.outcome import Outcome
from domain.page import Exchange, ExtractedPage
from domain.targets import RenderMode, Target, TargetKind
from domain.visits import FrontierUrl, SkipRule, TargetInNight, Visit
from tests.crawler_runtime.fakes import MemoryFrontier, MemoryStore, crawl, crawl_over, judge_word, now, settings
from tests.crawler_runtime.rough_server import PAGE, RoughServer


@pytest.fixture
def server() -> Iterator[RoughServer]:
    with RoughServer() as running:
        yield running


def target(server: RoughServer, label: str, **changes: object) -> Target:
    values: dict[str, object] = {"delay_seconds": 0.0, "local": True, "render": RenderMode.NEVER}
    return Target(label, server.url(label), **(values | changes))  # type: ignore[arg-type]  # fields of all types


def test_an_exchange_is_kept_as_received(server: RoughServer) -> None:
    visit = crawl([target(server, "marked")], settings(hosts=server.hosts("marked"))).visits[0]
    exchange = visit.exchanges[0]
    assert exchange.response_headers[:3] == (("X-Second", "2"), ("X-First", "1"), ("x-first", "again"))
    assert gzip.decompress(exchange.body) == PAGE
    assert (exchange.ip, exchange.source, exchange.reason) == ("127.0.0.1", "http", "OK")
    assert visit.started_at <= exchange.fetched_at <= visit.ended_at
    sent = next(item.head for item in server.asked if item.path == "/")
    lines = [f"{name}: {value}" for name, value in exchange.request_headers]
    assert sent.decode("latin-1").split("\r\n")[1:-2] == lines


def test_what_a_firewall_adds_to_addresses_makes_no_new_pages(server: RoughServer) -> None:
    label = "safedog-passed"
    store = crawl([target(server, label)], settings(hosts=server.hosts(label)))
    start = f"http://{label}.example:{server.port}/"
    assert sorted(visit.frontier.url for visit in store.visits) == [start, f"{start}a.html"]
    assert all("?WebShieldSessionVerify=aB1dEf" in visit.final_url for visit in store.visits)


def test_a_cookie_goes_along_to_a_sister_of_the_host_that_set_it(server: RoughServer) -> None:
    hosts = dict.fromkeys(("gate.example", "www.gate.example"), "127.0.0.1")
    [visit] = crawl([target(server, "gate", depth=0)], settings(hosts=hosts)).visits
    assert (visit.outcome, visit.final_url) == (Outcome.CONTENT, f"http://www.gate.example:{server.port}/")


@pytest.mark.parametrize(("label", "coding"), [("chinese-cookie-gate", "utf-8"), ("gbk-cookie-gate", "gbk")])
def test_a_cookie_beyond_ascii_is_sent_and_kept_as_it_was_received(
    server: RoughServer, label: str, coding: str
) -> None:
    [visit] = crawl([target(server, label, depth=0)], settings(hosts=server.hosts(label))).visits
    assert visit.outcome is Outcome.CONTENT
    as_sent = "place=" + "门诊".encode(coding).decode("latin-1")
    assert dict(visit.exchanges[1].request_headers)["Cookie"] == as_sent
    assert f"Cookie: {as_sent}\r\n".encode("latin-1") in server.asked[-1].head


def test_says_who_it_is(server: RoughServer) -> None:
    crawl([target(server, "good")], settings(hosts=server.hosts("good")))
    assert all(b"YiguangBot/0.1) (+http://bot.example/about)" in item.head for item in server.asked)
    assert [item.path for item in server.asked] == ["/robots.txt", "/", "/sitemap.xml"]


def test_a_site_is_crawled_one_request_at_a_time(server: RoughServer) -> None:
    store = crawl([target(server, "site")], settings(hosts=server.hosts("site")))
    assert len(store.final()) == 7
    assert server.most_open == {"site.example": 1}
    assert server.paths("site").count("/robots.txt") == 1


@pytest.mark.parametrize("places", [1, 2])
def test_neighbours_on_one_server_share_its_places(server: RoughServer, places: int) -> None:
    labels = ["neighbour-a", "neighbour-b", "neighbour-c"]
    shared = settings(hosts=server.hosts(*labels), concurrent_per_address=places)
    store = crawl([target(server, label) for label in labels], shared)
    assert {visit.outcome for visit in store.visits} == {Outcome.CONTENT}
    assert server.most_pages_open <= places


def test_no_more_sites_are_visited_at_once_than_allowed(server: RoughServer) -> None:
    labels = ["neighbour-a", "neighbour-b", "neighbour-c"]
    one_site = settings(hosts=server.hosts(*labels), concurrent_per_address=3, concurrent_sites=1)
    store = crawl([target(server, label) for label in labels], one_site)
    assert {visit.frontier.target_id for visit in store.visits} == {1, 2, 3}
    assert server.most_pages_open == 1
    assert max(store.frontier.targets_asked) <= 13


def test_robots_are_obeyed_under_our_own_name(server: RoughServer) -> None:
    store = crawl([target(server, "robots-forbids")], settings(hosts=server.hosts("robots-forbids")))
    closed = store.last(server.url("robots-forbids", "/closed/a.html"))
    assert (closed.outcome, closed.robots, closed.exchanges) == (Outcome.ROBOTS_DENIED, "denied", ())
    assert store.last(server.url("robots-forbids", "/open.html")).robots == "allowed"
    assert "/closed/a.html" not in server.paths("robots-forbids")


def test_crawl_delay_is_obeyed(server: RoughServer) -> None:
    crawl([target(server, "robots-delay")], settings(hosts=server.hosts("robots-delay")))
    times = [item.at for item in server.asked if item.path != "/robots.txt"]
    assert len(times) == 4
    assert all(later - earlier >= 0.4 for earlier, later in zip(times, times[1:], strict=False))


def test_only_public_addresses_unless_local(server: RoughServer) -> None:
    named = target(server, "good", local=False)
    literal = Target("literal", f"http://127.0.0.1:{server.port}/", local=False)
    mapped = Target("mapped", f"http://[::ffff:127.0.0.1]:{server.port}/", local=False)
    store = crawl([named, literal, mapped], settings(hosts=server.hosts("good")))
    assert [visit.outcome for visit in store.visits] == [Outcome.OUT_OF_SCOPE] * 3
    assert all("非公网地址" in visit.outcome_detail for visit in store.visits)
    assert server.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost"])
def test_no_other_spelling_of_a_private_address_gets_through(server: RoughServer, host: str) -> None:
    store = crawl([Target("odd", f"http://{host}:{server.port}/", local=False)], settings())
    assert store.visits[-1].outcome in (Outcome.OUT_OF_SCOPE, Outcome.HTTP_ERROR, Outcome.DNS_GONE)
    assert server.asked == []


def test_a_faulty_judge_is_our_fault_and_the_run_goes_on(server: RoughServer) -> None:
    def judge(page: ExtractedPage) -> Judgement:
        if "病" in page.text:
            raise ZeroDivisionError("judge")
        return judge_word(page)

    targets = [target(server, "case"), target(server, "good")]
    store = crawl(targets, settings(hosts=server.hosts("case", "good")), judge)
    failed = store.last(server.url("case"))
    assert (failed.outcome, failed.frontier.attempts) == (Outcome.OUR_FAULT, 2)
    assert "ZeroDivisionError" in failed.outcome_detail
    assert failed.page is None
    assert [(item.url, item.status) for item in failed.exchanges] == [(server.url("case"), 200)]
    assert (failed.status, failed.final_url) == (200, server.url("case"))
    assert store.last(server.url("good")).outcome is Outcome.CONTENT


def test_a_judge_that_does_not_come_back_does_not_hold_up_the_run(server: RoughServer) -> None:
    def judge(page: ExtractedPage) -> Judgement:
        if "病" in page.text:
            time.sleep(10.0)
        return judge_word(page)

    targets = [target(server, "case"), target(server, "good")]
    short = settings(hosts=server.hosts("case", "good"), compute_timeout_seconds=5.0, max_attempts=1)
    store = crawl(targets, short, judge)
    assert store.last(server.url("case")).outcome_detail == "处理页面超过 5 秒"
    assert store.last(server.url("good")).outcome is Outcome.CONTENT


def test_incomplete_evidence_is_tried_again_then_our_fault(server: RoughServer) -> None:
    url = server.url("good")
    store = crawl([target(server, "good")], settings(hosts=server.hosts("good")), refuse=frozenset({url}))
    assert [visit.outcome for visit in store.visits] == [Outcome.OUR_FAULT] * 2
    assert [visit.retry_at is None for visit in store.visits] == [False, True]
    assert "证据不完整：缺少截图" in store.last(url).outcome_detail


def test_a_store_that_fails_ends_the_shard_loudly(server: RoughServer) -> None:
    class Broken(MemoryStore):
        def record(self, visit: Visit) -> None:
            raise OSError(f"disk full: {visit.final_url}")

    frontier = MemoryFrontier()
    frontier.add(1, server.url("good"), 0)
    item = TargetInNight(1, target(server, "good"))
    with pytest.raises(OSError, match="disk full"):
        crawl_over([item], frontier, Broken(frontier), settings(hosts=server.hosts("good")))
    assert [row.state for row in frontier.rows] == ["leased"]


def test_a_page_that_is_judged_without_end_keeps_nothing_from_ending(server: RoughServer) -> None:
    let_go = threading.Event()

    def judge(page: ExtractedPage) -> Judgement:
        if page.url.endswith("/endless"):
            let_go.wait()
        return judge_word(page)

    frontier = MemoryFrontier()
    for path in ("/endless", "/read"):
        frontier.add(1, server.url("good", path), 0)
    store = MemoryStore(frontier)
    short = settings(hosts=server.hosts("good"), compute_timeout_seconds=1.0, max_attempts=1)
    try:
        crawl_over([TargetInNight(1, target(server, "good"))], frontier, store, short, judge)
        outcomes = {url.rpartition("/")[2]: visit.outcome for url, visit in store.final().items()}
        assert outcomes == {"endless": Outcome.OUR_FAULT, "read": Outcome.CONTENT}
    finally:
        let_go.set()


def test_a_page_that_is_judged_without_end_is_set_aside_like_one_that_breaks_the_process(server: RoughServer) -> None:
    """Noted with those, or the starts that such pages cost would count as the shard's own fault."""
    let_go = threading.Event()

    def judge(page: ExtractedPage) -> Judgement:
        let_go.wait()
        return judge_word(page)

    frontier = MemoryFrontier()
    frontier.add(1, server.url("good", "/endless"), 0)
    store, in_hand = MemoryStore(frontier), OnlyInMemory()
    impatient = settings(hosts=server.hosts("good"), compute_timeout_seconds=0.3, retry_seconds=0.1, max_attempts=3)
    try:
        crawl_over([TargetInNight(1, target(server, "good"))], frontier, store, impatient, judge, in_hand=in_hand)
    finally:
        let_go.set()
    assert [visit.outcome for visit in store.visits] == [Outcome.OUR_FAULT] * 3
    assert [visit.set_aside for visit in store.visits] == [False, False, True]
    assert "处理页面超过 0.3 秒；已 3 次" in store.visits[-1].outcome_detail
    assert in_hand.broken_off(store.visits[-1].frontier.id) == 3


def test_a_shard_in_which_too_many_pages_are_judged_without_end_fails(server: RoughServer) -> None:
    let_go = threading.Event()

    def judge(page: ExtractedPage) -> Judgement:
        let_go.wait()
        return judge_word(page)

    frontier = MemoryFrontier()
    for number in range(8):
        frontier.add(1, server.url("good", f"/{number}"), 0)
    store = MemoryStore(frontier)
    short = settings(hosts=server.hosts("good"), compute_timeout_seconds=0.3, max_attempts=1)
    try:
        with pytest.raises(RuntimeError, match="still being read or judged"):
            crawl_over([TargetInNight(1, target(server, "good"))], frontier, store, short, judge)
    finally:
        let_go.set()
    assert 4 <= len(store.final()) < 8
    assert any(row.state != "done" for row in frontier.rows)


def test_a_target_with_nothing_left_is_let_go(server: RoughServer) -> None:
    asked: list[frozenset[int]] = []

    class Watched(MemoryFrontier):
        def claim(self, night_id: str, target_ids: Sequence[int], *rest: Any) -> list[FrontierUrl]:
            asked.append(frozenset(target_ids))
            return super().claim(night_id, target_ids, *rest)

    frontier = Watched()
    frontier.add(1, server.url("good"), 0)
    frontier.add(2, server.url("fails-once"), 0)  # fails at first: it is to be tried again, so its target is kept
    items = [TargetInNight(1, target(server, "good")), TargetInNight(2, target(server, "fails-once"))]
    patient = settings(hosts=server.hosts("good", "fails-once"), retry_seconds=0.3)
    store = MemoryStore(frontier)
    crawl_over(items, frontier, store, patient)
    assert store.final().keys() == {server.url("good"), server.url("fails-once")}
    assert asked[0] == {1, 2}
    assert asked[-1] == {2}


def test_an_interrupted_shard_does_not_look_finished(server: RoughServer) -> None:
    def judge(page: ExtractedPage) -> Judgement:
        signal.raise_signal(signal.SIGINT)
        return judge_word(page)

    frontier = MemoryFrontier()
    frontier.add(1, server.url("good"), 0)
    frontier.add(1, server.url("slow-headers"), 0)
    item = TargetInNight(1, target(server, "good"))
    calm = settings(hosts=server.hosts("good", "slow-headers"), timeout_seconds=20.0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let background jobs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            crawl_over([item], frontier, MemoryStore(frontier), calm, judge)
    finally:
        signal.signal(signal.SIGINT, before)
    assert frontier.rows[1].state != "done"


def test_takes_over_a_lease_that_ran_out_and_keeps_its_own(server: RoughServer) -> None:
    """As after kill -9: the row is still leased to a worker that is no more."""
    frontier = MemoryFrontier()
    frontier.add(1, server.url("drip"), 0)
    dead = frontier.rows[0]
    dead.state, dead.worker, dead.attempts, dead.due_at = "leased", "dead", 1, now() + timedelta(seconds=0.5)
    store = MemoryStore(frontier)
    short = settings(hosts=server.hosts("drip"), lease_seconds=0.3)
    crawl_over([TargetInNight(1, target(server, "drip"))], frontier, store, short)
    assert [(visit.outcome, visit.frontier.attempts) for visit in store.visits] == [(Outcome.TIMEOUT, 2)]
    assert frontier.heartbeats >= 2  # the visit took longer than its lease of 0.3 seconds
    assert frontier.claims == [1]


def test_a_heartbeat_that_failed_is_followed_by_others(server: RoughServer) -> None:
    class Failing(MemoryFrontier):
        def heartbeat(self, ids: Sequence[int], worker: str, now: datetime, lease_seconds: float) -> None:
            super().heartbeat(ids, worker, now, lease_seconds)
            if self.heartbeats == 1:
                raise OSError("away for a moment")

    frontier = Failing()
    frontier.add(1, server.url("drip"), 0)
    short = settings(hosts=server.hosts("drip"), lease_seconds=0.3)
    item = TargetInNight(1, target(server, "drip"))
    crawl_over([item], frontier, MemoryStore(frontier), short)
    assert frontier.heartbeats > 2


def test_links_of_a_page_are_followed_when_its_evidence_was_incomplete_at_first(server: RoughServer) -> None:
    class Once(MemoryStore):
        def record_all(self, visits: Sequence[Visit]) -> None:
            if not self.visits:
                self.visits.append(visits[0])
                raise EvidenceIncomplete("缺少截图")
            super().record_all(visits)

    frontier = MemoryFrontier()
    frontier.add(1, server.url("has-sitemap"), 0)
    store = Once(frontier)
    item = TargetInNight(1, target(server, "has-sitemap"))
    crawl_over([item], frontier, store, settings(hosts=server.hosts("has-sitemap")))
    refused, fault, again = [visit for visit in store.visits if visit.frontier.depth == 0]
    assert [visit.outcome for visit in (refused, fault, again)] == [
        Outcome.CONTENT, Outcome.OUR_FAULT, Outcome.CONTENT,
    ]  # fmt: skip
    assert (fault.discovered, fault.skipped, fault.skip_counts) == ((), (), {})
    assert len(again.discovered) == 1
    assert (again.discovered, again.skipped) == (refused.discovered, refused.skipped)
    assert again.skip_counts == refused.skip_counts == {SkipRule.HOST: 1, SkipRule.FILE: 1}
    assert len(store.final()) == 2


def test_links_of_a_page_are_followed_when_a_fault_of_ours_ended_its_visit_at_first(
    server: RoughServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def failing_once(url: str, *others: Any) -> Any:
        asked.append(url)
        if len(asked) == 1:
            raise OSError("away for a moment")
        return await sitemap_links(url, *others)

    monkeypatch.setattr(visiting, "sitemap_links", failing_once)
    store = crawl([target(server, "site")], settings(hosts=server.hosts("site")))
    fault, again = [visit for visit in store.visits if visit.frontier.depth == 0]
    assert (fault.outcome, again.outcome) == (Outcome.OUR_FAULT, Outcome.CONTENT)
    assert (fault.page, fault.judgement, fault.discovered, fault.skipped) == (None, None, (), ())
    assert fault.outcome_detail == "处理页面时出错：OSError: away for a moment"
    assert [item.url for item in fault.exchanges] == [server.url("site")]
    assert [item.url for item in fault.asides] == [server.url("site", "/robots.txt")]
    assert len(store.final()) == 7


def test_what_was_received_before_a_fault_of_ours_is_in_the_visit(
    server: RoughServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect, and then a fault in following it."""

    def failing(exchange: Exchange) -> str | None:
        if exchange.url.endswith("/1"):
            raise LookupError("no such place")
        return redirect_target(exchange)

    monkeypatch.setattr(fetch, "redirect_target", failing)
    [visit] = crawl([target(server, "hops")], settings(hosts=server.hosts("hops"), max_attempts=1)).visits
    assert (visit.outcome, visit.status) == (Outcome.OUR_FAULT, 301)
    assert visit.outcome_detail == "处理页面时出错：LookupError: no such place"
    assert [item.url for item in visit.exchanges] == [server.url("hops", path) for path in ("/", "/1")]


def test_what_was_asked_beside_the_page_before_a_fault_of_ours_is_in_the_visit(
    server: RoughServer, monkeypatch: pytest.MonkeyPatch
) -> None:

    def failing(exchange: Exchange) -> str | None:
        if exchange.url.endswith("/sitemap.xml"):
            raise LookupError("no such place")
        return redirect_target(exchange)

    monkeypatch.setattr(fetch, "redirect_target", failing)
    store = crawl([target(server, "has-sitemap")], settings(hosts=server.hosts("has-sitemap"), max_attempts=1))
    [visit] = store.visits
    assert (visit.outcome, visit.page) == (Outcome.OUR_FAULT, None)
    assert [item.url for item in visit.exchanges] == [server.url("has-sitemap")]
    assert server.url("has-sitemap", "/sitemap.xml") in [item.url for item in visit.asides]


def test_what_no_server_acknowledges_is_given_up_by_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the kernel would deliver it long after this process is gone."""
    monkeypatch.setattr(download, "_UNACKNOWLEDGED_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        mute = Target("m", f"http://mute.example:{full.getsockname()[1]}/", delay_seconds=0.0, local=True)
        store = crawl([mute], settings(hosts={"mute.example": "127.0.0.1"}, timeout_seconds=60.0))
    assert store.visits[-1].outcome_detail.endswith("对方没有应答，连接超时")  # robots.txt, which comes first


def test_a_page_of_a_post_leads_nowhere(server: RoughServer) -> None:
    post = target(server, "site", kind=TargetKind.WECHAT)
    assert len(crawl([post], settings(hosts=server.hosts("site"))).final()) == 1


@pytest.mark.parametrize("render", [RenderMode.NEVER, RenderMode.AUTO])
def test_a_page_that_leaves_by_script_is_followed_without_a_browser(server: RoughServer, render: RenderMode) -> None:
    store = crawl([target(server, "sends-on", render=render)], settings(hosts=server.hosts("sends-on")))
    visit = store.last(server.url("sends-on"))
    assert (visit.outcome, visit.final_url, visit.rendering) == (
        Outcome.CONTENT, server.url("sends-on", "/home"), None,
    )  # fmt: skip
    assert [item.url for item in visit.exchanges] == [server.url("sends-on"), server.url("sends-on", "/home")]


def test_a_page_that_leaves_the_scope_by_script_is_out_of_scope(server: RoughServer) -> None:
    visit = crawl([target(server, "sends-away")], settings(hosts=server.hosts("sends-away"))).visits[-1]
    assert (visit.outcome, visit.final_url) == (Outcome.OUT_OF_SCOPE, server.url("sends-away"))
    assert visit.outcome_detail == "页面用脚本跳转：重定向到范围之外的主机 chat.other.example"


def test_what_is_logged_names_site_and_page(server: RoughServer) -> None:
    noted: dict[str, set[tuple[object, object]]] = {}

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002  # signature is the library's
            bound = get_contextvars()
            noted.setdefault(str(bound.get("site")), set()).add((bound.get("page"), bound.get("attempt")))

    spider_log, handler = logging.getLogger("crawler.night.spider"), Noting()
    level = spider_log.level
    spider_log.addHandler(handler)
    spider_log.setLevel(logging.INFO)
    try:
        labels = ("marked", "good")
        store = crawl([target(server, label) for label in labels], settings(hosts=server.hosts(*labels)))
    finally:
        spider_log.removeHandler(handler)
        spider_log.setLevel(level)
    visited: dict[str, set[tuple[object, object]]] = {}
    for visit in store.visits:
        place = visited.setdefault(str(visit.frontier.target_id), set())
        place.add((visit.frontier.id, visit.frontier.attempts))
    assert noted == visited and set(visited) == {"1", "2"}
