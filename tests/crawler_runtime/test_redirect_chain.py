"""Where redirects lead, and which cookies go along."""

import pytest

from crawler.fetching.cookies import ChainCookies
from crawler.fetching.robots import redirect_target
from domain.page import Exchange
from tests.crawler_runtime.fakes import now


def redirect(location: str, *cookies: str, url: str = "http://a.example/x/y") -> Exchange:
    """As received: header values are latin-1, one character a byte."""
    headers = (("Location", location.encode().decode("latin-1")), *(("Set-Cookie", cookie) for cookie in cookies))
    return Exchange(url, "GET", (), 302, "", headers, b"", now())


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/a\\b?c=\\d#\\e", "http://a.example/a/b?c=\\d#\\e"),
        ("\\index.asp", "http://a.example/index.asp"),
        ("..\\index.asp", "http://a.example/index.asp"),
        ("http:\\\\b.example\\x", "http://b.example/x"),
        ("javascript:a('\\n')", "javascript:a('\\n')"),
        ("/院?a=院", "http://a.example/%E9%99%A2?a=%E9%99%A2"),
        ("http://示例门诊.example:81/a", "http://xn--fsq092hmwl8qj.example:81/a"),
        ("//%E7%A4%BA%E4%BE%8B.example", "http://xn--fsq092h.example"),
        ("http://a%2Eexample/", "http://a.example/"),
        ("http://u@%E7%A4%BA%E4%BE%8B.example/", "http://u@xn--fsq092h.example/"),
        ("http://a%2Fb.example/", "http://a%2Fb.example/"),
        ("http://%CA%BE%C0%FD.example/", "http://%CA%BE%C0%FD.example/"),
        ("http://%FF.example/", "http://%FF.example/"),
        ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
    ],
)
def test_where_a_redirect_leads(location: str, target: str) -> None:
    assert redirect_target(redirect(location)) == target


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ("", True),
        ("; Path=/; HttpOnly", True),
        ("; Max-Age=0", False),
        ("; max-age = 00", False),
        ("; Max-Age=-1", False),
        ("; Max-Age=05", True),
        ("; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/", False),
        ("; Expires=Mon, 11 Oct 1999 16:00:00 GMT", False),
        ("; expires=Fri, 31 Dec 9999 23:59:59 GMT", True),
        ("; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=60", True),
        ("; expires=Thu, 01 Jan 1970 00:00:01", False),
        ("; expires=soon; Max-Age=", True),
        ("; expires=Thu, 01 Jan 99999999999 00:00:01 GMT", True),
    ],
)
def test_a_cookie_that_is_over_when_it_is_set_is_not_sent_back(attributes: str, kept: bool) -> None:
    cookies = ChainCookies()
    cookies.keep(redirect("/", "a=1", "b=2"))
    cookies.keep(redirect("/", f"b=deleted{attributes}"))
    assert cookies.header_for("http://a.example/") == ("a=1; b=deleted" if kept else "a=1")


@pytest.mark.parametrize(
    ("host", "domain", "sent_to"),
    [
        ("a.demo.example", "", {"a.demo.example"}),
        ("a.demo.example", "demo.example", {"demo.example", "a.demo.example", "b.demo.example", "x.a.demo.example"}),
        ("a.demo.example", ".Demo.Example", {"demo.example", "a.demo.example", "b.demo.example", "x.a.demo.example"}),
        ("a.demo.example", "a.demo.example", {"a.demo.example", "x.a.demo.example"}),
        ("demo.example", "demo.example", {"demo.example", "a.demo.example", "b.demo.example", "x.a.demo.example"}),
        ("a.demo.example", "b.demo.example", set()),
        ("a.demo.example", "mo.example", set()),
        ("a.demo.example", "example", set()),
        ("a.demo.example", "http://demo.example/", set()),
        ("example", "example", {"example"}),
        ("demo.com.cn", "com.cn", set()),
        ("com.cn", "com.cn", {"com.cn"}),
        ("demo.bj.cn", "bj.cn", set()),
        ("demo.co.jp", ".co.jp", set()),
        ("www.demo.com.cn", "demo.com.cn", {"demo.com.cn", "www.demo.com.cn"}),
        ("192.0.2.1", "2.1", set()),
        ("192.0.2.1", "192.0.2.1", {"192.0.2.1"}),
        ("www.示例.example", "示例.example", {"xn--fsq092h.example", "www.xn--fsq092h.example"}),
    ],
)
def test_which_hosts_of_a_chain_get_a_cookie(host: str, domain: str, sent_to: set[str]) -> None:
    cookies = ChainCookies()
    written = domain.encode().decode("latin-1")
    cookies.keep(redirect("/", f"a=1; Domain={written}; Path=/", url=f"http://{host}/"))
    hosts = {
        "example", "demo.example", "a.demo.example", "b.demo.example", "x.a.demo.example", "sidedemo.example",
        "com.cn", "demo.com.cn", "www.demo.com.cn", "other.com.cn", "bj.cn", "demo.bj.cn", "demo.co.jp", "other.co.jp",
        "192.0.2.1", "192.1.2.1", "xn--fsq092h.example", "www.xn--fsq092h.example",
    }  # fmt: skip
    assert {asked for asked in hosts if cookies.header_for(f"http://{asked}/")} == sent_to


def test_a_cookie_of_a_domain_is_taken_back_for_that_domain() -> None:
    cookies = ChainCookies()
    cookies.keep(redirect("/", "a=1; Domain=demo.example", "b=1", url="http://a.demo.example/"))
    cookies.keep(redirect("/", "a=; Domain=demo.example; Max-Age=0", url="http://b.demo.example/"))
    assert cookies.header_for("http://a.demo.example/") == "b=1"
