"""Result pages of a search, as a browser saves them."""

from datetime import UTC, datetime

from crawler.addresses.sogou import ListedPost, is_search_page, read_search, search_tips

PUBLISHED = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
POST = "https://mp.weixin.qq.com/s?__biz=MzAxMDAwMDAwMA==&mid=2650000001&idx=1&sn=0123456789abcdef0123456789abcdef"

ARTICLES = f"""<!doctype html>
<html><head><title>示例关键词的相关微信公众号文章 – 搜狗微信搜索</title><script>var uigs = "sogou";</script></head><body>
<ul class="menu"><li id="top"><a href="https://weixin.sogou.com/">首页</a></li></ul>
<ul class="news-list">
<!-- a -->
<li id="sogou_vr_11002601_box_0" d="ab2c0000-0">
 <div class="img-box"><a href="/link?url=picture_0" uigs="article_image_0"><img src="//img.example/0.jpg"></a></div>
 <div class="txt-box"><h3><a target="_blank" href="/link?url=demo_0&amp;type=2" id="sogou_vr_11002601_title_0"
  uigs="article_title_0"><em><!--red_beg-->近视<!--red_end--></em>&lt;矫正&gt; 一个疗程</a></h3>
 <p class="txt-info" id="sogou_vr_11002601_summary_0">摘要里也有<em><!--red_beg-->近视<!--red_end--></em></p>
 <div class="s-p" t="1700000000"><a class="account" i="oIWs_demo" href="/weixin?type=1&amp;query=demo">示例
  健康</a><span class="s2"><script>document.write(timeConvert('1700000000'))</script></span></div></div>
</li>
<li id="sogou_vr_11002601_box_1">
 <div class="txt-box"><h3><a href="{POST.replace("&", "&amp;")}" uigs="article_title_1">直达的文章</a></h3>
 <div class="s-p"><span class="all-time-y2">示例健康二</span><span class="s2"><script>
 document.write(timeConvert('1700000000'))</script>2023-11-15</span></div></div>
</li>
<li id="sogou_vr_11002601_box_2"><h3><a href="http://[bad/">无时间</a></h3><div class="s-p" t="soon"></div></li>
</ul>
<ul class="hot"><li><h3><a href="https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv">热门，不是结果</a></h3></li></ul>
</body></html>"""

ACCOUNTS = """<html><body><ul class="news-list2">
<li id="sogou_vr_11002301_box_0" d="oIWs_demo0">
 <a uigs="account_image_0" href="http://mp.weixin.qq.com/profile?src=3&amp;timestamp=1&amp;signature=a"><img></a>
 <p class="tit"><a uigs="account_name_0" href="http://mp.weixin.qq.com/profile?src=3">示例<em><!--red_beg-->眼科<!--red_end--></em></a></p>
 <p class="info">微信号：<label name="em_weixinhao">demo_0001</label></p>
 <dl><dt>最近文章：</dt><dd><a uigs="account_article_0"
  href="http://mp.weixin.qq.com/s?src=3&amp;timestamp=1700000000&amp;ver=1&amp;signature=b">最近的一篇</a><span><script>
  document.write(timeConvert('1700000000'))</script></span></dd></dl>
</li>
<li id="sogou_vr_11002301_box_1"><p class="tit"><a uigs="account_name_1" href="http://mp.weixin.qq.com/profile">无文章</a></p></li>
</ul></body></html>"""


def test_articles_with_their_account_and_time() -> None:
    assert read_search(ARTICLES) == (
        ListedPost("https://weixin.sogou.com/link?url=demo_0&type=2", "近视<矫正> 一个疗程", "示例 健康", PUBLISHED),
        ListedPost(POST, "直达的文章", "示例健康二", PUBLISHED),
        ListedPost("http://[bad/", "无时间"),
    )


def test_the_latest_posts_of_accounts() -> None:
    link = "http://mp.weixin.qq.com/s?src=3&timestamp=1700000000&ver=1&signature=b"
    assert read_search(ACCOUNTS) == (ListedPost(link, "最近的一篇", "示例眼科", PUBLISHED),)


def test_each_result_becomes_a_tip_or_says_why_not() -> None:
    redirect, direct, broken = search_tips(read_search(ARTICLES))
    assert redirect.target is None
    assert "离线无法还原" in redirect.remark
    assert (redirect.title, redirect.account, redirect.published_at) == ("近视<矫正> 一个疗程", "示例 健康", PUBLISHED)
    assert direct.target is not None
    assert direct.target.url == POST
    assert broken.target is None
    assert "不是完整的网址" in broken.remark


def test_a_page_that_asks_for_a_captcha_lists_nothing() -> None:
    captcha = "<html><form action='https://weixin.sogou.com/antispider/'>您的访问过于频繁</form></html>"
    assert is_search_page(captcha)
    assert read_search(captcha) == ()


def test_lists_of_urls_and_other_pages_are_no_search_pages() -> None:
    assert is_search_page("\ufeff" + ARTICLES)
    assert is_search_page(ACCOUNTS)
    assert not is_search_page("https://weixin.sogou.com/link?url=demo\n")
    assert not is_search_page("<html><meta name='sogou_site_verification' content='demo'></html>")
