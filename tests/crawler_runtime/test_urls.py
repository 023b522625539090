"""One spelling for all URLs of a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses.urls import frontier_url, site_of

PIECES = st.text(alphabet="ab./%;=&?#：医 \\1~[]@", max_size=30)


@pytest.mark.parametrize(
    ("given_url", "expected"),
    [
        ("HTTP://WWW.Site.Example:80/a/../b/./c.html#top", "http://www.site.example/b/c.html"),
        ("https://site.example:443", "https://site.example/"),
        ("https://site.example:8443/", "https://site.example:8443/"),
        ("http://site.example/l;jsessionid=0A1B?id=3", "http://site.example/l?id=3"),
        ("http://site.example/?utm_source=wx&id=3&spm=a.b&b=1", "http://site.example/?id=3&b=1"),
        ("http://site.example/?WebShieldDRSessionVerify=aB3dEf", "http://site.example/"),
        ("http://site.example/x.asp?id=3&WebShieldSessionVerify=aB3", "http://site.example/x.asp?id=3"),
        ("http://site.example/x/?security_verify_data=313932302c31303830", "http://site.example/x/"),
        ("http://site.example/x/?security_verify_img=33&id=3", "http://site.example/x/?id=3"),
        ("http://site.example/0/5/?btwaf=54398728", "http://site.example/0/5/"),
        ("http://site.example/?id=3&__cf_chl_rt_tk=aB3-1-1.0", "http://site.example/?id=3"),
        ("http://site.example/?b=1&a=2", "http://site.example/?b=1&a=2"),
        ("http://site.example/科室?q=%C4%D0", "http://site.example/%E7%A7%91%E5%AE%A4?q=%C4%D0"),
        ("http://site.example/app#/news/1", "http://site.example/app#/news/1"),
        ("http://中医.example/", "http://xn--fiq06j.example/"),
        ("http://site.example/a\n b", "http://site.example/a%20b"),
        ("http://site.example/../../x", "http://site.example/x"),
        ("http://site.example/dir/..", "http://site.example/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://mp.weixin.qq.com/s/abcDEF_-1234567?scene=1#rd", "https://mp.weixin.qq.com/s/abcDEF_-1234567"),
        (
            "https://mp.weixin.qq.com/s?chksm=1&amp;sn=d&amp;idx=1&amp;mid=2&amp;__biz=MzA==&amp;scene=2#wechat_redirect",
            "https://mp.weixin.qq.com/s?__biz=MzA==&mid=2&idx=1&sn=d",
        ),
        (
            "https://mp.weixin.qq.com/s?__biz=MzA==&appmsgid=2&itemidx=1&sign=d",
            "https://mp.weixin.qq.com/s?__biz=MzA==&mid=2&idx=1&sn=d",
        ),
        (
            "https://mp.weixin.qq.com/s?src=11&timestamp=5&ver=1&signature=a*b&new=1",
            "https://mp.weixin.qq.com/s?src=11&timestamp=5&ver=1&signature=a%2Ab",
        ),
        (
            "https://mp.weixin.qq.com/s?__biz=MzA==\\x26amp;mid=2\\x26amp;idx=1\\x26amp;sn=d",
            "https://mp.weixin.qq.com/s?__biz=MzA==&mid=2&idx=1&sn=d",
        ),
        ("http://mp.weixin.qq.com:8950/s/abcDEF_-1234567", "http://mp.weixin.qq.com:8950/s/abcDEF_-1234567"),
    ],
)
def test_canonical_form(given_url: str, expected: str) -> None:
    assert frontier_url(given_url) == expected


@pytest.mark.parametrize("url", ["", "/a", "ftp://site.example/", "javascript:alert(1)", "http:///x", "http://[::1/"])
def test_refuses_what_is_no_page_address(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        frontier_url(url)


@given(st.sampled_from(["http://a.example", "https://mp.weixin.qq.com/s", "http://b.example:81/x"]), PIECES)
def test_twice_is_once(base: str, rest: str) -> None:
    try:
        once = frontier_url(f"{base}/{rest}")
    except ValueError:
        return  # not a URL at all, such as an unclosed bracket in the host
    assert frontier_url(once) == once


def test_a_host_and_its_www_twin_are_one_site() -> None:
    assert site_of("www.a.example") == site_of("a.example") != site_of("b.a.example")
