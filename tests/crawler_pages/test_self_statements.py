"""What pages state of whoever runs them, outside their running text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.extract import extract_page
from crawler.wordings import Wordings
from domain.page import SelfStatement

CLINIC = {
    "@context": "https://schema.org",
    "@type": ["MedicalClinic", "https://schema.org/Dentist"],
    "name": "青屿安和门诊部",
    "legalName": ["青屿安和医疗管理有限公司"],
    "telephone": "000-00001234",
    "contactPoint": {"@type": "ContactPoint", "telephone": "000-00005678"},
    "address": {"@type": "PostalAddress", "addressLocality": "青屿区", "streetAddress": "和平路8号"},
    "taxID": "914403001922038216",
    "identifier": [{"@type": "PropertyValue", "value": "914403001922038217"}],
}
WANTED = {
    ("name", "青屿安和门诊部"),
    ("name", "青屿安和医疗管理有限公司"),
    ("phone", "000-00001234"),
    ("phone", "000-00005678"),
    ("address", "青屿区和平路8号"),
    ("credit-code", "914403001922038216"),
}
BODY = "<p>" + "门诊时间为每日八点至十七点，周末照常，请带身份证件。" * 6 + "</p>"


def statements(html: str, wordings: Wordings) -> tuple[SelfStatement, ...]:
    return extract_page(html, "http://www.anhe.example/a/1.html", "utf-8", wordings).statements


def with_data(data: object) -> str:
    written = json.dumps(data, ensure_ascii=False)
    return f'<html><head><script type="application/ld+json">{written}</script></head><body>{BODY}</body></html>'


@pytest.mark.parametrize(
    "data",
    [
        CLINIC,
        [CLINIC],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebPage", "name": "首页"}, CLINIC]},
        {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "某文", "publisher": CLINIC},
    ],
)
def test_parties_in_structured_data(data: object, wordings: Wordings) -> None:
    found = statements(with_data(data), wordings)
    assert {(said.kind, said.value) for said in found} == WANTED
    assert {said.place for said in found} == {"structured-data"}


def test_others_in_structured_data_are_nobody_who_runs_the_page(wordings: Wordings) -> None:
    others = {"@context": "https://schema.org", "@type": "Person", "name": "某人", "worksFor": CLINIC, "review": CLINIC}
    assert statements(with_data(others), wordings) == ()


@pytest.mark.parametrize(
    "script",
    [
        '{"@context": "https://schema.org", "@type": "Hospital", "name": ',
        "var a = 'schema.org @type';",
        '"schema.org"+"@type"' + "[" * 50_000,
        "[" * 20_000 + '"schema.org @type"' + "]" * 20_000,
        '{"a": "schema.org", "@type": "Hospital", "name": {"name": 1}, "address": [[7]], "telephone": [null, 7]}',
    ],
)
def test_data_that_no_browser_could_read_says_nothing(script: str, wordings: Wordings) -> None:
    page = f"<html><head><script>{script}</script></head><body>{BODY}</body></html>"
    assert statements(page, wordings) == ()


_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["schema.org", "Hospital"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["@type", "name", "address", "@graph", "telephone", "identifier"]), inner)
    ),
    max_leaves=12,
)


@given(data=_JSON)
def test_no_data_breaks_the_reading(data: Any, wordings: Wordings) -> None:
    for said in statements(
        with_data({"@context": "schema.org", "@type": "Hospital", "x": data, "@graph": data}), wordings
    ):
        assert said.value == said.value.strip()
        assert 0 < len(said.value) <= 120


def test_names_with_their_places(wordings: Wordings) -> None:
    page = f"""<html><head><title>特色门诊 - 青屿安和门诊部</title>
      <meta property="og:site_name" content="青屿安和"><meta name="copyright" content="Copyright 2026 青屿安和医疗管理有限公司">
      </head><body><div class="header"><p>欢迎来到青屿安和门诊部</p></div><h1>特色门诊</h1>{BODY}
      <div class="footer"><p>版权所有 © 2019-2026 青屿安和健康管理有限公司（青）医广【2026】第07-01-0355号</p></div></body></html>"""
    assert [(said.value, said.place) for said in statements(page, wordings)] == [
        ("青屿安和", "site-name"),
        ("青屿安和医疗管理有限公司", "copyright"),
        ("青屿安和门诊部", "title"),
        ("青屿安和健康管理有限公司", "copyright"),
        ("青屿安和门诊部", "header"),
    ]


def test_a_copyright_phrase_without_an_owner_names_nobody(wordings: Wordings) -> None:
    page = f"<html><body>{BODY}<div class='footer'>版权所有 未经许可不得转载 © 保留一切权利</div></body></html>"
    assert statements(page, wordings) == ()
