"""Saved pages are served byte for byte under plausible hosts, one target a page."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.real_pages_server import load_pages, place_of
from examples.web.server import SampleWeb
from examples.web.world import World
from tests.sample_web.sample_client import Client

INDEX = (
    "file\trepo\tpath\twhat\tencoding\n"
    '01_a.html\tsomebody/Demo_Site.net\tnews/1.html\ta "page"\tgb18030\n'
    "feed.xml\tsomebody/feeds\ttests/feed.xml\ta feed\tutf-8\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "INDEX.tsv").write_text(INDEX, encoding="utf-8")
    (tmp_path / "01_a.html").write_bytes("<title>{{title}} 医院</title>".encode("gb18030"))
    (tmp_path / "feed.xml").write_bytes(b"<rss/>")
    (tmp_path / "loose.html").write_bytes(b"\xff\x00<p>")
    (tmp_path / "wx_demo_article_01.html").write_bytes(b'<div id="js_article"></div>')
    (tmp_path / "wx_demo-history.html").write_bytes(b"var msgList = {};")
    return tmp_path


def test_every_page_is_sent_byte_for_byte_without_a_charset(folder: Path) -> None:
    with SampleWeb(world=World(load_pages(folder))) as web:
        rows = web.target_rows()
        assert {row["name"] for row in rows} == {file.name for file in folder.iterdir()} - {"INDEX.tsv"}
        for row in rows:
            answer = Client(web).get(row["url"])
            assert answer.status == 200
            assert answer.body == (folder / row["name"]).read_bytes()
            assert "charset" not in answer.headers["content-type"]


def test_hosts_follow_the_index(folder: Path) -> None:
    with SampleWeb(world=World(load_pages(folder))) as web:
        places = {row["name"]: urlsplit(row["url"]) for row in web.target_rows()}
    assert (places["01_a.html"].hostname, places["01_a.html"].path) == ("www.demo-site-net.example", "/news/1.html")
    assert places["loose.html"].hostname == "pages.example"
    assert places["wx_demo_article_01.html"].hostname == "mp.weixin.qq.com"
    assert places["wx_demo_article_01.html"].path == "/s/wx_demo_article_01"
    assert places["wx_demo-history.html"].path == "/profile"


def test_search_results_are_not_of_the_platform_itself() -> None:
    assert place_of("wx_sogou_search-demo.html", {})[0] == "weixin.sogou.com"


def test_two_pages_of_one_url_are_refused(folder: Path) -> None:
    (folder / "INDEX.tsv").write_text(INDEX + "loose.html\tother/demo-site.net\tnews/1.html\t\t\n", encoding="utf-8")
    with pytest.raises(ValueError, match="is taken by"):
        load_pages(folder)
