"""People at the desk, in real browsers: an analyst's morning, the second reader, two at once, an undo, a session that ends."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine, select

from domain.reviews import ItemState
from domain.roles import Role
from review.items import Filters
from review.queue import ReviewQueue
from storage.tables import desk_items
from tests.desk_web.served import Served, served_desk
from tests.review.desk import PASSWORD, desk
from tests.review.desk import Page as NightPage

PAGES = {name: NightPage(0.95 - number / 20) for number, name in enumerate("abcdef")}
SAME = {
    f"copy{number}": NightPage(0.6, text="同一段文字：本院治愈率达98%，无效退款。" + "医生按规范诊疗" * 20)
    for number in range(3)
}
#: Waited for by looking: where two requests are refused at once the second way there breaks the first off.
LOG_IN_AGAIN = re.compile(r"/login\?ended=1&to=.")


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    roles = (Role.ANALYST, Role.REVIEWER, Role.AUDITOR, Role.ADMIN)
    with served_desk(engine, tmp_path, roles) as served:
        served.items = desk(engine, tmp_path, PAGES | SAME)
        yield served


@pytest.fixture
def person(browser: Browser, served: Served) -> Iterator["People"]:
    people = People(browser, served)
    yield people
    people.leave()


class People:
    """Browsers of persons who have logged in by the form."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self._browser = browser
        self._served = served
        self._contexts: list[BrowserContext] = []

    def __call__(self, role: Role, **options: object) -> Page:
        context = self._browser.new_context(**({"viewport": {"width": 1366, "height": 768}} | options))  # type: ignore[arg-type]
        self._contexts.append(context)
        page = context.new_page()
        self._served.enter(page, role)
        return page

    def leave(self) -> None:
        for context in self._contexts:
            context.close()


def item_of(page: Page) -> int:
    return int(page.get_attribute("#item", "data-item") or 0)


def wait_for_other(page: Page, item: int) -> int:
    page.wait_for_selector(f'#item:not([data-item="{item}"])')
    return item_of(page)


def state_of(served: Served, item: int) -> ItemState:
    everything = ReviewQueue(served.engine, served.clock).items(served.people[Role.AUDITOR], Filters(), limit=100)
    return next(each.state for each in everything if each.id == item)


