"""The misbehaving hosts really misbehave, seen from the socket."""

import gzip
import time
import zlib

import pytest

from examples.web.misbehaviour import BIG_PAGE_BYTES, BOMB_DECODED_BYTES, SLOW_SECONDS
from examples.web.server import SampleWeb
from tests.sample_web.sample_client import Client


@pytest.fixture
def faults(web: SampleWeb) -> str:
    return web.base_url("www.zaoluan.example")


@pytest.fixture
def delays(web: SampleWeb) -> str:
    return web.base_url("www.tuoyan.example")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/error-500", 500),
        ("/busy-always", 429),
        ("/missing", 404),
        ("/withdrawn.html", 410),
        ("/forbidden.html", 403),
        ("/never-linked", 404),
    ],
)
def test_statuses(client: Client, faults: str, path: str, status: int) -> None:
    assert client.get(faults + path).status == status


def test_busy_once_asks_to_come_back_and_then_answers(client: Client, faults: str) -> None:
    first, second = client.get(faults + "/busy-once"), client.get(faults + "/busy-once")
    assert (first.status, first.headers["retry-after"]) == (429, "1")
    assert second.status == 200
    assert "门诊停诊公告" in second.body.decode()


def test_resets_are_resets(client: Client, faults: str) -> None:
    with pytest.raises(ConnectionResetError):
        client.raw(faults + "/reset")
    with pytest.raises(ConnectionResetError):
        client.raw(faults + "/reset-in-body")


def test_short_body_ends_before_its_promised_length(client: Client, faults: str) -> None:
    head, _, body = client.raw(faults + "/short-body").partition(b"\r\n\r\n")
    assert b"Content-Length: 90000" in head
    assert 0 < len(body) < 90000


def test_redirect_loop_and_redirect_to_a_file(client: Client, faults: str) -> None:
    loop = [client.get(faults + path) for path in ("/loop-a", "/loop-b")]
    assert [(answer.status, answer.headers["location"]) for answer in loop] == [(302, "/loop-b"), (302, "/loop-a")]
    assert client.get(faults + "/away").headers["location"].startswith("file:")


def test_big_page_is_as_big_as_it_says(client: Client, faults: str) -> None:
    answer = client.get(faults + "/big")
    assert len(answer.body) == int(answer.headers["content-length"]) >= BIG_PAGE_BYTES
    answer.body.decode("utf-8")


def test_gzip_bomb_is_a_valid_stream_that_unpacks_to_its_size(client: Client, faults: str) -> None:
    answer = client.get(faults + "/bomb")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < BOMB_DECODED_BYTES // 500
    unpacker, size = zlib.decompressobj(16 + zlib.MAX_WBITS), 0
    data = answer.body
    while data:
        size += len(unpacker.decompress(data, 1 << 24))
        data = unpacker.unconsumed_tail
    assert unpacker.eof
    assert size == BOMB_DECODED_BYTES


def test_truncated_gzip_lacks_its_end(client: Client, faults: str) -> None:
    answer = client.get(faults + "/truncated")
    with pytest.raises(EOFError):
        gzip.decompress(answer.body)


def test_empty_answer_has_no_body(client: Client, faults: str) -> None:
    answer = client.get(faults + "/empty")
    assert (answer.status, answer.body) == (200, b"")


def test_wrong_charset_claims_utf8_twice_and_is_gbk(client: Client, faults: str) -> None:
    answer = client.get(faults + "/wrong-charset")
    assert answer.headers["content-type"].endswith("utf-8")
    assert b'charset="utf-8"' in answer.body
    assert "编码声明有误的页面" in answer.body.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")


def test_slow_answer_comes_late_and_whole(client: Client, delays: str) -> None:
    begun = time.monotonic()
    answer = client.get(delays + "/slow")
    assert time.monotonic() - begun >= SLOW_SECONDS
    assert answer.body.endswith(b"</html>")


def test_hang_says_nothing(client: Client, delays: str) -> None:
    assert client.raw(delays + "/hang", seconds=0.4) == b""


def test_drip_goes_on(client: Client, delays: str) -> None:
    assert client.raw(delays + "/drip", limit_bytes=330).count(b"<p>.</p>") >= 2


def test_calendar_has_no_end(client: Client, web: SampleWeb) -> None:
    base = web.base_url("www.jiangzuo-rili.example")
    url, seen = f"{base}/calendar/2026/11/", set()
    for _ in range(30):
        assert url not in seen
        seen.add(url)
        text = client.get(url).body.decode()
        links = client.links(url, text)
        assert len(links) > 28
        url = links[2]
    assert url == f"{base}/calendar/2029/05/"


def test_robots_files(client: Client, web: SampleWeb) -> None:
    everything = client.get(web.base_url("www.jujue-zhuaqu.example") + "/robots.txt")
    one_path = client.get(web.base_url("www.yunbu-diyi-renmin.example") + "/robots.txt")
    none = client.get(web.base_url("www.ankang-nanke.example") + "/robots.txt")
    assert b"Disallow: /\n" in everything.body
    assert b"Disallow: /admin/\n" in one_path.body
    assert one_path.headers["content-type"].startswith("text/plain")
    assert none.status == 404


def test_moved_host_points_to_the_present_one(client: Client, web: SampleWeb) -> None:
    answer = client.get(web.base_url("www.banqian.example") + "/")
    assert (answer.status, answer.headers["location"]) == (301, web.base_url("www.mingde-menzhenbu.example") + "/")


def test_challenge_is_reached_by_a_redirect(client: Client, web: SampleWeb) -> None:
    base = web.base_url("mp.weixin.example")
    answer = client.get(base + "/s/yzDemo0000001A")
    assert answer.status == 302
    assert "wappoc_appmsgcaptcha" in answer.headers["location"]
    assert "环境异常" in client.get(base + answer.headers["location"]).body.decode()
