"""What people send in, as targets."""

import pytest

from crawler.addresses.tips import read_tips, urls_in
from domain.targets import TargetKind

POST = "https://mp.weixin.qq.com/s?__biz=MzAxMDAwMDAwMA==&mid=2650000001&idx=1&sn=0123456789abcdef0123456789abcdef"


def test_spellings_of_one_post_are_one_target() -> None:
    spellings = [
        POST,
        POST.replace("https", "http").replace("&", "&amp;") + "&amp;chksm=8a&amp;scene=21#wechat_redirect",
        POST.replace("mid=", "appmsgid=").replace("idx=", "itemidx=").replace("sn=", "sign="),
    ]
    assert {tip.target.url for tip in read_tips(spellings) if tip.target is not None} == {POST}
    short = [
        "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv",
        "http://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv?from=timeline",
    ]
    first, second = (tip.target for tip in read_tips(short))
    assert first == second
    assert first is not None
    assert (first.kind, first.max_pages, first.min_pages) == (TargetKind.WECHAT, 1, 0)


@pytest.mark.parametrize(
    ("given", "remark"),
    [
        ("www.some-clinic.example", "不是完整的网址"),
        ("ftp://some-clinic.example/", "不是完整的网址"),
        ("http://127.0.0.1/", "拒绝访问非公网地址"),
        ("http://a:b@some-clinic.example/", "用户名"),
        ("https://mp.weixin.qq.com/s?__biz=MzA=&mid=1", "文章链接不完整"),
        ("https://mp.weixin.qq.com/mp/appmsgalbum?album_id=1", "合集链接缺少"),
        ("https://mp.weixin.qq.com/mp/profile_ext?action=home&__biz=MzA=", "不是微信文章或合集的链接"),
        ("https://weixin.sogou.com/link?url=dn9a_demo&type=2", "搜狗的跳转链接"),
        ("", "不是完整的网址"),
    ],
)
def test_what_cannot_be_used_is_said_why(given: str, remark: str) -> None:
    (tip,) = read_tips([given])
    assert tip.target is None
    assert remark in tip.remark


def test_other_kinds_of_tips() -> None:
    album = "https://mp.weixin.qq.com/mp/appmsgalbum?__biz=MzA=&action=getalbum&album_id=1"
    passing = "https://mp.weixin.qq.com/s?src=11&timestamp=1&ver=1&signature=a"
    page = "http://www.some-clinic.example/zt/1.html?utm_source=x"
    tips = read_tips([album, passing, page])
    assert [tip.target.kind for tip in tips if tip.target] == [TargetKind.ALBUM, TargetKind.WECHAT, TargetKind.SITE]
    assert "过期" in tips[1].remark
    site = tips[2].target
    assert site is not None
    assert (site.url, site.depth, site.max_pages) == ("http://www.some-clinic.example/zt/1.html", 0, 1)


def test_urls_are_found_among_words() -> None:
    text = """# http://not.example/ 是说明
【某院治愈率】https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv，请查处。
http://a.example/1.html http://b.example/?x=1&y=2).
无网址的一行
（http://c.example/路径）"""
    assert urls_in(text) == [
        "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv",
        "http://a.example/1.html",
        "http://b.example/?x=1&y=2",
        "http://c.example/路径",
    ]
