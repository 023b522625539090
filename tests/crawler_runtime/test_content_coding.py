"""Content coding comes off whole, within its limit, or the body is refused."""

import gzip
import random
import time
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.failure import FetchFailed
from crawler.fetching.content_coding import decode_body
from domain.outcome import Outcome

ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": bytes,
    "": bytes,
}


@given(st.binary(max_size=3000), st.sampled_from(sorted(ENCODERS)))
def test_round_trip(body: bytes, coding: str) -> None:
    assert decode_body((("Content-Encoding", coding),), ENCODERS[coding](body), 10_000) == body


@given(st.binary(min_size=1, max_size=500), st.sampled_from(["gzip", "deflate", "br"]), st.data())
def test_a_cut_body_is_never_taken_for_whole(body: bytes, coding: str, data: st.DataObject) -> None:
    whole = ENCODERS[coding](body)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(FetchFailed) as failed:
        decode_body((("content-encoding", coding),), whole[:cut], 10_000)
    assert failed.value.outcome is Outcome.HTTP_ERROR


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_bomb_stops_at_the_limit(coding: str) -> None:
    bomb = ENCODERS[coding](b"\0" * 20_000_000)
    with pytest.raises(FetchFailed) as failed:
        decode_body((("content-encoding", coding),), bomb, 5_000_000)
    assert failed.value.outcome is Outcome.TOO_LARGE


def test_codings_come_off_in_reverse_order() -> None:
    body = gzip.compress(zlib.compress(b"text"))
    assert decode_body((("content-encoding", "deflate, gzip"),), body, 100) == b"text"


def test_several_members_and_padding() -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0\0"
    assert decode_body((("content-encoding", "gzip"),), body, 100) == b"one two"


def test_members_without_end_stop_soon() -> None:
    """Each copied all that followed it: a body of 20 MB took minutes, of robots.txt in the event loop."""
    body = gzip.compress(b"", mtime=0) * 50_000
    began = time.process_time()
    with pytest.raises(FetchFailed) as failed:
        decode_body((("content-encoding", "gzip"),), body, 100)
    assert failed.value.outcome is Outcome.TOO_LARGE
    assert time.process_time() - began < 1


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 200_000])
def test_members_may_end_anywhere(size: int) -> None:
    noise = random.Random(size).randbytes(size)
    body = b"".join(gzip.compress(part, level) for part in (noise, b"", noise, b"end") for level in (0, 9))
    assert decode_body((("content-encoding", "gzip"),), body, 1_000_000) == noise * 4 + b"endend"


def test_codings_upon_codings_stop_soon() -> None:
    with pytest.raises(FetchFailed, match="内容编码多达 300 层"):
        decode_body((("content-encoding", ", ".join(["gzip"] * 300)),), gzip.compress(b"x"), 100)


@pytest.mark.parametrize("word", ["utf-8", "UTF-8", "none", "gb2312", "binary", "text/html; charset=utf-8"])
def test_a_word_that_is_no_coding_codes_nothing(word: str) -> None:
    assert decode_body((("Content-Encoding", word),), b"<html>", 100) == b"<html>"
    assert decode_body((("Content-Encoding", f"{word}, gzip"),), gzip.compress(b"<html>"), 100) == b"<html>"


def test_an_unknown_coding_is_named() -> None:
    with pytest.raises(FetchFailed, match="未知的内容编码 zstd"):
        decode_body((("content-encoding", "zstd"),), b"x", 100)
