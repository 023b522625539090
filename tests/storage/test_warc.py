"""What is written is read back by warcio, byte for byte."""

import io
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from domain.page import Exchange
from storage.cdxj import url_sort_key
from storage.verify_warc import warc_problem
from storage.warc import exchange_records, records_of, warcinfo_record
from tests.storage.samples import NOW, exchange

_TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ-0123456789", min_size=1, max_size=12)
_VALUES = st.text(st.characters(max_codepoint=0xFF, exclude_categories=("Cc",)), max_size=30).map(str.strip)
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
    with pytest.raises((zlib.error, EOFError)):
        warc_problem(bytes(flipped))


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


def test_index_keys_are_surt_forms() -> None:
    assert url_sort_key("http://www2.Clinic.example:80/A?b=2&a=1") == "example,clinic)/a?a=1&b=2"
    assert url_sort_key("https://clinic.example:8443") == "example,clinic:8443)/"
    assert url_sort_key("urn:view:http://clinic.example/") == "urn:view:http://clinic.example/"


def _records(data: bytes):
    for record in ArchiveIterator(io.BytesIO(data)):
        record.content = record.raw_stream.read()
        yield record
