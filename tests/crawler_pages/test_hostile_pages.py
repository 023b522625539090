"""Pages made to break a reader: nothing raises, and a page twice as long takes about twice the work."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.literals import Literals
from crawler.pages import page_title
from crawler.pages.extract import extract_page
from crawler.pages.nesting import bounded_nesting
from crawler.pages.reading import read_response
from crawler.wordings import Wordings, load_wordings
from domain.outcome import Outcome

URL = "http://www.demo.example/a/"
WORDINGS = load_wordings(Path(__file__).parents[2] / "lexicons" / "web")
HOSTILE: dict[str, Callable[[int], str]] = {
    "nested": lambda size: "<div>" * size + "深处" + "</div>" * size,
    "unclosed": lambda size: "<b><table><td>" * size + "深处",
    "one-line": lambda size: "药" * (50 * size) + "深处",
    "digits": lambda size: "1" * (10 * size) + "深处",
    "spaced-digits": lambda size: "1 3-" * (5 * size) + "深处",
    "links": lambda size: "<a href='x?" * 3 + "<a href='/x'>甲</a>" * size + "深处",
    "institutions": lambda size: "云埔医院的" * size + "深处",
    "brackets": lambda size: "(京)医广【" * size + "深处",
    "attributes": lambda size: "<p " + "a=b " * size + ">深处",
    "style": lambda size: f"<p style='{'url(' * size}'>深处</p>",
    "onclick": lambda size: f'<p onclick="{"location.href = " * size}">深处</p>',
    "formatting": lambda size: "".join(f"<b id=x{number}><p>" for number in range(size)) + "深处",
    "many-attributes": lambda size: "<p " + " ".join(f"a{number}=1" for number in range(size)) + ">深处",
    "entities": lambda size: "&amp;" * size + "深处",
    "names-with-brackets": lambda size: "<a<b c<d='>'>" * (size // 10) + "<i x<!--y>深处",
    "comments": lambda size: "<!-- a > b < c -->" * size + "<!-->深处<!--->",
    "style-sheet": lambda size: "<style>" + ".a{display:none" * size + "</style>深处",
    "redirects": lambda size: "<script>" + "location.href = " * size + "</script>深处",
    "scripts": lambda size: "<script>var ct = </script>" * size + "深处",
    "names-in-scripts": lambda size: (
        "".join(f"<style>.n{number}{{display:none}}</style><script>n</script>" for number in range(size)) + "深处"
    ),
    "blanks-for-pictures": lambda size: f"<img srcset='{' ' * size}'><img srcset='{'a' * size} b'>深处",
    "title-without-end": lambda size: (
        f"<title>{'甲乙丙丁戊己庚辛 ' * size}</title>" + "<h1>甲乙丙丁戊己庚辛</h1>" * size + "深处"
    ),
    "headings-of-reviews": lambda size: "<p>￥59" + "<p>商品评价" * size + "<p>深处",
    "footer-rows": lambda size: "深处" + "".join(f"<footer>1390{number:07}</footer>" for number in range(size)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_is_read_to_its_end(name: str, wordings: Wordings) -> None:
    page = extract_page(HOSTILE[name](20_000), URL, "utf-8", wordings)
    assert "深处" in page.text


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("nested", 4_000),
        ("unclosed", 4_000),
        ("links", 4_000),
        ("institutions", 4_000),
        ("names-in-scripts", 500),
        ("footer-rows", 500),
        ("headings-of-reviews", 500),
    ],
)
def test_work_grows_with_the_page_and_no_faster(name: str, size: int, wordings: Wordings) -> None:
    small, large = (calls_of(HOSTILE[name](size), wordings) for size in (size, 4 * size))
    assert large <= 5 * small


def calls_of(html: str, wordings: Wordings) -> int:
    """Python calls made while reading: a measure of work that does not depend on the machine."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG001 - the profiler's signature
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        extract_page(html, URL, "utf-8", wordings)
    finally:
        sys.setprofile(None)
    return count


class Looked(list[str]):
    """Counts how often one of its items is asked for."""

    times = 0

    def __getitem__(self, index: Any) -> Any:
        self.times += 1
        return super().__getitem__(index)


def test_of_words_inside_one_another_one_is_looked_at_for_each_character() -> None:
    literals = Literals("a" * length for length in range(1, 101))
    words = literals._words = Looked(literals._words)
    assert len(literals.words_in("a" * 1_000)) == 100
    assert words.times == 1_000


