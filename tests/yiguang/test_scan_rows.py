"""`scan`: every input line is answered in its place."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.findings import Document, Finding, Judgement
from yiguang.judgement.json_line import NotJson, read_json
from yiguang.judgement.scan import BadLine, Scanner, dump_row, parse_line, read_lines


def judge(document: Document) -> Judgement:
    """Finds the first character, whatever it is."""
    quote = document.text[:1]
    found = Finding("first-character", "other", quote, 0, len(quote), 0.5, ("广告法16(1)(2)",), 1)
    return Judgement(0.25, False, "other", False, findings=(found,), reasons=(document.title,))


def extract(html: str, url: str) -> Document:
    if "break" in html:
        raise ZeroDivisionError("on purpose")
    return Document(text=html.upper(), title="题", url=url)


SCANNER = Scanner(judge, extract)


def answer(line: bytes) -> dict[str, object]:
    row = json.loads(dump_row(SCANNER.answer_line(line)))
    assert isinstance(row, dict)
    return row


def test_the_keys_are_those_of_the_contract() -> None:
    row = answer(b'{"id": "a", "text": "abc", "title": "t"}')
    assert list(row) == ["id", "score", "flagged", "genre", "is_ad", "ad_basis", "findings", "reasons"]
    assert row["reasons"] == ["t"]
    assert row["findings"] == [
        {
            "rule": "first-character",
            "family": "other",
            "quote": "a",
            "start": 0,
            "end": 1,
            "weight": 0.5,
            "basis": ["广告法16(1)(2)"],
            "severity": 1,
            "silenced": False,
            "gates": [],
        }
    ]


def test_a_page_comes_back_with_the_text_that_offsets_point_into() -> None:
    row = answer(b'{"id": "a", "html": "<p>x", "url": "http://a.example/"}')
    assert row["text"] == "<P>X"
    assert row["title"] == "题"


@pytest.mark.parametrize(
    ("line", "line_id", "reason"),
    [
        (b"", None, "空行"),
        (b"   ", None, "空行"),
        (b"{", None, "JSON"),
        (b"null", None, "对象"),
        (b'["a"]', None, "对象"),
        (b'{"text": "x"}', None, "id"),
        (b'{"id": null, "text": "x"}', None, "id"),
        (b'{"id": true, "text": "x"}', None, "id"),
        (b'{"id": ["a"], "text": "x"}', None, "id"),
        (b'{"id": "a"}', "a", "text"),
        (b'{"id": "a", "text": 5}', "a", "text"),
        (b'{"id": "a", "text": NaN}', "a", "text"),
        (b'{"id": "a", "text": "x", "title": []}', "a", "title"),
        (b'{"id": "a", "text": "x", "html": "y"}', "a", "html"),
        (b'{"id": "a", "text": "\xff"}', "a", "UTF-8"),
        (b'\xff{"id": "a"', None, "UTF-8"),
        (b'{"id": "a", "text": "\x00"}', None, "JSON"),
        (b"[" * 100_000, None, "JSON"),
        (b'{"id": "a", "text": ' + b"9" * 5000 + b"}", None, "JSON"),
    ],
)
def test_a_bad_line_gives_its_reason_and_its_id(line: bytes, line_id: object, reason: str) -> None:
    row = answer(line)
    assert row["id"] == line_id
    assert reason in str(row["error"])


def test_a_fault_of_ours_is_reported_in_place() -> None:
    row = answer(b'{"id": "a", "html": "break"}')
    assert row["id"] == "a"
    assert "ZeroDivisionError" in str(row["error"])


def test_a_byte_order_mark_and_an_absent_field_do_no_harm() -> None:
    assert "error" not in answer(b'\xef\xbb\xbf{"id": 7, "text": "x", "html": null}')


def test_a_lone_surrogate_comes_back_as_the_escape_it_came_as() -> None:
    written = dump_row(SCANNER.answer_line(b'{"id": "\\ud800", "text": "\\udfff."}'))
    assert rb"\ud800" in written
    assert rb"\udfff" in written
    assert json.loads(written)["findings"][0]["quote"] == "\udfff"


def test_a_line_that_is_too_long_is_answered_and_passed_over() -> None:
    stream = io.BytesIO(b"a\n" + b"x" * 25 + b"\nb\r\n" + b"y" * 10 + b"\n" + b"z" * 30)
    assert list(read_lines(stream, max_bytes=10)) == [b"a", None, b"b", b"y" * 10, None]
    with pytest.raises(BadLine, match="MB"):
        parse_line(None)


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_every_line_is_given_once_and_in_order(lines: list[bytes], limit: int) -> None:
    lines = [line.replace(b"\n", b"").rstrip(b"\r") for line in lines]
    stream = io.BytesIO(b"".join(line + b"\n" for line in lines))
    assert list(read_lines(stream, limit)) == [line if len(line) <= limit else None for line in lines]


@given(st.text(st.characters(), max_size=30), st.text(st.characters(), max_size=30))
def test_what_went_in_comes_out_whatever_the_characters(line_id: str, text: str) -> None:
    row = answer(json.dumps({"id": line_id, "text": text}).encode())
    assert row["id"] == line_id
    findings = row["findings"]
    assert isinstance(findings, list)
    assert findings[0]["quote"] == text[:1]


def plain_json(line: bytes) -> object:
    """What the standard library makes of a line."""
    try:
        return json.loads(line.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "too deep"
    except ValueError as fault:
        return str(fault)


@pytest.mark.parametrize(
    "value",
    [
        b"1", b"null", b'"\\ud800"', b'"\\ud83d\\ude00"', b"NaN", b"-Infinity", b"1e999", b'"\xff"', b'"\xed\xa0\x80"', b'"\t"',
        b"[1,]", b"01", b"{'a': 1}", b'"\\x"', b"[" * 900 + b"]" * 900, b"[" * 5000 + b"]" * 5000, b'{"a":1,"a":2}', b"", b"-0.0",
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf", b" "])
def test_lines_are_read_as_the_standard_library_reads_them(prefix: bytes, value: bytes) -> None:
    line = prefix + b'{"id": 1, "text": "a", "x": ' + value + b"}"
    try:
        read: object = read_json(line)
    except UnicodeDecodeError:
        read = "not UTF-8"
    except RecursionError:
        read = "too deep"
    except NotJson as fault:
        read = str(fault)
    assert repr(read) == repr(plain_json(line))


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**64), 10**30])
def test_ids_of_any_size_are_kept(number: int) -> None:
    assert answer(f'{{"id": {number}, "text": "a"}}'.encode())["id"] == number


def test_a_broken_number_is_no_id() -> None:
    assert "id" in str(answer(b'{"id": 1.5, "text": "a"}')["error"])
