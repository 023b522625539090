"""The crawl with the real browser: script-built sites, screenshots of leads, and pages that will not be shown."""

import re
from collections.abc import Iterator

import pytest

from crawler.night.computing import ComputingStuck
from crawler.night.page_reader import PageReader
from crawler.rendering.ladder import FOLDED
from crawler.settings import Showing
from domain.findings import Judgement
from domain.outcome import NOBODY_SHOWS_ZH, Outcome
from domain.page import Exchange, ExtractedPage, Reading
from domain.site_trials import ActionKind, Rung
from domain.targets import RenderMode, Target, TargetKind
from tests.crawler_runtime.fakes import MemoryStore, crawl, settings
from tests.crawler_runtime.rough_server import RoughServer
from tests.crawler_runtime.test_memory import Remembered


@pytest.fixture(scope="module")
def server() -> Iterator[RoughServer]:
    with RoughServer() as running:
        yield running


def run(server: RoughServer, label: str, render: RenderMode = RenderMode.AUTO, **changes: object) -> MemoryStore:
    target = Target(label, server.url(label), delay_seconds=0.0, local=True, depth=1, render=render)
    return crawl([target], settings(hosts=server.hosts(label), **changes))


def test_a_site_built_by_scripts_is_crawled_through(server: RoughServer) -> None:
    store = run(server, "script-built")
    final = store.final()
    assert set(final) == {server.url("script-built", path) for path in ("/", "/about", "/claim")}
    for visit in final.values():
        assert visit.outcome is Outcome.CONTENT
        assert visit.page is not None
        assert "门诊介绍" in visit.page.text
        assert visit.rendering is not None
        # The document is the one already fetched; only its script was asked for by the browser
        assert [item.url for item in visit.rendering.exchanges] == [server.url("script-built", "/app.js")]
        assert {item.source for item in visit.rendering.exchanges} == {"browser"}
    lead = final[server.url("script-built", "/claim")]
    assert lead.judgement is not None
    assert lead.judgement.flagged


def test_without_the_browser_the_shell_is_all_there_is(server: RoughServer) -> None:
    store = run(server, "script-built", RenderMode.NEVER)
    assert [visit.rendering for visit in store.visits] == [None]


def test_a_lead_is_photographed_in_the_same_visit_in_every_mode(server: RoughServer) -> None:
    store = run(server, "case", RenderMode.NEVER)
    visit = store.last(server.url("case"))
    assert visit.outcome is Outcome.CONTENT
    assert visit.rendering is not None
    assert visit.rendering.screenshot_png.startswith(b"\x89PNG")
    assert "包治百病" in visit.rendering.dom_html
    assert visit.rendering.final_url == server.url("case")
    assert visit.rendering.places
    assert visit.rendering.places[0].boxes
    asked = [item.path for item in server.asked if item.host == "case.example"]
    assert asked.count("/") == 1
    assert {"/a.png", "/a.js"} <= set(asked)


def test_a_script_does_not_lead_out_of_scope(server: RoughServer) -> None:
    visit = run(server, "wanders-off").last(server.url("wanders-off"))
    assert visit.outcome is Outcome.CONTENT
    assert visit.rendering is not None
    assert visit.rendering.final_url == server.url("wanders-off")
    assert "包治百病" in visit.rendering.dom_html
    assert ("http://other.example/", "重定向到范围之外的主机 other.example") in visit.rendering.not_captured


def test_a_lead_whose_scripts_hide_it_is_shown_without_them(server: RoughServer) -> None:
    first, second = run(server, "vanishes").visits
    assert (first.outcome, first.page, first.judgement, first.rendering) == (Outcome.OUR_FAULT, None, None, None)
    assert first.retry_at is not None
    assert second.outcome is Outcome.CONTENT
    assert second.rendering is not None
    assert (server.url("vanishes"), "页面脚本已停用") in second.rendering.not_captured
    assert "<p>包治百病</p>" in second.rendering.dom_html


