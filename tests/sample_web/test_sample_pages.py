"""Every page that a crawl can reach is served as its site says and has its line in the truth table."""

import gzip
import re
from collections import Counter
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from domain.outcome import Outcome
from examples.web.server import SampleWeb
from examples.web.sites import SITES, TEXT_SUFFIXES, load_sites
from examples.web.targets import COLUMNS
from examples.web.truth import load_truth
from tests.sample_web.sample_client import Client, Links

TRUTH = load_truth()
#: 协和 is quoted only as the name that is borrowed; no operator, doctor or patient bears these.
WELL_KNOWN = (
    "同济",
    "湘雅",
    "瑞金",
    "华山医院",
    "同仁",
    "天坛医院",
    "积水潭",
    "301医院",
    "莆田",
    "百度",
    "阿里",
    "腾讯",
)


def _served() -> list[tuple[str, str]]:
    """Host and path of every page in the truth table that a well-behaved answer brings."""
    sites = load_sites()
    return [
        (host, path)
        for host, paths in TRUTH.hosts.items()
        for path, row in paths.items()
        if not path.startswith("^")
        and not path.endswith(".xml")
        and row.outcomes == (Outcome.CONTENT,)
        and sites[host].behaviour_of(path) is None
    ]


def _reached(web: SampleWeb, client: Client) -> dict[str, str]:
    """All URLs of served hosts that links lead to from the targets, with the text of the readable ones."""
    waiting = [row["url"] for row in web.target_rows()]
    seen: dict[str, str] = {}
    while waiting:
        url = waiting.pop()
        expected = TRUTH.of(url)
        if url in seen or urlsplit(url).hostname not in web.hosts or "/calendar/" in url:
            continue
        seen[url] = ""
        if expected is not None and Outcome.CONTENT in expected.outcomes and "/busy-once" not in url:
            text = client.get(url).body.decode("utf-8", "replace")
            if "/app.js" in text:
                text = client.page(f"{web.base_url(urlsplit(url).hostname or '')}/api/site.json")[1]
            seen[url] = text
            waiting += client.links(url, text)
    return seen


def test_every_reachable_url_is_in_the_truth_table_and_every_line_is_reachable(web: SampleWeb, client: Client) -> None:
    reached = _reached(web, client)
    unknown = [url for url in reached if TRUTH.of(url) is None]
    assert not unknown
    lines = {(host, path) for host, paths in TRUTH.hosts.items() for path in paths if not path.startswith("^")}
    found = {(urlsplit(url).hostname, _path(url)) for url in reached}
    assert lines - found == set()


@pytest.mark.parametrize(("host", "path"), _served())
def test_page_is_served_complete_in_its_own_encoding(web: SampleWeb, client: Client, host: str, path: str) -> None:
    site = web.world.sites[host]
    answer, text = client.page(web.base_url(host) + path)
    assert answer.status == 200
    assert answer.headers["content-type"] == f"text/html{f'; charset={site.charset}' if site.charset else ''}"
    assert "{{" not in text
    assert "</body>" in text.lower() or 'id="app"' in text
    assert re.search("[\u4e00-\u9fff]{4}", text)


def test_titles_of_a_host_differ(web: SampleWeb, client: Client) -> None:
    titles: Counter[str] = Counter()
    for host, path in _served():
        text = client.get(web.base_url(host) + path).body.decode("utf-8", "replace")
        wechat = re.search(r'og:title" content="([^"]+)"', text)
        page = Links()
        page.feed(text)
        title = wechat[1] if wechat else page.title
        if host != "www.zhiyinli-zhifa.example" and not path.startswith("/swt/?") and "yuyue.html" not in path:
            titles[f"{host} {title}"] += 1
    assert [title for title, count in titles.items() if count > 1 and not title.endswith(" ")] == []


def test_gbk_site_sends_gbk_and_claims_it_only_in_the_page(web: SampleWeb, client: Client) -> None:
    answer = client.get(web.base_url("www.baidian-yanjiusuo.example") + "/")
    assert answer.headers["content-type"] == "text/html"
    assert b"charset=gb2312" in answer.body
    assert "云埠白癜风研究所" in answer.body.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")


def test_feed_is_well_formed_and_its_entries_lead_to_posts(web: SampleWeb, client: Client) -> None:
    answer, text = client.page(web.base_url("rss.yunbu.example") + "/feeds/gh_demo00000004.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    links = [link.text or "" for link in ElementTree.fromstring(text).findall("./channel/item/link")]
    assert len(links) == 2
    assert [client.get(link).status for link in links] == [200, 200]


def test_script_built_site_has_no_text_before_its_script_ran(web: SampleWeb, client: Client) -> None:
    base = web.base_url("www.zhiyinli-zhifa.example")
    shell, data = client.get(base + "/p/fue").body.decode(), client.get(base + "/api/fue.json")
    assert "后遗症" not in shell
    assert "后遗症" in data.body.decode()
    assert data.headers["content-type"].startswith("application/json")


def test_posters_are_pictures_and_their_claims_are_not_in_the_text(web: SampleWeb, client: Client) -> None:
    base = web.base_url("www.haibao-guke.example")
    picture, text = client.get(base + "/haibao-mingyi.png"), client.page(base + "/mingyi.html")[1]
    assert picture.body.startswith(b"\x89PNG")
    assert picture.headers["content-type"] == "image/png"
    assert "秘方" not in text


def test_gzip_and_chunked_hosts_use_their_codings(web: SampleWeb, client: Client) -> None:
    packed = client.get(web.base_url("www.yunbu-diyi-renmin.example") + "/", **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "云埠市第一人民医院" in gzip.decompress(packed.body).decode()
    plain = client.get(web.base_url("www.yunbu-diyi-renmin.example") + "/")
    assert "content-encoding" not in plain.headers
    assert client.get(web.base_url("www.yanlanxi-meirong.example") + "/").headers["transfer-encoding"] == "chunked"


def test_targets_file_has_the_columns_of_the_design_and_one_row_a_target(web: SampleWeb) -> None:
    rows = web.target_rows()
    assert {tuple(row) for row in rows} == {COLUMNS}
    assert {urlsplit(row["url"]).hostname for row in rows} == set(web.hosts)
    assert {row["local"] for row in rows} == {"1"}
    assert len({row["url"] for row in rows}) == len(rows)


def test_every_unlawful_host_has_leads_and_no_other_host_has(web: SampleWeb) -> None:
    for host, site in web.world.sites.items():
        leads = [path for path, row in TRUTH.hosts[host].items() if row.lead]
        assert bool(leads) == (site.verdict == "unlawful"), host


def test_texts_name_nobody_and_reach_nobody() -> None:
    for file in SITES.rglob("*"):
        if file.suffix not in TEXT_SUFFIXES:
            continue
        text = file.read_text(encoding="utf-8")
        assert not [name for name in WELL_KNOWN if name in text], file
        assert not re.findall(r"(?<![\d.])1[3-9]\d{9}(?!\d)", text), file
        assert not [number for number in re.findall(r"(?<!\d)0\d{2,3}-\d{7,8}", text) if number[:8] != "000-0000"], file
        accounts = re.findall(r"(?:微信|徒弟微信|助理微信|店长微信)[：:]?\s*([A-Za-z][\w-]{5,})", text)
        assert all(account.startswith("demo_") for account in accounts), file
        hosts = re.findall(r"(?:https?:)?//([a-z0-9.-]+\.[a-z]{2,})", text)
        assert all(host.endswith(".example") or host in ("www.w3.org", "purl.org") for host in hosts), file


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
