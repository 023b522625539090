"""Feeds of all common kinds give links; hostile XML gives nothing."""

import pytest

from crawler.feeds import read_feed
from domain.outcome import Outcome

URL = "http://feed.example/rss.xml"
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>门诊动态</title>
<item><title>一</title><link> http://feed.example/1 </link></item><item><title>二</title><link>/2</link></item>
<item><title>无链接</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>门诊动态</title><entry><title>一</title>
<link rel="self" href="/self"/><link rel="alternate" href="/1"/></entry><entry><title>二</title><link href="2"/></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel><title>门诊动态</title></channel><item><title>一</title><link>/1</link></item><item><title>二</title><link>/2</link></item></rdf:RDF>"""


@pytest.mark.parametrize("feed", [RSS, ATOM, RDF])
def test_entries_become_links(feed: str) -> None:
    reading = read_feed(URL, feed.encode())
    assert reading.outcome is Outcome.CONTENT
    assert reading.page is not None
    assert [(link.url, link.text) for link in reading.page.links] == [
        ("http://feed.example/1", "一"),
        ("http://feed.example/2", "二"),
    ]
    assert reading.page.text == "门诊动态\n一\n二"


def test_gbk_feed() -> None:
    body = RSS.replace('version="1.0"?', 'version="1.0" encoding="GB2312"?').encode("gb2312")
    reading = read_feed(URL, body)
    assert reading.page is not None
    assert reading.page.title == "门诊动态"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>not a feed</body></html>",
        b"<rss><channel>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><title>&b;</title></channel></rss>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><title>&f;</title></channel></rss>',
        b'<?xml version="1.0" encoding="klingon"?><rss/>',
    ],
)
def test_anything_else_is_unknown(body: bytes) -> None:
    assert read_feed(URL, body).outcome is Outcome.UNKNOWN