def test_a_lead_without_any_browser_is_our_fault(server: RoughServer) -> None:
    store = run(server, "case", chromium_path="/nonexistent/chromium")
    assert [visit.outcome for visit in store.visits] == [Outcome.OUR_FAULT] * 2
    assert "无法启动 Chromium" in store.visits[-1].outcome_detail


def test_a_feed_leads_to_its_entries_and_is_shown_when_flagged(server: RoughServer) -> None:
    """Bridges carry whole posts in a feed, so it is judged like a page; browsers show its text."""
    target = Target("feed", server.url("feed"), TargetKind.FEED, delay_seconds=0.0, local=True)
    store = crawl([target], settings(hosts=server.hosts("feed")))
    assert set(store.final()) == {server.url("feed"), server.url("feed", "/1.html")}
    visit = store.last(server.url("feed"))
    assert visit.outcome is Outcome.CONTENT, visit.outcome_detail
    assert visit.rendering is not None
    assert "包治百病" in visit.rendering.dom_html


@pytest.mark.parametrize("render", [RenderMode.AUTO, RenderMode.ALWAYS])
def test_a_page_that_sends_the_browser_out_of_scope_is_out_of_scope(server: RoughServer, render: RenderMode) -> None:
    visits = run(server, "sends-away", render).visits
    assert [(visit.outcome, visit.retry_at) for visit in visits] == [(Outcome.OUT_OF_SCOPE, None)]
    assert "跳转" in visits[0].outcome_detail
    assert "chat.other.example" in visits[0].outcome_detail
    assert [item.status for item in visits[0].exchanges] == [200]


@pytest.mark.parametrize(
    ("label", "outcome"),
    [("sends-to-what-moved-away", Outcome.OUT_OF_SCOPE), ("parts-moved-away", Outcome.CONTENT)],
)
def test_a_redirect_that_the_browser_may_not_follow_is_in_the_visit_once(
    server: RoughServer, label: str, outcome: Outcome
) -> None:
    [visit] = run(server, label, RenderMode.ALWAYS).visits
    assert visit.outcome is outcome, visit.outcome_detail
    shown = () if visit.rendering is None else visit.rendering.exchanges
    received = [(item.url, item.status) for item in (*visit.exchanges, *shown, *visit.picture_exchanges, *visit.asides)]
    assert received.count((server.url(label, "/moved"), 302)) == server.paths(label).count("/moved") == 1


@pytest.mark.parametrize(("label", "coding"), [("chinese-cookie-gate", "utf-8"), ("gbk-cookie-gate", "gbk")])
def test_a_cookie_beyond_ascii_comes_back_from_the_browser_as_it_was_received(
    server: RoughServer, label: str, coding: str
) -> None:
    run(server, label, RenderMode.ALWAYS)
    head = next(item.head for item in server.asked if item.path == f"/{coding}")
    assert b"\r\ncookie: place=" + "门诊".encode(coding) + b"\r\n" in head.lower()


def test_what_a_page_posts_is_posted_again_where_a_redirect_says_so(server: RoughServer) -> None:
    [visit] = run(server, "posts-on", RenderMode.ALWAYS).visits
    assert visit.rendering is not None
    methods = {item.url.rpartition("/")[2]: item.method for item in visit.rendering.exchanges}
    assert [methods[f"to-{status}"] for status in (301, 302, 303, 307, 308)] == ["GET", "GET", "GET", "POST", "POST"]
    heads = {item.path: item.head.lower() for item in server.asked if item.host == "posts-on.example"}
    for path, head in heads.items():
        posted = path in ("/to-307", "/to-308") or path.startswith("/moved-")
        assert (b"content-length: 3\r\n" in head) is posted
        assert (b"content-type: application/x-www-form-urlencoded" in head) is posted


def test_what_the_browser_received_before_it_failed_is_in_the_visit(server: RoughServer) -> None:
    first, _ = run(server, "vanishes-with-script").visits
    assert (first.outcome, first.rendering) == (Outcome.OUR_FAULT, None)
    assert server.url("vanishes-with-script", "/a.js") in [item.url for item in first.asides]


