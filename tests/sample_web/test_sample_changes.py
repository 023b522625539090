"""The world can be changed while it is served, from this process and from another."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from examples.web.server import SampleWeb
from examples.web.world import UnknownUrl
from tests.sample_web.sample_client import Client


@pytest.fixture
def fresh() -> Iterator[Client]:
    with SampleWeb() as web:
        yield Client(web)


def _control(client: Client, method: str, path: str, body: str = "", host: str = "127.0.0.1") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", client.web.port, timeout=10)
    connection.request(method, path, body, {"Host": f"{host}:{client.web.port}"})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def test_page_taken_down_is_404_and_can_be_restored(fresh: Client) -> None:
    url = fresh.web.base_url("www.ankang-nanke.example") + "/anli/12.html"
    before = fresh.get(url)
    fresh.web.change("take-down", url)
    assert fresh.get(url).status == 404
    fresh.web.change("delete", url)
    assert fresh.get(url).status == 410
    fresh.web.change("restore", url)
    assert fresh.get(url).body == before.body


def test_post_taken_down_shows_the_platform_notice_and_deleted_one_the_authors(fresh: Client) -> None:
    url = fresh.web.base_url("mp.weixin.example") + "/s/lczDemo0000001A"
    fresh.web.change("take-down", url)
    assert "此内容因违规无法查看" in fresh.get(url).body.decode()
    fresh.web.change("delete", url)
    answer = fresh.get(url)
    assert (answer.status, "该内容已被发布者删除" in answer.body.decode()) == (200, True)


@pytest.mark.parametrize(
    ("host", "path", "claim"),
    [
        ("www.ankang-nanke.example", "/", "治愈率"),
        ("www.jiaojiaolu-yake.example", "/", "99.9%"),
        ("mp.weixin.example", "/s/lxDemo0000001A", "治愈率98%"),
    ],
)
def test_softened_page_keeps_its_url_and_loses_its_claim(fresh: Client, host: str, path: str, claim: str) -> None:
    url = fresh.web.base_url(host) + path
    assert claim in fresh.get(url).body.decode()
    fresh.web.change("soften", url)
    answer = fresh.get(url)
    assert answer.status == 200
    assert claim not in answer.body.decode()


def test_unknown_page_or_kind_of_change_is_refused(fresh: Client) -> None:
    base = fresh.web.base_url("www.ankang-nanke.example")
    with pytest.raises(UnknownUrl):
        fresh.web.change("take-down", base + "/nothing.html")
    with pytest.raises(UnknownUrl):
        fresh.web.change("soften", base + "/contact.html")
    with pytest.raises(ValueError, match="vanish"):
        fresh.web.change("vanish", base + "/")


def test_another_process_changes_the_world_over_loopback_only(fresh: Client) -> None:
    url = fresh.web.base_url("www.ankang-nanke.example") + "/news/58.html"
    order = json.dumps({"kind": "take-down", "url": url})
    assert _control(fresh, "POST", "/__world__/change", order, host="www.ankang-nanke.example")[0] == 404
    assert fresh.get(url).status == 200
    assert _control(fresh, "POST", "/__world__/change", order)[0] == 204
    assert fresh.get(url).status == 404
    assert _control(fresh, "POST", "/__world__/change", order.replace("58", "59"))[0] == 422
    for broken in ("", "[]", "{}", "{"):
        assert _control(fresh, "POST", "/__world__/change", broken)[0] == 422


def test_requests_are_logged_with_host_path_time_and_agent(fresh: Client) -> None:
    url = fresh.web.base_url("www.yunbu-diyi-renmin.example") + "/kepu/?from=1"
    fresh.get(url, **{"User-Agent": "test-agent"})
    (request,) = fresh.web.requests
    assert (request.host, request.path, request.user_agent) == (
        "www.yunbu-diyi-renmin.example",
        "/kepu/?from=1",
        "test-agent",
    )
    assert request.at.utcoffset() is not None
    rows = json.loads(_control(fresh, "GET", "/__world__/requests")[1])
    assert [(row["host"], row["path"], row["agent"]) for row in rows] == [
        ("www.yunbu-diyi-renmin.example", "/kepu/?from=1", "test-agent")
    ]


def test_unknown_host_and_paths_outside_the_site_are_refused(fresh: Client) -> None:
    assert fresh.get(f"http://unknown.example:{fresh.web.port}/").status == 421
    base = fresh.web.base_url("www.ankang-nanke.example")
    for path in ("/../expected.toml", "/site.toml", "/layout.html", "/%2e%2e/server.py"):
        assert fresh.get(base + path).status == 404, path


def test_nonsense_on_the_socket_does_not_stop_the_server(fresh: Client) -> None:
    for nonsense in (
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02" * 50,
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", fresh.web.port), timeout=5) as connection:
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert fresh.get(fresh.web.base_url("www.ankang-nanke.example") + "/").status == 200


def test_targets_and_hosts_files_are_written(fresh: Client, tmp_path: Path) -> None:
    fresh.web.write_targets(tmp_path / "targets.csv")
    lines = (tmp_path / "targets.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("name,url,kind")
    assert f"http://www.ankang-nanke.example:{fresh.web.port}/" in "\n".join(lines)
    assert len(lines) == 1 + len(fresh.web.target_rows())
