"""Which pictures of a page are taken for the site's own sign."""

import pytest

from crawler.pages.extract import extract_page
from crawler.pictures.site_logo import logo_urls
from domain.page import ExtractedPage
from tests.crawler_runtime.fakes import WORDINGS

SITE = "http://a.example/"


def page(inside: str, head: str = "", url: str = SITE) -> ExtractedPage:
    return extract_page(f"<html><head>{head}</head><body>{inside}</body></html>", url, "utf-8", WORDINGS)


@pytest.mark.parametrize(
    ("inside", "signs"),
    [
        ('<div class="logo"><a href="/"><img src="a.png"></a></div><img src="b.png">', ["a.png"]),
        ('<a class="site-Logo" href="/"><span><img src="a.png"></span></a>', ["a.png"]),
        ('<img src="/images/logo_2024.png"><img src="b.png" alt="医院LOGO">', ["images/logo_2024.png", "b.png"]),
        ('<img id="toplogo" src="a.png"><img src="c.png">', ["a.png"]),
        ('<div class="logo" style="background:url(a.png) no-repeat"></div>', ["a.png"]),
        ('<ul class="logo-list"><li><img src="1.png"></li><li><img src="2.png"></li><li><img src="3.png"></li></ul>',
         ["1.png", "2.png"]),
        ('<a id="logout" href="/"><img src="a.png"></a><p>logo</p><img src="b.png">', []),
        ('<div class="logo"></div><img src="b.png">', []),
        ('<div class="logo"><img src="logo.svg"></div>', []),
        ('<div class="logo"><div><div><div><div><img src="a.png"></div></div></div></div></div>', []),
    ],
)  # fmt: skip
def test_the_source_says_which_picture_is_the_sign(inside: str, signs: list[str]) -> None:
    assert [url.removeprefix(SITE) for url in logo_urls(page(inside))] == signs


def test_an_account_shows_itself_by_its_own_picture() -> None:
    script = (
        '<script>var ori_head_img_url = "http://wx.example/mmhead/x/132"; var nickname = "青屿合云";'
        'var msg_title = "门诊时间";</script>'
    )
    post = page('<div id="js_article"><div id="js_content"><img data-src="b.png"><p>本院门诊时间。</p></div></div>', script,
                "https://mp.weixin.qq.com/s/abc")  # fmt: skip
    assert logo_urls(post) == ["http://wx.example/mmhead/x/132"]
    assert "http://wx.example/mmhead/x/132" not in [image.url for image in post.images]