def test_what_a_page_still_loads_when_it_has_been_shown_is_cut_off_before_the_next_page(server: RoughServer) -> None:
    store = run(server, "keeps-loading", RenderMode.ALWAYS, timeout_seconds=20.0)
    first, following = store.last(server.url("keeps-loading")), store.last(server.url("keeps-loading", "/next"))
    assert following.page is not None
    assert "传送已停" in following.page.text
    assert first.rendering is not None
    assert (server.url("keeps-loading", "/endless"), "页面显示完时仍未收完") in first.rendering.not_captured
    assert server.url("keeps-loading", "/a.js") in [item.url for item in first.rendering.exchanges]


def test_what_was_received_for_a_page_that_takes_too_long_to_work_out_is_in_the_visit(
    server: RoughServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(_: PageReader, page: ExtractedPage) -> Judgement:
        raise ComputingStuck(f"处理页面超过 1 秒：{page.url}")

    monkeypatch.setattr(PageReader, "judged", stuck)
    [visit] = run(server, "case", RenderMode.ALWAYS, max_attempts=1).visits
    assert (visit.outcome, visit.rendering) == (Outcome.OUR_FAULT, None)
    assert "处理页面超过 1 秒" in visit.outcome_detail
    assert server.url("case", "/a.js") in [item.url for item in visit.asides]


def test_what_the_browser_received_before_a_fault_of_ours_is_in_the_visit(
    server: RoughServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty(_: PageReader, page: ExtractedPage) -> Judgement:
        raise ZeroDivisionError(page.url)

    monkeypatch.setattr(PageReader, "judged", faulty)
    [visit] = run(server, "case", RenderMode.ALWAYS, max_attempts=1).visits
    assert (visit.outcome, visit.rendering) == (Outcome.OUR_FAULT, None)
    assert "ZeroDivisionError" in visit.outcome_detail
    assert [item.url for item in visit.exchanges] == [server.url("case")]
    assert server.url("case", "/a.js") in [item.url for item in visit.asides]


def test_a_page_that_a_script_leads_to_is_in_the_visit_though_it_takes_too_long_to_read(
    server: RoughServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = PageReader.received

    async def stuck(reader: PageReader, url: str, exchange: Exchange) -> tuple[Reading, bytes]:
        if exchange.url.endswith("/home"):
            raise ComputingStuck("处理页面超过 1 秒")
        return await received(reader, url, exchange)

    monkeypatch.setattr(PageReader, "received", stuck)
    [visit] = run(server, "sends-on", max_attempts=1).visits
    assert visit.outcome is Outcome.OUR_FAULT
    assert [item.url for item in visit.exchanges] == [server.url("sends-on", path) for path in ("/", "/home")]


def test_a_page_that_sends_the_browser_on_within_the_site_is_read_where_it_ends(server: RoughServer) -> None:
    visit = run(server, "sends-on").last(server.url("sends-on"))
    assert (visit.outcome, visit.final_url) == (Outcome.CONTENT, server.url("sends-on", "/home"))
    assert visit.page is not None
    assert "本周门诊时间安排" in visit.page.text


def test_a_lead_that_goes_elsewhere_is_shown_as_it_was_judged(server: RoughServer) -> None:
    visit = run(server, "lead-sends-on").last(server.url("lead-sends-on"))
    assert (visit.outcome, visit.frontier.attempts) == (Outcome.CONTENT, 1)
    assert visit.rendering is not None
    assert visit.rendering.final_url == visit.final_url == server.url("lead-sends-on")
    assert "包治百病" in visit.rendering.dom_html
    assert (server.url("lead-sends-on"), "页面脚本已停用") in visit.rendering.not_captured


@pytest.mark.parametrize("label", ["sends-in-circles", "reloads", "refreshes"])
def test_going_round_in_circles_is_not_our_fault(server: RoughServer, label: str) -> None:
    visits = run(server, label, RenderMode.ALWAYS).visits
    assert len(visits) == 1
    assert visits[0].outcome is not Outcome.OUR_FAULT, visits[0].outcome_detail
    assert visits[0].outcome is Outcome.CONTENT or re.search("跳转|重定向循环", visits[0].outcome_detail)


HOSTILE = [
    "alerts", "popups", "prints", "shuts-itself", "towers", "keeps-asking", "frames", "downloads", "grows",
    "to-other-schemes", "spins", "breaks-tools",
]  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE)
def test_a_lead_that_fights_the_browser_is_photographed_all_the_same(server: RoughServer, label: str) -> None:
    short = {"render_timeout_seconds": 6.0} if label == "spins" else {}
    target = Target(label, server.url(label), delay_seconds=0.0, local=True, depth=0)
    visit = crawl([target], settings(hosts=server.hosts(label), **short)).last(server.url(label))
    assert visit.outcome is Outcome.CONTENT, visit.outcome_detail
    assert visit.rendering is not None
    assert "包治百病" in visit.rendering.dom_html
    assert visit.rendering.screenshot_png.startswith(b"\x89PNG")
    assert {item.host for item in server.asked if label in item.host} == {f"{label}.example"}


def test_a_folded_page_is_read_whole_and_says_how_it_was_shown(server: RoughServer) -> None:
    visit = run(server, "folds").last(server.url("folds"))
    assert visit.page is not None and visit.rendering is not None and visit.judgement is not None
    assert visit.judgement.flagged  # the claim is behind the fold
    assert visit.rendering.why == FOLDED
    assert [(action.kind, action.words) for action in visit.rendering.actions] == [(ActionKind.UNFOLD, "展开全文")]


def test_what_a_browser_was_worth_at_a_site_is_known_in_the_next_crawl(server: RoughServer) -> None:
    memory = Remembered()
    target = Target("folds", server.url("folds"), delay_seconds=0.0, local=True, depth=0)
    for _ in range(2):
        crawl([target], settings(hosts=server.hosts("folds")), memory=memory)
    assert [(trial.rung, trial.streak) for trial in memory.trials()] == [(Rung.UNFOLDING, 2)]


def test_a_page_that_says_enough_is_read_as_sent_when_the_browser_fails(server: RoughServer) -> None:
    memory = Remembered()
    target = Target("folds", server.url("folds"), delay_seconds=0.0, local=True, depth=0)
    changes = settings(hosts=server.hosts("folds"), chromium_path="/nonexistent/chromium")
    visit = crawl([target], changes, memory=memory).last(server.url("folds"))
    assert (visit.outcome, visit.rendering) == (Outcome.CONTENT, None)
    assert [(trial.rung, trial.streak) for trial in memory.trials()] == [(Rung.UNFOLDING, -1)]


def test_a_process_without_a_browser_leaves_pages_that_want_one_to_others(server: RoughServer) -> None:
    store = run(server, "script-built", showing=Showing.ELSEWHERE)
    assert store.visits == []  # nothing of the page is kept, and its links are found by whoever shows it
    assert [row.state for row in store.frontier.rows] == ["to-show"]
    store = run(server, "case", RenderMode.NEVER, showing=Showing.ELSEWHERE)
    assert [row.state for row in store.frontier.rows if row.url == server.url("case")] == ["to-show"]
    assert all(visit.judgement is not None and not visit.judgement.flagged for visit in store.visits)


def test_where_nobody_has_a_browser_a_page_says_so(server: RoughServer) -> None:
    lead = run(server, "case", showing=Showing.NOWHERE).last(server.url("case"))
    assert (lead.outcome, lead.unshown, lead.page, lead.retry_at) == (Outcome.OUR_FAULT, True, None, None)
    assert NOBODY_SHOWS_ZH in lead.outcome_detail
    shell = run(server, "script-built", showing=Showing.NOWHERE).last(server.url("script-built"))
    assert shell.unshown
    assert NOBODY_SHOWS_ZH in shell.outcome_detail
    plain = run(server, "neighbour-a", RenderMode.ALWAYS, showing=Showing.NOWHERE).last(server.url("neighbour-a"))
    assert (plain.outcome, plain.unshown, plain.rendering) == (Outcome.CONTENT, True, None)
    assert plain.page is not None
    assert NOBODY_SHOWS_ZH in plain.outcome_detail