def test_an_analysts_morning_by_keyboard_alone(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    expect(page.locator("#rows tr")).to_have_count(len(PAGES) + len(SAME))
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    first = item_of(page)
    assert first == served.items["a"]
    page.keyboard.press("y")
    page.keyboard.press("c")  # confirm: one key
    second = wait_for_other(page, first)
    assert second == served.items["b"] and page.url.split("?")[0].endswith(f"/items/{second}")
    expect(page.locator("#notice")).to_contain_text("已确认")
    page.keyboard.press("d")  # dismiss: and the reason
    page.keyboard.press("2")
    third = wait_for_other(page, second)
    page.keyboard.press("d")
    page.keyboard.press("6")  # this reason wants a sentence
    expect(page.locator("#alert")).to_contain_text("须写说明")
    page.keyboard.type("看不出是哪家机构")
    page.keyboard.press("Enter")
    fourth = wait_for_other(page, third)
    page.keyboard.press("a")
    page.keyboard.press("Enter")  # no advertisement, without a reason
    fifth = wait_for_other(page, fourth)
    page.keyboard.press("l")
    wait_for_other(page, fifth)
    states = [state_of(served, item) for item in (first, second, third, fourth, fifth)]
    assert states == [
        ItemState.FIRST_CONFIRMED, ItemState.DISMISSED, ItemState.DISMISSED, ItemState.NOT_AD, ItemState.HELD,
    ]  # fmt: skip


def test_keys_are_shown_and_do_nothing_while_typing(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("m")
    page.keyboard.type("cdalu 说明 c")
    assert page.input_value('#decide input[name="note"]') == "cdalu 说明 c"
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    expect(page.locator("#panel-score")).to_be_visible()
    assert state_of(served, item_of(page)) is ItemState.WAITING


def test_a_decision_is_taken_back_with_one_key(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    first = item_of(page)
    page.keyboard.press("c")
    second = wait_for_other(page, first)
    page.keyboard.press("u")
    assert wait_for_other(page, second) == first
    expect(page.locator("#notice")).to_contain_text("已撤销")
    assert state_of(served, first) is ItemState.WAITING
    page.keyboard.press("c")
    second = wait_for_other(page, first)
    served.clock.forward(seconds=61)
    page.keyboard.press("u")
    expect(page.locator("#alert")).to_contain_text("60 秒")
    assert state_of(served, first) is ItemState.FIRST_CONFIRMED


def test_the_second_reader_is_another_person(served: Served, person: "People") -> None:
    reviewer, analyst = person(Role.REVIEWER), person(Role.ANALYST)
    item = served.items["a"]
    analyst.goto(f"{served.url}/items/{item}")
    analyst.keyboard.press("c")
    wait_for_other(analyst, item)
    analyst.goto(f"{served.url}/items/{item}")
    expect(analyst.locator("#decide")).to_have_count(0)
    reviewer.reload()
    reviewer.keyboard.press("Enter")
    reviewer.wait_for_selector("#item")
    assert item_of(reviewer) == item  # second readings come first
    expect(reviewer.locator(".state").first).to_have_text("待复审")
    reviewer.keyboard.press("4")
    expect(reviewer.locator("#panel-earlier")).to_contain_text("analyst1")
    reviewer.keyboard.press("c")
    wait_for_other(reviewer, item)
    assert state_of(served, item) is ItemState.CONFIRMED


def test_a_reviewer_cannot_confirm_twice_alone(served: Served, person: "People") -> None:
    reviewer = person(Role.REVIEWER)
    item = served.items["a"]
    reviewer.goto(f"{served.url}/items/{item}")
    reviewer.keyboard.press("c")
    wait_for_other(reviewer, item)
    reviewer.goto(f"{served.url}/items/{item}")
    expect(reviewer.locator("#main")).to_contain_text("须由另一人")
    expect(reviewer.locator("#decide")).to_have_count(0)


def test_two_browsers_never_have_the_same_item(served: Served, person: "People") -> None:
    one, other = person(Role.ANALYST), person(Role.REVIEWER)
    for page in (one, other):
        page.keyboard.press("Enter")
        page.wait_for_selector("#item")
        page.wait_for_timeout(300)  # the one ahead is claimed too
    assert item_of(one) != item_of(other)
    held = item_of(one)
    other.goto(f"{served.url}/items/{held}")
    expect(other.locator("#main")).to_contain_text("analyst1 正在处理此条")
    expect(other.locator("#decide")).to_have_count(0)
    served.clock.forward(minutes=16)  # the lock has run out
    other.reload()
    expect(other.locator("#decide")).to_have_count(1)
    other.keyboard.press("c")
    wait_for_other(other, held)
    one.keyboard.press("d")
    one.keyboard.press("1")
    expect(one.locator("#alert")).to_contain_text("已有变化")
    assert state_of(served, held) is ItemState.FIRST_CONFIRMED


def test_like_texts_are_decided_together_with_an_exception(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    copies = [served.items[name] for name in SAME]
    page.goto(f"{served.url}/items/{copies[0]}")
    page.keyboard.press("g")
    page.locator(f'input[name="with"][value="{copies[2]}"]').uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("1")
    expect(page.locator("#notice")).to_contain_text("共 2 条")
    assert [state_of(served, item) for item in copies] == [ItemState.DISMISSED, ItemState.DISMISSED, ItemState.WAITING]


def test_many_are_dismissed_after_a_preview_and_taken_back(served: Served, person: "People") -> None:
    page = person(Role.REVIEWER)
    page.get_by_role("link", name="批量决定").click()
    expect(page.locator(".big")).to_contain_text(str(len(PAGES) + len(SAME)))
    page.select_option('select[name="choice"]', "dismiss:slight")
    page.fill('textarea[name="note"]', "测试站点")
    page.get_by_role("button", name="决定 9 条").click()
    expect(page.locator(".note")).to_contain_text("批量决定已完成")
    assert state_of(served, served.items["f"]) is ItemState.DISMISSED
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".note")).to_contain_text("已撤销")
    assert state_of(served, served.items["f"]) is ItemState.WAITING


def test_an_item_tells_the_number_that_commands_take(served: Served, person: "People", engine: Engine) -> None:
    """It is the page's, and not the item's in the address bar: who took that one would refer another page."""
    item = served.items["a"]
    with engine.connect() as connection:
        number = connection.scalar(select(desk_items.c.page_id).where(desk_items.c.id == item))
    for role in (Role.ANALYST, Role.REVIEWER):
        page = person(role)
        page.goto(f"{served.url}/items/{item}")
        expect(page.locator(".item-head .facts")).to_contain_text(f"编号 {number}")
        page.keyboard.press("c")
        expect(page.locator("#notice")).to_contain_text("已确认")
    auditor = person(Role.AUDITOR)
    auditor.goto(f"{served.url}/items/{item}")
    expect(auditor.locator(".bar")).to_contain_text(f"移送用编号 {number}")


def test_a_session_that_ended_leads_to_the_log_in(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    served.clock.forward(minutes=61)
    page.keyboard.press("c")
    expect(page).to_have_url(LOG_IN_AGAIN)
    expect(page.locator("#main")).to_contain_text("登录已失效")
    page.get_by_label("账号").fill(served.people[Role.ANALYST].name)
    page.get_by_label("口令").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/items/{served.items['a']}*")  # and leads back
    assert state_of(served, served.items["a"]) is ItemState.WAITING


@pytest.mark.parametrize("status", [200, 502])
def test_the_page_of_a_proxy_is_no_answer_of_the_desk(served: Served, person: "People", status: int) -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    answer = "<html><body>Bad Gateway</body></html>"
    page.route("**/decide", lambda route: route.fulfill(status=status, content_type="text/html", body=answer))
    page.keyboard.press("c")
    expect(page.locator("#alert")).to_contain_text("没有得到审核台的答复")
    assert item_of(page) == served.items["a"] and page.locator("#notice").inner_text() == ""
    page.unroute("**/decide")
    page.keyboard.press("c")
    wait_for_other(page, served.items["a"])
    assert state_of(served, served.items["a"]) is ItemState.FIRST_CONFIRMED


def test_a_desk_that_is_not_reached_is_told_in_chinese(person: "People") -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    page.route("**/decide", lambda route: route.abort())
    page.keyboard.press("c")
    expect(page.locator("#alert")).to_contain_text("连不上审核台")


def test_what_was_written_comes_back_with_a_decision_taken_back(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    page.keyboard.press("y")
    page.get_by_label("说明", exact=True).fill("标题即为保证治愈")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    second = wait_for_other(page, served.items["a"])
    expect(page.get_by_label("说明", exact=True)).to_have_value("")
    page.keyboard.press("u")
    assert wait_for_other(page, second) == served.items["a"]
    expect(page.get_by_label("说明", exact=True)).to_have_value("标题即为保证治愈")
    expect(page.locator('#item .finding input[value="yes"]').first).to_be_checked()


def test_what_was_written_outlasts_the_session_for_its_writer_alone(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    path = f"{served.url}/items/{served.items['a']}"
    page.goto(path)
    page.get_by_label("说明", exact=True).fill("标题即为保证治愈")
    page.keyboard.press("Escape")
    served.clock.forward(minutes=61)
    page.keyboard.press("c")
    expect(page).to_have_url(LOG_IN_AGAIN)
    for role, kept in ((Role.REVIEWER, ""), (Role.ANALYST, "标题即为保证治愈")):
        page.context.clear_cookies()
        served.enter(page, role)
        served.clock.forward(minutes=20)  # so that nobody has the item open still
        page.goto(path)
        expect(page.get_by_label("说明", exact=True)).to_have_value(kept)


def test_what_is_told_lies_on_no_button_and_goes_when_it_is_done(person: "People") -> None:
    page = person(Role.ANALYST)
    page.keyboard.press("Enter")
    page.wait_for_selector("#item")
    page.keyboard.press("d")
    page.keyboard.press("6")
    expect(page.locator("#alert")).to_contain_text("须写说明")
    told, bar = page.locator("#alert > div").bounding_box(), page.locator(".bar").bounding_box()
    assert told is not None and bar is not None and told["y"] + told["height"] <= bar["y"]
    page.keyboard.insert_text("截图不清")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("已排除")
    expect(page.locator("#alert > div")).to_have_count(0)


def test_a_filter_that_is_refused_says_so(served: Served, person: "People") -> None:
    """The list stayed as it was, as if nothing had been chosen."""
    page = person(Role.ANALYST)
    page.goto(f"{served.url}/queue")
    choice = page.locator(".filters input[name=states]").first
    page.route("**/queue?*", lambda route: route.abort())
    choice.check()
    expect(page.locator("#alert")).to_contain_text("连不上审核台")
    page.unroute("**/queue?*")
    page.route("**/queue?*", lambda route: route.fulfill(status=502, content_type="text/html", body="Bad Gateway"))
    choice.uncheck()
    expect(page.locator("#alert")).to_contain_text("没有得到审核台的答复（502）")
    page.unroute("**/queue?*")
    served.clock.forward(minutes=61)
    choice.check()
    expect(page).to_have_url(LOG_IN_AGAIN)


def test_the_log_shows_who_did_what_and_verifies(served: Served, person: "People") -> None:
    analyst, auditor = person(Role.ANALYST), person(Role.AUDITOR)
    analyst.keyboard.press("Enter")
    analyst.wait_for_selector("#item")
    analyst.keyboard.press("c")
    wait_for_other(analyst, served.items["a"])
    auditor.goto(f"{served.url}/audit?subject=item:{served.items['a']}")
    expect(auditor.locator("tbody").first).to_contain_text("决定")
    auditor.get_by_role("button", name="核验全部").click()
    expect(auditor.locator(".note")).to_contain_text("核验通过")


def test_filters_and_views_are_kept(served: Served, person: "People") -> None:
    page = person(Role.ANALYST)
    page.get_by_label("机构或目标").fill("没有这家机构")
    page.keyboard.press("Tab")
    expect(page.locator(".empty").last).to_contain_text("没有符合筛选的条目")
    page.get_by_label("视图名").fill("无果")
    page.get_by_role("button", name="保存").click()
    page.goto(f"{served.url}/queue")
    expect(page.locator("#rows tr")).to_have_count(9)
    page.get_by_role("link", name="无果").click()
    expect(page.locator("#rows tr")).to_have_count(0)


def test_without_scripts_forms_do_the_same(served: Served, person: "People") -> None:
    page = person(Role.ANALYST, java_script_enabled=False)
    page.locator("#start").click()
    page.locator('#decide button[value="confirm"]').click()
    assert state_of(served, served.items["a"]) is ItemState.FIRST_CONFIRMED
    assert page.url.split("?")[0].endswith(f"/items/{served.items['b']}")


def test_without_scripts_a_lead_is_dismissed_with_its_reason_and_that_is_taken_back(
    served: Served, person: "People"
) -> None:
    page = person(Role.ANALYST, java_script_enabled=False)
    item = served.items["a"]

    def press(button: str, state: ItemState) -> None:
        with page.expect_navigation():
            page.locator(button).first.click()
        assert state_of(served, item) is state

    for choice, state in (("dismiss:permitted", ItemState.DISMISSED), ("not-ad:", ItemState.NOT_AD)):
        page.goto(f"{served.url}/items/{item}")
        press(f'button[name="choice"][value="{choice}"]', state)
        press("#undo", ItemState.WAITING)
    page.goto(f"{served.url}/items/{item}")
    press('#decide button[value="confirm"]', ItemState.FIRST_CONFIRMED)
    page.goto(f"{served.url}/items/{item}")
    press("#undo", ItemState.WAITING)  # where it is only to be seen


@pytest.mark.parametrize("size", [(1366, 768), (1180, 820), (820, 1180), (390, 844)], ids=str)
def test_nothing_runs_out_of_the_window(served: Served, person: "People", size: tuple[int, int]) -> None:
    page = person(Role.REVIEWER, viewport={"width": size[0], "height": size[1]})
    for path in ("/queue", f"/items/{served.items['a']}", "/figures", "/rules"):
        page.goto(f"{served.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{served.url}/items/{served.items['a']}")
    box = page.locator('button[value="confirm"]').bounding_box()
    assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= size[1]


def test_on_paper_nothing_is_cut_off_and_no_button_is_left(served: Served, person: "People") -> None:
    page = person(
        Role.ANALYST, viewport={"width": 794, "height": 260}
    )  # the width of a sheet, and less than the lists are high
    for path, boxes in ((f"/items/{served.items['copy0']}", ".pane"), ("/queue", ".scroll")):
        page.goto(f"{served.url}{path}")
        page.emulate_media(media="print")
        heights = page.locator(boxes).evaluate_all("all => all.map(one => [one.scrollHeight, one.clientHeight])")
        assert heights and all(whole <= shown + 1 for whole, shown in heights), path
        for button in ("#decide button", ".say", "#start"):
            assert not any(each.is_visible() for each in page.locator(button).all()), button
        page.emulate_media(media="screen")


def test_on_a_telephone_what_waits_comes_first(served: Served, person: "People") -> None:
    page = person(Role.ANALYST, viewport={"width": 390, "height": 844})
    page.goto(f"{served.url}/queue")
    start, first = page.locator("#start").bounding_box(), page.locator("#rows tr").first.bounding_box()
    assert start is not None and first is not None and start["y"] < first["y"] < 844