@given(
    st.sets(st.text(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1),
    st.text(st.sampled_from("abc"), max_size=30),
)
def test_every_word_of_a_list_that_occurs_is_found(words: set[str], text: str) -> None:
    assert Literals(words).words_in(text) == {word for word in words if word in text}


@pytest.mark.parametrize(("chars", "is_shown"), [(100, True), (100_000, False)])
def test_only_a_short_script_that_names_an_element_may_show_it(chars: int, is_shown: bool, wordings: Wordings) -> None:
    code = f"{' ' * chars}show('#later')"
    html = f"<style>#later{{display:none}}</style><script>{code}</script><p>正文一段话。</p><p id=later>深处</p>"
    assert ("深处" in extract_page(html, URL, "utf-8", wordings).text) is is_shown


def test_nesting_is_bounded_before_the_parser_sees_it() -> None:
    assert bounded_nesting("<div>" * 100_000 + "x").count("<div>") <= 512
    ordinary = "<ul>" + "<li><a href=x>甲</a><br><img src=y>" * 3000 + "</ul>"
    assert bounded_nesting(ordinary).count("<li>") == 3000


class Counted:
    """A pattern that counts the characters which it is given to split."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.chars = 0

    def split(self, text: str, maxsplit: int = 0) -> list[str]:
        self.chars += len(text)
        return [part or "" for part in self._pattern.split(text, maxsplit)]


def test_a_long_title_is_not_read_again_for_each_heading(monkeypatch: pytest.MonkeyPatch, wordings: Wordings) -> None:
    chars: list[int] = []
    for size in (100, 400):
        counted = Counted(page_title._TITLE_BREAK)
        with monkeypatch.context() as patch:
            patch.setattr(page_title, "_TITLE_BREAK", counted)
            extract_page(HOSTILE["title-without-end"](size), URL, "utf-8", wordings)
        chars.append(counted.chars)
    assert chars[1] <= 5 * chars[0]


def test_what_nests_outside_its_own_place_is_bounded_and_so_are_options() -> None:
    for tag in ("optgroup", "rt", "rp"):
        assert bounded_nesting(f"<{tag}>" * 100_000 + "x").count(f"<{tag}>") <= 512
    counties = "<select>" + "<option value=1>甲</option>" * 3_000 + "</select><p>乙</p>"
    assert bounded_nesting(counties) == counties
    bounded = bounded_nesting("<select>" + "<OPTION value=1>甲</OPTION>" * 50_000 + "</select><p>乙</p>")
    assert bounded.count("<OPTION") == 5_000
    assert bounded.endswith("</select><p>乙</p>")


def test_formatting_left_open_is_bounded_and_closed_formatting_is_not_touched() -> None:
    left_open = "".join(f"<font color={number}><p>甲" for number in range(3000))
    assert bounded_nesting(left_open).count("<font") <= 8
    closed = "".join(f"<p><font color={number}>甲</font><a href=x>乙</a></p>" for number in range(3000))
    assert bounded_nesting(closed) == closed


def test_a_picture_in_its_address_is_kept_and_a_thousand_attributes_are_not() -> None:
    inline = f'<img src="data:image/png;base64,{"A" * 50_000}"><p>甲</p>'
    assert bounded_nesting(inline) == inline
    slashed = f'<img alt="{"甲/ " * 4000}" src=/a/b/c.png><p>甲</p>'
    assert bounded_nesting(slashed) == slashed
    for attribute in ("a=b ", "a/", 'a="b"', "a='b'", "a = b\n", "=a/"):
        bounded = bounded_nesting("<p " + attribute * 9000 + ">甲")
        assert len(bounded) < 200 * 8, attribute
        assert bounded.endswith(">甲"), attribute


def test_nulls_and_lone_surrogates_are_read_over(wordings: Wordings) -> None:
    page = extract_page("<p>甲\ud800乙\x00丙</p>", URL, "utf-8", wordings)
    assert page.text.startswith("甲\ufffd乙")
    page.text.encode("utf-8")


@given(st.text(st.sampled_from("<>/ =\"'abdivptrscjk医院12-\n&;#![]"), max_size=200))
def test_no_markup_raises(html: str) -> None:
    page = extract_page(html, URL, "utf-8", WORDINGS)
    assert 0 <= page.body_start <= page.body_end <= len(page.text)
    assert 0.0 <= page.text_share <= 1.0


@given(st.binary(max_size=200), st.integers(100, 599), st.text(max_size=30), st.text(max_size=30))
def test_no_response_raises(body: bytes, status: int, content_type: str, url: str) -> None:
    reading = read_response(url, status, (("content-type", content_type),), body, WORDINGS)
    assert (reading.page is not None) == (reading.outcome is Outcome.CONTENT)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "outcome"),
    [
        (200, "text/html", b"", Outcome.UNKNOWN),
        (200, "text/html", b" \r\n\x00", Outcome.UNKNOWN),
        (200, "application/pdf", b"%PDF-1.4", Outcome.OUT_OF_SCOPE),
        (200, "text/html", b"\x89PNG\r\n\x1a\n", Outcome.OUT_OF_SCOPE),
        (200, "image/jpeg", b"abc", Outcome.OUT_OF_SCOPE),
        (200, "application/octet-stream", b"<html><p>abc</p></html>", Outcome.CONTENT),
        (200, "", b"<p>abc</p>", Outcome.CONTENT),
        (404, "text/html", b"<p>abc</p>", Outcome.HTTP_GONE),
        (410, "text/html", b"", Outcome.HTTP_GONE),
        (403, "text/html", b"<p>Forbidden</p>", Outcome.HTTP_ERROR),
        (401, "text/html", b"", Outcome.CHALLENGE),
        (500, "text/html", b"<title>x</title>", Outcome.HTTP_ERROR),
        (302, "text/html", b"", Outcome.HTTP_ERROR),
    ],
)
def test_status_type_and_bytes_decide(
    status: int, content_type: str, body: bytes, outcome: Outcome, wordings: Wordings
) -> None:
    reading = read_response(URL, status, (("content-type", content_type),), body, wordings)
    assert reading.outcome is outcome
    assert (reading.page is not None) == (outcome is Outcome.CONTENT)
    assert bool(reading.detail) == (outcome is not Outcome.CONTENT)
