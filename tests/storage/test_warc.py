"""What is written is read back by warcio, byte for byte."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from domain.page import Exchange
from storage.archive.cdxj import url_sort_key
from storage.archive.warc import exchange_records, records_of, warc_uri, warcinfo_record
from storage.checking.verify_warc import warc_problem
from tests.storage.samples import NOW, exchange

_TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ-0123456789", min_size=1, max_size=12)
_VALUES = st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=30).map(str.strip)
_HEADERS = st.lists(st.tuples(_TOKENS.map("X-A".__add__), _VALUES), max_size=5).map(tuple)
_EXCHANGES = st.builds(
    Exchange,
    url=st.text(max_size=20).map("http://clinic.example/".__add__),
    method=st.sampled_from(["GET", "POST"]),
    request_headers=_HEADERS,
    status=st.integers(100, 599),
    reason=st.sampled_from(["OK", "Not Found", ""]),
    response_headers=_HEADERS,
    body=st.binary(max_size=300),
    fetched_at=st.datetimes(timezones=st.just(NOW.tzinfo)),
    ip=st.sampled_from(["", "127.0.0.1", "2001:db8::1"]),
    source=st.sampled_from(["http", "browser"]),
)


def _responses(data: bytes) -> list[tuple[str, list[tuple[str, str]], bytes]]:
    return [
        (record.http_headers.get_statuscode(), record.http_headers.headers, record.raw_stream.read())
        for record in ArchiveIterator(io.BytesIO(data))
        if record.rec_type == "response"
    ]


def _response_blocks(data: bytes) -> list[bytes]:
    """Whole blocks as they lie in the file, headers unparsed."""
    return [
        record.raw_stream.read()
        for record in ArchiveIterator(io.BytesIO(data), no_record_parse=True)
        if record.rec_type == "response"
    ]


@settings(max_examples=60)
@given(st.lists(_EXCHANGES, max_size=4, unique=True))
def test_exchanges_come_back_whole(exchanges: list[Exchange]) -> None:
    records = [warcinfo_record(NOW, {"software": "yiguang"}), *records_of(exchanges)]
    data = b"".join(record.data for record in records)
    assert warc_problem(data) == ""
    read = _responses(data)
    assert [body for _, _, body in read] == [item.body for item in exchanges]
    assert [int(status) for status, _, _ in read] == [item.status for item in exchanges]
    for block, item in zip(_response_blocks(data), exchanges, strict=True):
        lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in item.response_headers]
        assert block.partition(b"\r\n")[2].startswith(b"".join(lines))


@given(_EXCHANGES, st.data())
def test_a_flipped_byte_in_the_content_is_noticed(item: Exchange, data: st.DataObject) -> None:
    response, _ = exchange_records(item)
    head_bytes = 10  # of a gzip member: time and system, which carry no content; the slice's SHA-256 covers them
    place = head_bytes + data.draw(st.integers(0, 10_000)) % (len(response.data) - head_bytes)
    flipped = bytearray(response.data)
    flipped[place] ^= data.draw(st.integers(1, 255))
    try:
        problem = warc_problem(bytes(flipped))
    except (zlib.error, EOFError):
        return
    # Deflate leaves a few bits before a byte boundary unused; they carry no content either.
    assert problem == ""
    assert zlib.decompress(bytes(flipped), 31) == zlib.decompress(response.data, 31)


def test_the_request_points_at_its_response() -> None:
    response, request = exchange_records(exchange("http://clinic.example/a?b=1"))
    read = list(_records(response.data + request.data))
    assert read[1].rec_headers["WARC-Concurrent-To"] == read[0].rec_headers["WARC-Record-ID"]
    assert read[1].http_headers.statusline == "/a?b=1 HTTP/1.1"
    assert read[1].http_headers["Host"] == "clinic.example"
    assert {record.rec_headers["WARC-IP-Address"] for record in read} == {"127.0.0.1"}
    assert read[0].rec_headers["WARC-Date"] == "2026-11-25T18:00:01.000000Z"


def test_headers_are_true_of_the_stored_body() -> None:
    headers = (("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"), ("Content-Length", "9999"))
    packed = replace(exchange("http://clinic.example/", b"packed"), response_headers=headers)
    exact = replace(packed, source="browser", response_headers=(("content-length", "6"), ("Content-Length", "6")))
    first, second = _responses(b"".join(record.data for record in records_of([packed, exact])))
    assert first[1] == [
        ("Content-Encoding", "gzip"),
        ("X-Archive-Orig-Transfer-Encoding", "chunked"),
        ("X-Archive-Orig-Content-Length", "9999"),
        ("Content-Length", "6"),
    ]
    assert second[1] == [("content-length", "6"), ("X-Archive-Orig-Content-Length", "6")]


def test_headers_cannot_smuggle_lines() -> None:
    hostile = replace(
        exchange("http://clinic.example/\r\nWARC-Type: evil"),
        response_headers=(("X-A", "1\r\nSet-Cookie: a"), ("X-医", "治")),
    )
    response, request = exchange_records(hostile)
    read = list(_records(response.data + request.data))
    assert [record.rec_headers["WARC-Type"] for record in read] == ["response", "request"]
    assert read[0].http_headers["X-A"] == "1 Set-Cookie: a"
    assert warc_problem(response.data + request.data) == ""


def test_an_exchange_given_twice_is_written_once() -> None:
    item = exchange("http://clinic.example/")
    assert len(records_of([item, item])) == 2


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.a.example/", "example,a)/"),
        ("http://www.a.example", "example,a)/"),
        ("http://www2.a.example:80/A/?b=2&a=1", "example,a)/a?a=1&b=2"),
        ("https://a.example:8443/x/", "example,a:8443)/x"),
        ("http://a.example/x//", "example,a)/x"),
        ("http://a.example/x/index.html", "example,a)/x/index.html"),
        ("http://a.example/a%20b/", "example,a)/a%20b"),
        (
            "http://a.example/%E4%B8%AD%E6%96%87/?q=%E5%8C%BB%E7%96%97",
            "example,a)/%e4%b8%ad%e6%96%87?q=%e5%8c%bb%e7%96%97",
        ),
        ("http://a.example/%e4%b8%ad?Q=A+B&q=a%20b", "example,a)/%e4%b8%ad?q=a%20b&q=a+b"),
        ("http://a.example/?", "example,a)/"),
        ("http://a.example/a?", "example,a)/a"),
        ("http://a.example/a?b", "example,a)/a?b"),
        ("http://a.example/a?b=&c", "example,a)/a?b=&c"),
        ("http://a.example/a?b=1&b=0", "example,a)/a?b=0&b=1"),
        (
            "http://a.example/a;jsessionid=0123456789abcdef0123456789abcdef?x=1",
            "example,a)/a;jsessionid=0123456789abcdef0123456789abcdef?x=1",
        ),
        ("http://a.example/a?PHPSESSID=0123456789abcdef0123456789abcdef&x=1", "example,a)/a?x=1"),
        ("http://a.example/a?sid=0123456789abcdef0123456789abcdef&x=1", "example,a)/a?x=1"),
        ("http://a.example/a?x=1&sid=0123456789abcdef0123456789abcdef", "example,a)/a?&x=1"),
        (
            "https://mp.weixin.qq.com/s?__biz=MzA==&mid=1&idx=1&sn=AbC#rd",
            "com,qq,weixin,mp)/s?__biz=mza==&idx=1&mid=1&sn=abc",
        ),
        ("https://mp.weixin.qq.com/s/AbCdEf_-1", "com,qq,weixin,mp)/s/abcdef_-1"),
        ("http://a.example/a#frag", "example,a)/a"),
        ("http://a.example/../b/./c/", "example,a)/../b/c"),
        ("http://a.example/a~b/!x'(y)*,;=@:$", "example,a)/a~b/!x'(y)*,;=@:$"),
        ("http://a.example/a?x=http://b.example/c/", "example,a)/a?x=http://b.example/c/"),
        ("http://a.example/a?x=a;y=b", "example,a)/a?x=a;y=b"),
        ("http://user:pw@a.example/", "example,a)/"),
        ("http://127.0.0.1:8080/a/", "1,0,0,127:8080)/a"),
        ("http://xn--fiqs8s.example/", "example,xn--fiqs8s)/"),
        ("http://a.example/a?x=%2F%3D%26", "example,a)/a?&x=/="),
        ("http://a.example/a%2Fb/", "example,a)/a/b"),
        ("http://a.example/a?x=1&&y=2", "example,a)/a?&x=1&y=2"),
        ("http://a.example/A%41/", "example,a)/aa"),
        ("http://a.example/a?x=[1]{2}|^`", "example,a)/a?x=[1]{2}|^`"),
        ("http://a.example/a%zz", "example,a)/a%25zz"),
        ("http://[::1]:81/a", "::1:81)/a"),
        ("http://a.example/a?b=1&a=2&B=3", "example,a)/a?a=2&b=1&b=3"),
        (
            "http://a.example/api.aspx(s(0123456789abcdefghijklmn))/x.aspx",
            "example,a)/api.aspx(s(0123456789abcdefghijklmn))/x.aspx",
        ),
        ("urn:view:http://clinic.example/", "urn:view:http://clinic.example/"),
    ],
)
def test_index_keys_are_those_of_pywb(url: str, key: str) -> None:
    """The keys are what `pywb.utils.canonicalize` of pywb 2.10 makes of these URLs."""
    assert url_sort_key(url) == key


@given(st.text(max_size=30))
def test_every_url_has_a_key_on_one_line(rest: str) -> None:
    key = url_sort_key(warc_uri(f"http://clinic.example/{rest}"))
    assert key.startswith("example,clinic)/")
    assert not set(key) & set(" \r\n")


def _records(data: bytes) -> Iterator[Any]:
    for record in ArchiveIterator(io.BytesIO(data)):
        record.content = record.raw_stream.read()
        yield record
