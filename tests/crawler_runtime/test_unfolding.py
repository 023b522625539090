"""Folded text is shown before a page is read and photographed, and the page never goes anywhere by it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from crawler.fetching.browser_request import BrowserRequest
from crawler.pages.page_text import Patience
from crawler.rendering.render import Renderer
from crawler.rendering.ways import Ways
from crawler.unfolding_words import label_of
from domain.page import ExtractedPage, Link
from domain.site_trials import ActionKind
from domain.visits import Rendering
from tests.crawler_runtime.fakes import WORDINGS, now, settings
from tests.crawler_runtime.test_render import URL, loader, page

LONG = "本院门诊时间安排如下。" * 30
UNHURRIED = Ways(patience=Patience.NEVER)
REST = "疗效的余下部分写在这里，平时折叠不显示。" * 4


Show = Callable[..., Rendering]


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    """Shows pages one after another in one browser."""
    with asyncio.Runner() as loop:
        renderer = Renderer(settings(patience_seconds=4.0), now)

        def one(
            pages: Mapping[str, bytes], asked: list[BrowserRequest] | None = None, ways: Ways = UNHURRIED
        ) -> Rendering:
            return loop.run(renderer.render(URL, loader(pages, asked), ways=ways))

        yield one
        loop.run(renderer.close())


def folding(label: str, script: str = "") -> str:
    script = script or f"more.innerHTML = '<p>{REST}</p>'; this.remove()"
    return f'<p>{LONG}</p><div id="more"></div><div onclick="{script}">{label}</div>'


def acted(shown: Rendering) -> list[tuple[ActionKind, str]]:
    return [(action.kind, action.words) for action in shown.actions]


@pytest.mark.parametrize(
    "label", ["展开全文", "加载更多 ∨", "[ 查看更多&gt;&gt; ]", "查看全部(12)", "<i>展开</i><b>全文</b>"]
)
def test_folded_text_is_unfolded(show: Show, label: str) -> None:
    shown = show({URL: page(folding(label))})
    assert REST in shown.dom_html
    assert [action.kind for action in shown.actions] == [ActionKind.UNFOLD]
    assert shown.actions[0].added_characters > 50
    assert shown.actions[0].at.utcoffset() is not None


def test_a_list_is_loaded_further_while_it_grows(show: Show) -> None:
    script = "fetch('/more.html').then(r => r.text()).then(t => more.append(t))"
    pages = {URL: page(folding("加载更多", script)), URL + "more.html": f"<p>{REST}</p>".encode()}
    asked: list[BrowserRequest] = []
    shown = show(pages, asked)
    assert acted(shown) == [(ActionKind.UNFOLD, "加载更多")] * 5
    assert [item.url for item in asked].count(URL + "more.html") == 5


@pytest.mark.parametrize(
    "inside",
    [
        '<a href="/list.html">查看更多</a>',
        '<a href="http://other.example/">展开全文</a>',
        '<a href="#/list">查看更多</a>',
        "<a href=\"javascript:location.href='/list.html'\">查看更多</a>",
        "<a href=\"javascript:__doPostBack('more','')\">加载更多</a>",
        "<div onclick=\"window.open('/list.html')\">查看更多</div>",
        '<form action="/send"><button>继续阅读</button></form>',
        '<form action="/send"><button type="submit">展开全文</button></form>',
        "<p>点击这里预约</p><div>立即咨询</div>",
        '<div style="display:none">展开全文</div>',
    ],
)
def test_what_leads_elsewhere_or_sends_something_is_not_clicked(show: Show, inside: str) -> None:
    asked: list[BrowserRequest] = []
    shown = show({URL: page(f"<p>{LONG}</p>{inside}")}, asked)
    assert acted(shown) == []
    assert [item.url for item in asked] == [URL]


def test_a_click_that_would_leave_is_refused_and_the_page_stays(show: Show) -> None:
    asked: list[BrowserRequest] = []
    inside = f"<p>{LONG}</p><div id=d>查看更多</div><script>d.onclick = () => location = '/away.html'</script>"
    shown = show({URL: page(inside), URL + "away.html": page("别处")}, asked)
    assert [item.url for item in asked] == [URL]
    assert shown.final_url == URL
    assert LONG in shown.dom_html
    assert (URL + "away.html", "展开折叠内容时页面不离开原处，也不提交表单") in shown.not_captured


@pytest.mark.parametrize(
    "script",
    [
        "history.pushState({}, '', '/route'); document.body.innerText = '路由换了页面'",
        "document.body.innerHTML = '<p>只剩这一句</p>'",
        "for (;;);",
    ],
)
def test_a_page_that_leaves_its_place_is_shown_again_as_it_was(show: Show, script: str) -> None:
    shown = show({URL: page(folding("查看更多", script))})
    assert LONG in shown.dom_html
    assert shown.final_url == URL
    assert acted(shown)[0][0] is ActionKind.LEAVE
    assert len(shown.actions) == 1


NOTICE = (
    '<div style="position:fixed;inset:0;background:#fff"><p>本站使用说明</p><button id="b">同意并继续</button></div>'
)
CLOSES = "<script>b.onclick = () => b.parentElement.remove()</script>"


def test_a_notice_that_covers_the_page_is_closed(show: Show) -> None:
    shown = show({URL: page(f"<p>{LONG}</p>{NOTICE}{CLOSES}")})
    assert acted(shown) == [(ActionKind.CONSENT, "同意并继续")]
    assert "本站使用说明" not in shown.dom_html


def test_a_notice_beside_the_text_is_left_alone(show: Show) -> None:
    bar = NOTICE.replace("inset:0", "bottom:0;height:60px;width:100%")
    assert acted(show({URL: page(f"<p>{LONG}</p>{bar}{CLOSES}")})) == []


def fills_at_third_look(before: str) -> bytes:
    """Its script fills in the text when the page is looked at for the third time, so that no clock decides a test."""
    script = f"""let looks = 0; Object.defineProperty(document.body, 'innerText', {{ get() {{
      if (++looks == 3) app.innerHTML = '<b>' + '{LONG}' + '</b>';
      return this.textContent.replace(document.scripts[0].textContent, '') }} }})"""
    return page(f"<p>{before}</p><div id=app></div><script>{script}</script>")


def test_a_thin_page_is_waited_for(show: Show) -> None:
    shown = show({URL: fills_at_third_look("")}, ways=Ways())
    assert f"<b>{LONG}</b>" in shown.dom_html
    [action] = shown.actions
    assert (action.kind, action.added_characters) == (ActionKind.WAIT, len(LONG))


def test_a_page_that_stays_thin_is_waited_for_in_vain(show: Show) -> None:
    [action] = show({URL: page("<p>短</p><script>1</script>")}, ways=Ways()).actions
    assert (action.kind, action.added_characters) == (ActionKind.WAIT, 0)
    assert show({URL: page("<p>短，也没有脚本</p>")}, ways=Ways()).actions == ()


@pytest.mark.parametrize(("patience", "waits"), [(Patience.IF_THIN, False), (Patience.ALWAYS, True)])
def test_where_waiting_is_known_to_help_it_is_done_behind_a_full_menu_too(
    show: Show, patience: Patience, waits: bool
) -> None:
    shown = show({URL: fills_at_third_look("菜单" * 150)}, ways=Ways(patience=patience, unfold=False))
    assert (f"<b>{LONG}</b>" in shown.dom_html, bool(shown.actions)) == (waits, waits)


def test_a_list_that_grows_while_it_is_scrolled_is_followed(show: Show) -> None:
    script = """let n = 0; new IntersectionObserver(seen => { if (seen[0].isIntersecting && n++ < 2)
      end.insertAdjacentHTML('beforebegin', '<div style="height:3000px">第' + n + '批</div>') }).observe(end)"""
    shown = show({URL: page(f'<div style="height:3000px">头</div><div id=end>尾</div><script>{script}</script>')})
    assert "第2批" in shown.dom_html


def test_without_scripts_nothing_is_done(show: Show) -> None:
    shown = show({URL: page(folding("展开全文"))}, ways=Ways(scripts=False, patience=Patience.NEVER, unfold=False))
    assert shown.actions == ()
    assert shown.dom_html.count(REST) == 1  # in the attribute


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("展开全文 ∨", "展开全文"),
        ("【查看更多>>】", "查看更多"),
        ("查看全部（12）", "查看全部"),
        ("Load More...", "loadmore"),
    ],
)
def test_a_label_is_what_stands_between_arrows_and_brackets(said: str, label: str) -> None:
    assert label_of(said) == label


@pytest.mark.parametrize(
    ("text", "links", "offered"),
    [
        ("导语\n展开全文 ∨\n版权所有", (), True),
        ("导语\n查看更多", (Link("http://a.example/list", "查看更多"),), False),
        ("导语写着展开全文才能看到的内容有很多很多很多很多", (), False),
    ],
)
def test_a_page_as_sent_tells_that_it_can_be_unfolded(text: str, links: tuple[Link, ...], offered: bool) -> None:
    sent = ExtractedPage(url="http://a.example/", title="", text=text, encoding="utf-8", links=links)
    assert WORDINGS.unfolding.is_offered(sent) is offered


@pytest.mark.parametrize("broken", ["Array.prototype.includes = 1", "document.createTreeWalker = null"])
def test_a_page_that_broke_its_own_tools_is_shown_as_it_is(show: Show, broken: str) -> None:
    shown = show({URL: page(f"{folding('展开全文')}<script>{broken}</script>")})
    assert LONG in shown.dom_html
    assert shown.actions == ()


def test_times_are_utc(show: Show) -> None:
    shown = show({URL: page(folding("展开全文"))})
    assert shown.started_at <= shown.actions[0].at <= datetime.now(UTC)
