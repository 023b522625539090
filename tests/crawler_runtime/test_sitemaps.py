"""Sitemaps: how they are read, and the crawl that finds pages in them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses.sitemap import MAX_SITEMAP_URLS, read_sitemap
from crawler.night.discovery import MAX_SITEMAPS
from domain.outcome import Outcome
from domain.targets import RenderMode, Target, TargetKind
from domain.visits import SkipRule
from tests.crawler_runtime.fakes import MemoryStore, crawl, settings
from tests.crawler_runtime.rough_server import LAUGHS, RoughServer, sitemap

XML = "application/xml"


@pytest.fixture
def server() -> Iterator[RoughServer]:
    with RoughServer() as running:
        yield running


def run(server: RoughServer, label: str, **changes: object) -> MemoryStore:
    values: dict[str, object] = {"delay_seconds": 0.0, "local": True, "render": RenderMode.NEVER}
    target = Target(label, server.url(label), **(values | changes))  # type: ignore[arg-type]  # fields of all types
    return crawl([target], settings(hosts=server.hosts(label)))


def test_pages_and_further_sitemaps_are_told_apart() -> None:
    assert read_sitemap(sitemap("http://a.example/1", "http://a.example/2"), XML).pages == [
        "http://a.example/1",
        "http://a.example/2",
    ]
    index = read_sitemap(sitemap("http://a.example/1.xml", kind="sitemapindex"), XML)
    assert (index.pages, index.sitemaps) == ([], ["http://a.example/1.xml"])


def test_addresses_of_images_are_not_pages() -> None:
    images = (
        b'<urlset xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>http://a.example/1?a=1&amp;b=2'
        b"</loc><image:image><image:loc>http://a.example/1.jpg</image:loc></image:image></url></urlset>"
    )
    assert read_sitemap(images, XML).pages == ["http://a.example/1?a=1&b=2"]


def test_ampersands_as_they_are_typed_are_no_fault() -> None:
    typed = sitemap("http://a.example/i.php?m=1&id=2", "http://a.example/i.php?m=1&id=3").replace(b"&amp;", b"&")
    assert b"?m=1&id=2" in typed
    read = read_sitemap(typed, XML)
    assert (read.pages, read.fault) == (["http://a.example/i.php?m=1&id=2", "http://a.example/i.php?m=1&id=3"], "")
    cut = b"<urlset><url><loc><![CDATA[http://a.example/i.php?m=1&id=2]]></loc></url><url>"
    assert read_sitemap(cut, XML).pages == ["http://a.example/i.php?m=1&id=2"]


def test_other_encodings_and_plain_lists_are_read() -> None:
    declared = '<?xml version="1.0" encoding="GB2312"?><urlset><url><loc>http://a.example/科室</loc></url></urlset>'
    assert read_sitemap(declared.encode("gb18030"), XML).pages == ["http://a.example/科室"]
    assert read_sitemap(b"http://a.example/1\r\nnot a url\nhttp://a.example/2\n", "text/plain").pages == [
        "http://a.example/1",
        "http://a.example/2",
    ]


def test_of_a_broken_file_what_stands_before_the_fault_counts() -> None:
    cut = sitemap("http://a.example/1", "http://a.example/2")[:-60]
    read = read_sitemap(cut, XML)
    assert read.pages[0] == "http://a.example/1"
    assert read.fault.startswith("XML 有误")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (sitemap("/&b;", before=LAUGHS), "含有 DOCTYPE，不读取"),
        (b"<html><head><title>404</title></head><body><p>x</p></body></html>", "不是站点地图"),
        (b"<!DOCTYPE html><html></html>", "含有 DOCTYPE，不读取"),
        (b"<urlset>" + b"<a>" * 200, "元素嵌套过深"),
        (b"", "不是站点地图"),
        (b"{}", "不是站点地图"),
    ],
)
def test_what_is_none_gives_nothing(body: bytes, fault: str) -> None:
    read = read_sitemap(body, XML)
    assert (read.pages, read.sitemaps, read.fault) == ([], [], fault)


def test_the_number_of_urls_is_bounded() -> None:
    body = sitemap(*[f"/{number}" for number in range(MAX_SITEMAP_URLS + 10)])
    read = read_sitemap(body, XML)
    assert len(read.pages) == MAX_SITEMAP_URLS
    assert read.fault == f"网址超过 {MAX_SITEMAP_URLS} 个"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_a_fault_of_ours(tail: bytes) -> None:
    read = read_sitemap(sitemap("http://a.example/1")[:-9] + tail, XML)
    assert read.pages[:1] == ["http://a.example/1"]


def test_pages_named_only_in_the_sitemap_are_visited(server: RoughServer) -> None:
    store = run(server, "has-sitemap")
    assert set(store.final()) == {server.url("has-sitemap"), server.url("has-sitemap", "/only-in-sitemap.html")}
    start = store.last(server.url("has-sitemap"))
    assert [item.url for item in start.asides] == [
        server.url("has-sitemap", "/robots.txt"),
        server.url("has-sitemap", "/sitemap.xml"),
    ]
    assert {link.rule for link in start.skipped} == {SkipRule.HOST, SkipRule.FILE}
    assert sum(start.skip_counts.values()) == 2


def test_sitemaps_of_robots_txt_are_read_within_robots_and_scope(server: RoughServer) -> None:
    store = run(server, "names-sitemaps")
    assert server.url("names-sitemaps", "/from-gz.html") in store.final()
    asked = server.paths("names-sitemaps")
    assert asked.count("/maps/index.xml") == 1
    assert "/closed/2.xml" not in asked
    assert "/sitemap.xml" not in asked
    assert {item.host for item in server.asked} == {"names-sitemaps.example"}


def test_a_site_that_names_only_sitemaps_of_others_is_asked_for_its_own(server: RoughServer) -> None:
    store = run(server, "sitemaps-of-others")
    assert server.url("sitemaps-of-others", "/only-in-sitemap.html") in store.final()
    assert {item.host for item in server.asked} == {"sitemaps-of-others.example"}


@pytest.mark.parametrize("label", ["hostile-sitemap", "sitemaps-without-end"])
def test_a_hostile_sitemap_harms_nothing(server: RoughServer, label: str) -> None:
    final = run(server, label).final()
    assert {url: visit.outcome for url, visit in final.items()} == {server.url(label): Outcome.CONTENT}
    assert len(server.paths(label)) <= MAX_SITEMAPS + 2


def test_a_site_that_is_asked_too_much_for_sitemaps_is_left_alone(server: RoughServer) -> None:
    final = run(server, "busy-sitemaps").final()
    assert server.paths("busy-sitemaps") == ["/robots.txt", "/", "/map-0.xml"]
    assert "暂缓访问" in final[server.url("busy-sitemaps", "/1.html")].outcome_detail


def test_only_sites_have_sitemaps(server: RoughServer) -> None:
    run(server, "has-sitemap", kind=TargetKind.LIST)
    assert "/sitemap.xml" not in server.paths("has-sitemap")


def test_a_gzip_bomb_is_passed_over(server: RoughServer) -> None:
    final = run(server, "bomb-sitemap").final()
    assert {url: visit.outcome for url, visit in final.items()} == {server.url("bomb-sitemap"): Outcome.CONTENT}
