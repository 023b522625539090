"""What a crawl remembers from the run before: sites at rest, pages that have not changed, and when the night ends."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from crawler.fetching.site_rests import SiteRests
from domain.findings import Judgement
from domain.outcome import Outcome
from domain.page import ExtractedPage
from domain.site_trials import Rung, SiteTrial
from domain.targets import RenderMode, Target
from domain.visits import Earlier, SiteRest
from tests.crawler_runtime.fakes import MemoryStore, crawl, judge_word, now, settings
from tests.crawler_runtime.rough_server import RoughServer


@dataclass
class Remembered:
    """`CrawlMemory` in memory."""

    pages: dict[str, Earlier] = field(default_factory=dict)
    sites: dict[str, SiteRest] = field(default_factory=dict)
    tried: dict[tuple[str, Rung], SiteTrial] = field(default_factory=dict)
    servers: list[dict[str, str]] = field(default_factory=list)
    asked_about: list[list[str]] = field(default_factory=list)

    def earlier(self, urls: Collection[str], now: datetime) -> dict[str, Earlier]:
        assert now.tzinfo is not None
        self.asked_about.append(sorted(urls))
        return {url: self.pages[url] for url in urls if url in self.pages}

    def known_page(self, host: str, other_than: Collection[str]) -> str | None:
        return next((url for url in self.pages if f"//{host}" in url and url not in other_than), None)

    def rests(self) -> Sequence[SiteRest]:
        return list(self.sites.values())

    def keep_rest(self, rest: SiteRest) -> None:
        self.sites[rest.site] = rest

    def end_rest(self, site: str) -> None:
        del self.sites[site]

    def trials(self) -> Sequence[SiteTrial]:
        return list(self.tried.values())

    def keep_trial(self, trial: SiteTrial) -> None:
        self.tried[trial.site, trial.rung] = trial

    def keep_addresses(self, addresses: Mapping[str, str], now: datetime) -> None:
        assert now.tzinfo is not None
        self.servers.append(dict(addresses))


@pytest.fixture
def server() -> Iterator[RoughServer]:
    with RoughServer() as running:
        yield running


def run(server: RoughServer, label: str, memory: Remembered, **changes: object) -> MemoryStore:
    target = Target(label, server.url(label), delay_seconds=0.0, local=True, render=RenderMode.NEVER)
    return crawl([target], settings(hosts=server.hosts(label), **changes), memory=memory)


def test_a_page_that_has_not_changed_is_content_and_leads_on(server: RoughServer) -> None:
    url = server.url("validates")
    memory = Remembered(
        {url: Earlier(7, '"v1"', "Wed, 25 Nov 2026 08:00:00 GMT", (server.url("validates", "/2.html"),))}
    )
    store = run(server, "validates", memory)
    visit = store.last(url)
    assert (visit.outcome, visit.status, visit.same_as, visit.page, visit.judgement) == (
        Outcome.CONTENT, 304, 7, None, None,
    )  # fmt: skip
    sent = dict(visit.exchanges[0].request_headers)
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"v1"', "Wed, 25 Nov 2026 08:00:00 GMT")
    fresh = store.last(server.url("validates", "/2.html"))
    assert (fresh.outcome, fresh.status, fresh.same_as) == (Outcome.CONTENT, 200, None)


def test_earlier_nights_are_asked_once_about_all_sites_of_a_claim(server: RoughServer) -> None:
    labels, memory = ("good", "validates"), Remembered()
    memory.pages[server.url("validates")] = Earlier(7, '"v1"', "", ())
    targets = [
        Target(label, server.url(label), delay_seconds=0.0, depth=0, local=True, render=RenderMode.NEVER)
        for label in labels
    ]
    store = crawl(targets, settings(hosts=server.hosts(*labels)), memory=memory)
    assert memory.asked_about == [sorted(map(server.url, labels))]
    assert store.last(server.url("validates")).same_as == 7
    assert store.last(server.url("good")).same_as is None


def test_a_page_that_has_changed_is_read_again(server: RoughServer) -> None:
    url = server.url("validates")
    visit = run(server, "validates", Remembered({url: Earlier(7, '"v0"', "", ())})).last(url)
    assert (visit.status, visit.same_as) == (200, None)
    assert visit.page is not None


def test_not_modified_is_no_answer_to_a_plain_request(server: RoughServer) -> None:
    visit = run(server, "not-modified", Remembered()).last(server.url("not-modified"))
    assert (visit.outcome, visit.same_as) == (Outcome.HTTP_ERROR, None)


def test_a_site_that_asked_for_a_day_is_left_alone_in_the_next_run(server: RoughServer) -> None:
    memory = Remembered()
    run(server, "leave-me", memory)
    rest = memory.sites["leave-me.example"]
    assert rest.until > now() + timedelta(hours=23)
    before = len(server.asked)
    visit = run(server, "leave-me", memory).last(server.url("leave-me"))
    assert len(server.asked) == before
    assert (visit.outcome, visit.exchanges, visit.retry_at) == (Outcome.HTTP_ERROR, (), None)
    assert "暂缓访问（HTTP 503）" in visit.outcome_detail


def test_a_short_rest_is_waited_for_without_spending_tries(server: RoughServer) -> None:
    until = now() + timedelta(seconds=1)
    memory = Remembered(sites={"good.example": SiteRest("good.example", until, 1, "HTTP 429")})
    visit = run(server, "good", memory).last(server.url("good"))
    assert (visit.outcome, visit.frontier.attempts) == (Outcome.CONTENT, 1)
    assert visit.started_at >= until
    assert memory.sites == {}


def test_the_rest_doubles_with_each_refusal_in_a_row(server: RoughServer) -> None:
    known = SiteRest("too-many.example", now() - timedelta(seconds=1), 11, "HTTP 429")
    memory = Remembered(sites={known.site: known})
    run(server, "too-many", memory, retry_seconds=2.0, max_attempts=1)
    rest = memory.sites["too-many.example"]
    assert rest.level == 12
    assert rest.until > now() + timedelta(seconds=2 * 2**11 - 60)


def test_a_single_forbidden_page_makes_no_rest(server: RoughServer) -> None:
    memory = Remembered()
    run(server, "forbids-all", memory)
    assert memory.sites == {}


def test_what_is_for_members_costs_no_other_page(server: RoughServer) -> None:
    final = run(server, "members-only", Remembered()).final()
    assert final[server.url("members-only", "/news/1.html")].outcome is Outcome.CONTENT
    refused = [visit for url, visit in final.items() if "/member/" in url]
    assert {visit.outcome for visit in refused} == {Outcome.HTTP_ERROR}
    assert 3 <= sum(bool(visit.exchanges) for visit in refused) < 8
    assert sum("暂缓访问（HTTP 403，/member/ 之下）" in visit.outcome_detail for visit in refused) >= 1


def _answered(*answers: tuple[str, int], known: Remembered | None = None) -> tuple[SiteRests, Remembered]:
    """The rests of a site after its answers to paths."""
    memory = known or Remembered()

    async def stored(call: Callable[..., object], *arguments: object) -> object:
        return call(*arguments)

    async def note() -> SiteRests:
        rests = SiteRests(memory, stored, settings(retry_seconds=30.0), now)
        await rests.load()
        for path, status in answers:
            await rests.note(f"http://www.a.example{path}", status, None)
        return rests

    return asyncio.run(note()), memory


def test_a_part_for_members_rests_alone() -> None:
    refused = [(f"/member/{number}.html", 403) for number in range(8)]
    rests, memory = _answered(*refused)
    rest = rests.of("http://a.example/member/9/1.html")
    assert rest is not None and rest.until > now() + timedelta(hours=1)
    assert rest.reason == "HTTP 403，/member/ 之下"
    assert rests.of("http://a.example/news/1.html") is None
    _, memory = _answered(("/news/1.html", 200), known=memory)
    assert list(memory.sites) == ["a.example/member/"]
    _, memory = _answered(("/member/1.html", 200), known=memory)
    assert memory.sites == {}


def test_a_site_that_refuses_us_everywhere_rests() -> None:
    parts = [("/", 403), ("/news/1.html", 403), ("/member/1.html", 403)]
    rests, memory = _answered(*parts)
    rest = rests.of("http://a.example/doctors/1.html")
    assert rest is not None and rest.until > now() + timedelta(seconds=100)
    rests, _ = _answered(("/doctors/1.html", 403), known=memory)
    again = rests.of("http://a.example/")
    assert again is not None and again.until > now() + timedelta(seconds=200)
    rests, _ = _answered(*parts[:2], ("/doctors/1.html", 200), parts[2])
    assert rests.of("http://a.example/") is None


def test_nothing_is_begun_after_the_end_of_the_night(server: RoughServer) -> None:
    store = run(server, "good", Remembered(), stop_at=now() - timedelta(seconds=1))
    assert (store.visits, server.asked) == ([], [])
    assert [row.state for row in store.frontier.rows] == ["waiting"]


def test_pages_in_hand_are_given_back_untried_at_the_end_of_the_night(server: RoughServer) -> None:
    """The home page leads to six; four of them are taken at once, and the night ends with the first."""
    judged: list[str] = []

    def judge(page: ExtractedPage) -> Judgement:
        judged.append(page.url)
        return judge_word(page)

    target = Target("site", server.url("site"), delay_seconds=0.0, local=True, render=RenderMode.NEVER)
    store = crawl(
        [target],
        settings(hosts=server.hosts("site"), stop_at=now() + timedelta(hours=1)),
        judge,
        clock=lambda: now() + timedelta(hours=2 if len(judged) > 1 else 0),
    )
    assert len(store.visits) == 2
    assert [row.state for row in store.frontier.rows] == ["done", "done", *["waiting"] * 5]
    assert [row.attempts for row in store.frontier.rows] == [1, 1, *[0] * 5]


def test_a_home_page_that_is_gone_is_checked_against_a_page_known_before(server: RoughServer) -> None:
    known = server.url("gone-home", "/1.html")
    visit = run(server, "gone-home", Remembered({known: Earlier(7, '"v1"', "", ())})).last(server.url("gone-home"))
    assert (visit.outcome, visit.outcome_detail) == (Outcome.HTTP_GONE, "HTTP 404；对照：本站其他页面正常")
    assert [item.url for item in visit.asides][-1] == known
    assert visit.control is not None
    assert (visit.control.result, [item.url for item in visit.control.exchanges]) == ("alive", [known])


@pytest.mark.parametrize(
    ("known", "outcome", "detail"),
    [
        ("/news/1.html", Outcome.HTTP_GONE, "对照：本站其他页面正常"),
        ("/news/gone-2.html", Outcome.UNKNOWN, "同样跳转到首页"),
        ("", Outcome.UNKNOWN, "没有可对照的页面"),
    ],
)
@pytest.mark.parametrize("depth", [0, 3])
def test_an_article_that_leads_to_the_start_page_has_not_its_content(
    server: RoughServer, known: str, outcome: Outcome, detail: str, depth: int
) -> None:
    """`depth` 0 as in a recheck."""
    url = server.url("gone-to-start", "/news/gone-12.html")
    memory = Remembered({server.url("gone-to-start", known): Earlier(7, "", "", ())} if known else {})
    target = Target("site", url, depth=0, delay_seconds=0.0, local=True, render=RenderMode.NEVER)
    if depth:
        target = replace(target, url=server.url("gone-to-start"), depth=depth)
    visit = crawl([target], settings(hosts=server.hosts("gone-to-start")), memory=memory).last(url)
    assert (visit.outcome, visit.page, visit.judgement, visit.retry_at) == (outcome, None, None, None)
    assert visit.outcome_detail.startswith("跳转到网站首页；")
    assert detail in visit.outcome_detail
    assert [item.status for item in visit.exchanges] == [302, 200]
    assert visit.control is not None
    assert len(visit.control.exchanges) == {"": 0, "/news/1.html": 1}.get(known, 2)


def test_entrances_of_a_site_lead_to_its_start_page(server: RoughServer) -> None:
    start = server.url("gone-to-start", "/cn/index.html")
    target = Target("site", start, depth=0, delay_seconds=0.0, local=True, render=RenderMode.NEVER)
    visit = crawl([target], settings(hosts=server.hosts("gone-to-start"))).last(start)
    assert (visit.outcome, visit.final_url) == (Outcome.CONTENT, server.url("gone-to-start"))


def test_the_server_that_answered_is_told_once(server: RoughServer) -> None:
    memory = Remembered()
    store = run(server, "ok", memory)
    assert store.visits
    assert memory.servers == [dict.fromkeys(server.hosts("ok"), "127.0.0.1")]
