"""Pages made to break a reader: nothing raises, and a page twice as long takes about twice the work."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_is_read_to_its_end(name: str, wordings: Wordings) -> None:
    page = extract_page(HOSTILE[name](20_000), URL, "utf-8", wordings)
    assert "深处" in page.text


@pytest.mark.parametrize("name", ["nested", "unclosed", "links", "institutions"])
def test_work_grows_with_the_page_and_no_faster(name: str, wordings: Wordings) -> None:
    small, large = (calls_of(HOSTILE[name](size), wordings) for size in (4_000, 16_000))
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


def test_nesting_is_bounded_before_the_parser_sees_it() -> None:
    assert bounded_nesting("<div>" * 100_000 + "x").count("<div>") <= 512
    ordinary = "<ul>" + "<li><a href=x>甲</a><br><img src=y>" * 3000 + "</ul>"
    assert bounded_nesting(ordinary).count("<li>") == 3000


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
