"""What a person sees who is not answered as asked: in Chinese, with a way back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from domain.roles import Role
from review.web.app import PAGES
from tests.desk_web.served import Served, served_desk
from tests.review.desk import Page as NightPage
from tests.review.desk import desk as taken_in


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served_desk(engine, tmp_path, (Role.ANALYST, Role.REVIEWER)) as served:
        served.items = taken_in(engine, tmp_path, {"a": NightPage(0.9)})
        yield served


def test_what_only_takes_forms_says_so_when_it_is_opened(served: Served) -> None:
    """It said that the address does not take such a request, and not what it takes."""
    client = served.client(Role.REVIEWER)
    opened = {page.path for page in PAGES if page.method == "GET"} | {
        "/rules/try"
    }  # where a rule of that name would be
    for page in PAGES:
        if page.method == "POST" and page.path not in opened and not page.answers_json:
            answer = client.get(page.path.replace("{item}", "1").replace("{rule}", "cure-rate"))
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), page
            assert "不能直接打开" in answer.text and 'href="/"' in answer.text, page
    told = client.post("/queue")
    assert told.status_code == 405 and set(told.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "此地址不接受这种请求" in told.text


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "phrase"),
    [
        ("GET", "/nothing", None, 404, "找不到"),
        ("GET", "/static/nothing.css", None, 404, "找不到"),
        ("GET", "/items/999", None, 404, "找不到"),
        ("GET", "/audit", None, 403, "不可操作"),
        ("POST", "/bulk", {"choice": "dismiss:permitted", "count": "0"}, 422, "无法处理"),
        ("POST", "/rules/try", {"text": "x" * 2_000_000}, 413, "内容过大"),
        ("POST", "/views", {"csrf": "another"}, 403, "不可操作"),
        ("GET", "/items/x", None, 400, "无法处理"),
    ],
)
def test_every_refusal_is_a_page_of_the_desk_with_a_way_back(
    served: Served, method: str, path: str, form: dict[str, str] | None, status: int, phrase: str
) -> None:
    client = served.client(Role.REVIEWER)
    came = {"referer": f"{served.url}/queue?family=x&after=1"}
    answer = client.get(path, **came) if method == "GET" else client.post(path, form, **came)
    assert answer.status_code == status and f"<h1>{phrase}</h1>" in answer.text
    assert 'lang="zh-CN"' in answer.text and '<a class="button quiet" href="/">回到首页</a>' in answer.text
    assert '<a class="button primary" href="/queue?family=x&amp;after=1">返回上一页</a>' in answer.text


@pytest.mark.parametrize(
    "referer",
    ["", "http://evil.example/queue", "//evil.example", "http://[", "{url}//evil.example", "{url}/\\evil", "{url}/nothing", "{url}/"],
)  # fmt: skip
def test_the_way_back_is_to_another_page_of_ours_alone(served: Served, referer: str) -> None:
    answer = served.client(Role.ANALYST).get("/nothing", referer=referer.format(url=served.url))
    assert answer.status_code == 404 and "返回上一页" not in answer.text and "evil" not in answer.text


def test_the_viewer_says_it_in_chinese(served: Served) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("POST", "/page", 405)):
        answer = httpx.request(method, served.viewer + path, trust_env=False)
        assert answer.status_code == status and "请从审核台重新打开" in answer.text


def test_a_person_comes_back_from_a_refusal(browser: Browser, served: Served) -> None:
    page = browser.new_context().new_page()
    served.enter(page, Role.REVIEWER)
    page.goto(f"{served.url}/bulk")
    expect(page.get_by_role("heading")).to_have_text("不能直接打开")
    page.goto(f"{served.url}/conflicts")
    page.evaluate("document.querySelector('main form input[name=csrf]').value = 'old'")
    page.get_by_label("机构名称").fill("示例门诊部")
    page.get_by_role("button", name="申报").click()
    expect(page.get_by_role("alert").first).to_contain_text("表单已过期")
    page.get_by_role("link", name="返回上一页").click()
    page.get_by_label("机构名称").fill("示例门诊部")
    page.get_by_role("button", name="申报").click()
    expect(page.get_by_role("status").first).to_contain_text("1 条不再向您显示")
    page.context.close()
