"""WeChat posts that a target's own pages link to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.command_line import Run

WANTED = "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv"
OTHER = "https://mp.weixin.qq.com/s?__biz=MzAx&mid=1&idx=1&sn=a1"
PAGE = f"""<!doctype html><html><head><meta charset="utf-8"><title>示例门诊部</title></head><body>
<p>{"本院门诊时间为每日八时至十七时，节假日照常开诊。" * 8}</p>
<a href="{WANTED}?from=timeline">本院推文</a> <a href="{OTHER.replace("&", "&amp;")}">媒体报道</a></body></html>"""


class OnePage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGE.encode() if self.path == "/" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OnePage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_posts_of_a_site_are_listed_and_those_it_wants_become_targets(yiguang: Run, port: int, tmp_path: Path) -> None:
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    start = f"http://menzhen.example:{port}/"
    include = r"menzhen\.example mp\.weixin\.qq\.com/s/"
    targets.write_text(f"name,url,render,include,delay_seconds,local\n示例,{start},never,{include},0,1\n", "utf-8")
    hosts.write_text("127.0.0.1 menzhen.example\n")
    yiguang("init")
    night = yiguang("nightly", "--targets", targets, environ={"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1"})
    assert night.returncode == 0, night.stderr.decode()
    assert "列入 1 篇微信文章" in night.stderr.decode()
    known = [json.loads(line) for line in yiguang("targets", "list", "--json").stdout.splitlines()]
    assert [(row["url"], row["kind"]) for row in known] == [(start, "site"), (WANTED, "wechat")]
    assert yiguang("intake", "--list").stdout.decode() == f"{OTHER}\t示例\t发现于 {start}\n"
    assert yiguang("intake", "--list", OTHER).returncode == 2
    assert yiguang("intake", OTHER).returncode == 0
    assert yiguang("intake", "--list", "--json").stdout == b""
