"""Times, addresses, names of institutions and the wordings, each by itself."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.body_edges import without_buttons
from crawler.pages.element_pieces import add_scripted_link
from crawler.pages.extract import extract_page
from crawler.pages.institutions import find_institutions
from crawler.pages.page_links import Resolver, resolve_links
from crawler.pages.page_time import ago_in, labelled_time, read_time, time_ago
from crawler.pages.script_redirect import SCRIPT_REDIRECT, script_redirect, sends_everybody
from crawler.pages.walked import Walk
from crawler.pages.wechat import is_wechat, read_post
from crawler.pages.wechat_lists import read_list_json, read_profile
from crawler.wordings import BadWordings, Wordings, load_wordings
from domain.beijing import BEIJING

PAGE = "http://www.demo.example:8950/a/b/page.html?x=1"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("发布时间：2024年11月4日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("2024-11-04 09:30", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024/1/4 9:30:05 点击", datetime(2024, 1, 4, 9, 30, 5, tzinfo=BEIJING)),
        ("2024.11.04", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("二〇二四年十一月四日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("二○二四年 十二月 三十一日", datetime(2024, 12, 31, tzinfo=BEIJING)),
        ("二0二四年十一月四日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("二O二O年十一月四日", datetime(2020, 11, 4, tzinfo=BEIJING)),
        ("二０二四年十一月四日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("一九九九年十月二十日", datetime(1999, 10, 20, tzinfo=BEIJING)),
        ("2024-11-04T09:30:00.123-05:00", datetime(2024, 11, 4, 14, 30, tzinfo=UTC)),
        ("2024-11-04T09:30+08:00", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024-11-04-1234", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("2024-11-04 09:30-11:30", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024-11-04T09:30:00Z", datetime(2024, 11, 4, 9, 30, tzinfo=UTC)),
        ("2024-11-04T09:30:00+09:00", datetime(2024, 11, 4, 9, 30, tzinfo=timezone(timedelta(hours=9)))),
        ("2024-11-04 09:30-9999", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024-11-04-3001", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("2024-11-04-2024", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("2024-11-04 3:20 PM", datetime(2024, 11, 4, 15, 20, tzinfo=BEIJING)),
        ("2024-11-04 12:20 am", datetime(2024, 11, 4, 0, 20, tzinfo=BEIJING)),
        ("2024年11月4日 下午3:20", datetime(2024, 11, 4, 15, 20, tzinfo=BEIJING)),
        ("2024年11月4日 星期一 晚上8点05分", datetime(2024, 11, 4, 20, 5, tzinfo=BEIJING)),
        ("2024-11-04（周一）09:30", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024-11-04 24:00", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("2024—11—04", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("２０２４－１１－０４　０９：３０", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024年11月4日 上午9点", datetime(2024, 11, 4, 9, 0, tzinfo=BEIJING)),
        ("2024年11月4日下午3点半", datetime(2024, 11, 4, 15, 30, tzinfo=BEIJING)),
        ("04-Nov-2024", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("04Nov2024", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("Posted on November 4th, 2024 by admin", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("Mon, 04 Nov 2024 01:30:00 GMT", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024-11-04 09:30:00 +0800", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("2024-11-04T09:30:00", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("中華民國113年11月4日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("民國一一三年十一月四日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("民國一百一十三年十一月四日", datetime(2024, 11, 4, tzinfo=BEIJING)),
        ("民國 113/11/04 09:30", datetime(2024, 11, 4, 9, 30, tzinfo=BEIJING)),
        ("1731549000", datetime(2024, 11, 14, 1, 50, tzinfo=UTC)),
        ("1731549000000", datetime(2024, 11, 14, 1, 50, tzinfo=UTC)),
    ],
)
def test_time_is_read(text: str, wanted: datetime) -> None:
    assert read_time(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-13-45",
        "2024-11-04 10:60",
        "2024年1-3月",
        "2024.1—3月",
        "12024-11-04",
        "1911-10-10",
        "电话 000-00001234",
        "2024-11",
        "4000001234",
        "0898000012",
        "1²³4567890",
    ],
)
def test_no_time(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    "line",
    [
        "发布时间：2024-11-04 浏览：28",
        "时间:2024-11-04 作者：某",
        "发稿日期 2024/11/4",
        "发表于 2024 年 11 月 4 日",
        "日期：二〇二四年十一月四日",
        "发布时间：24-11-04 浏览：28",
        "更新日期：[24/11/04]",
        "發布日期：113-11-04 點閱：28",
        "張貼日期: 113.11.04",
        "發佈時間：2024/11/04",
        "编辑于 2024-11-04",
        "成文日期：2024-11-01 发布日期：2024-11-04",
        "发文日期：2024-11-04",
    ],
)
def test_a_time_is_named(line: str) -> None:
    assert labelled_time(line) == datetime(2024, 11, 4, tzinfo=BEIJING)


@pytest.mark.parametrize(
    "line",
    [
        "评论时间：2024-11-04",
        "发布时间：24-11-04-55",
        "活动时间：2024年11月4日",
        "門診時間：2024年11月4日",
        "發布日期：113-11-04-55",
        "引用日期2024-11-04",
        "发布时间：" + "长" * 200 + "2024-11-04",
    ],
)
def test_the_time_of_something_else(line: str) -> None:
    assert labelled_time(line) is None


@pytest.mark.parametrize("row", ["赞1" * 29 + "长", "1" * 59 + "长", "1条评论" * 14 + "长", "大中小" * 19 + "长"])
def test_what_is_nearly_a_row_of_buttons_is_soon_known_for_none(row: str) -> None:
    assert without_buttons([row, "正文一句。", row], 0, 3) == (0, 3)


@pytest.mark.parametrize(
    "row",
    [
        "赞(12) 收藏 分享",
        "赞分享举报收藏评论(3)",
        "点赞 1.2万 | 踩",
        "【打印本页】【关闭窗口】",
        "字号： 大 中 小",
        "3 条评论 举报/反馈",
    ],
)
def test_a_row_of_buttons_is_no_part_of_a_body(row: str) -> None:
    assert without_buttons([row, "正文一句。", "分享到：", "微信", row, "0"], 0, 6) == (1, 2)


@pytest.mark.parametrize("line", ["大中小学生的视力", "关注眼健康", "微信：demo_clinic", "88元", "推荐", "2024"])
def test_what_is_short_is_not_yet_a_button(line: str) -> None:
    assert without_buttons([line, "正文一句。", line], 0, 3) == (0, 3)


SEEN_AT = datetime(2024, 11, 6, 15, 40, 30, tzinfo=BEIJING)  # a Wednesday


@pytest.mark.parametrize(
    ("line", "words", "meant"),
    [
        ("纸灯笼 刚刚 发布", "刚刚", datetime(2024, 11, 6, 15, 40, tzinfo=BEIJING)),
        ("5分钟前", "5分钟前", datetime(2024, 11, 6, 15, 35, tzinfo=BEIJING)),
        ("半小时前 来自手机", "半小时前", datetime(2024, 11, 6, 15, 10, tzinfo=BEIJING)),
        ("云埔眼科 2 小时前", "2 小时前", datetime(2024, 11, 6, tzinfo=BEIJING)),
        ("18小時前", "18小時前", datetime(2024, 11, 5, tzinfo=BEIJING)),
        ("发布时间：3天前", "3天前", datetime(2024, 11, 3, tzinfo=BEIJING)),
        ("今天 08:05", "今天 08:05", datetime(2024, 11, 6, 8, 5, tzinfo=BEIJING)),
        ("昨天 14:20", "昨天 14:20", datetime(2024, 11, 5, 14, 20, tzinfo=BEIJING)),
        ("前天 下午2:20 浏览 88", "前天 下午2:20", datetime(2024, 11, 4, 14, 20, tzinfo=BEIJING)),
        ("上周三", "上周三", datetime(2024, 10, 30, tzinfo=BEIJING)),
        ("编辑于 03-05 江苏", "编辑于 03-05", datetime(2024, 3, 5, tzinfo=BEIJING)),
        ("发布于 12月31日 09:30", "发布于 12月31日 09:30", datetime(2023, 12, 31, 9, 30, tzinfo=BEIJING)),
        ("发表于 02-29", "发表于 02-29", datetime(2024, 2, 29, tzinfo=BEIJING)),
        ("上周日 09:00", "上周日 09:00", datetime(2024, 11, 3, 9, 0, tzinfo=BEIJING)),
    ],
)
def test_how_long_ago_it_was(line: str, words: str, meant: datetime) -> None:
    assert ago_in(line) == words
    assert time_ago(words, SEEN_AT.astimezone(UTC)) == meant


@pytest.mark.parametrize(
    "line",
    [
        "手术前3天前往复查",
        "昨天我去了",
        "今天",
        "第3天前",
        "1.5小时前",
        "两年前",
        "饭前",
        "3天前" + "长" * 60,
        "昨天25",
    ],
)
def test_nothing_says_how_long_ago(line: str) -> None:
    assert ago_in(line) == ""


def test_no_clock_shows_this() -> None:
    assert time_ago("昨天 25:10", SEEN_AT) is None


@given(st.text(alphabet="民國国一百十〇零三年月日0123/.-: 前天小时昨上周今发布于", max_size=30))
def test_a_time_is_read_or_not(text: str) -> None:
    time = read_time(text)
    assert time is None or time.utcoffset() is not None
    ago = time_ago(ago_in(text), SEEN_AT)
    assert ago is None or ago.utcoffset() is not None


@given(st.text(max_size=60))
def test_a_time_knows_its_zone(text: str) -> None:
    time = read_time(text)
    assert time is None or time.utcoffset() is not None


@pytest.mark.parametrize(
    "written",
    ["c.html", "/c.html", "../c.html", "./c.html", "?y=2", "//other.example/c", "https://other.example/c?d=1", "c/./d"],
)
def test_address_is_resolved_as_urllib_does(written: str) -> None:
    assert Resolver(PAGE, "", "utf-8").absolute(written) == urljoin(PAGE, written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "#top",
        "javascript:void(0)",
        "mailto:a@b.example",
        "tel:000",
        "data:image/png;base64,AA",
        "http://[broken",
        "ftp://a.example/",
    ],
)
def test_no_address_of_a_page(written: str) -> None:
    assert Resolver(PAGE, "", "utf-8").absolute(written) == ""


def test_chinese_in_an_address_is_sent_as_browsers_send_it() -> None:
    assert (
        Resolver(PAGE, "", "gb18030").absolute("/医/s.asp?kw=医&x=%B0")
        == "http://www.demo.example:8950/%E5%8C%BB/s.asp?kw=%D2%BD&x=%B0"
    )
    assert Resolver(PAGE, "/base/", "utf-8").absolute("x y.html") == "http://www.demo.example:8950/base/x%20y.html"


@given(st.text(max_size=60), st.text(max_size=20))
def test_every_resolved_address_is_an_ascii_web_address(written: str, base: str) -> None:
    resolver = Resolver(PAGE, base, "gb18030")
    for url in (resolver.absolute(written), resolver.page(written), resolver.page(f"#/a{written}")):
        assert url.isascii()
        assert url == "" or urlsplit(url).scheme.lower() in ("http", "https")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("#/news/1", "http://www.demo.example:8950/a/b/page.html?x=1#/news/1"),
        ("/app#/医生?id=2", "http://www.demo.example:8950/app#/%E5%8C%BB%E7%94%9F?id=2"),
        ("./#!/doctor", "http://www.demo.example:8950/a/b/#!/doctor"),
        ("c#/", "http://www.demo.example:8950/a/b/c"),
        ("#!", ""),
        ("#/", ""),
        ("#top", ""),
        ("javascript:go('#/a')", ""),
    ],
)
def test_a_link_keeps_the_route_of_a_script_application(written: str, wanted: str) -> None:
    assert Resolver(PAGE, "", "utf-8").page(written) == wanted


def test_a_link_keeps_the_first_text_it_shows() -> None:
    links = resolve_links([("a", ""), ("a#x", "预约"), ("a", "挂号")], Resolver(PAGE, "", "utf-8"))
    assert [(link.url, link.text) for link in links] == [("http://www.demo.example:8950/a/b/a", "预约")]


def test_institutions_are_cut_out_of_running_text(wordings: Wordings) -> None:
    text = "欢迎来到云埔膝安骨科门诊部，我们与云埔协和妇产医院合作。云埔膝安骨科门诊部位于东区，请到正规医院或三甲医院就诊。"
    assert find_institutions(text, wordings) == ("云埔膝安骨科门诊部", "云埔协和妇产医院")


@pytest.mark.parametrize("front", ["听朋友介绍", "了解", "感谢", "步行至", "目前", "首次入驻", "很幸运能够来"])
def test_what_is_said_before_a_name_is_no_part_of_it(front: str, wordings: Wordings) -> None:
    assert find_institutions(f"{front}云埔膝安骨科门诊部", wordings) == ("云埔膝安骨科门诊部",)
    assert find_institutions(f"{front}国内一些医院", wordings) == ()


@pytest.mark.parametrize(
    ("script", "target"),
    [
        ("location.href='/a'", "/a"),
        ('window.location.replace("http://b.example/")', "http://b.example/"),
        ("setTimeout(\"location.href='/c'\", 3000)", "/c"),
        ("var t = '/d'; if (x) { location.href = t + '&y'; } else { location.href = t; }", "/d"),
        ("if (mobile) { location = '/m' } else { location = '/pc' }", ""),
        ("function go() { location.href = '/e'; }", ""),
        ("location.href = 'http://' + host", ""),
        ("location.href = location.href.replace('http', 'https')", ""),
        ("if (location.href == '/f') { start() }", ""),
    ],
)
def test_where_a_script_sends_its_visitor(script: str, target: str) -> None:
    assert script_redirect([script], 13) == target
    assert script_redirect([script], 500) == ""


@pytest.mark.parametrize(
    ("script", "target"),
    [
        ("location.href='/a'", "/a"),
        ("setTimeout(\"window.location.href='/c'\", 3000)", "/c"),
        (
            "var t = '//m.a.example/d'; if (x) { location.href = t + '&y'; } else { location.href = t; }",
            "//m.a.example/d",
        ),
        ("if (x) location.href='/a'; else location.href='/a'", "/a"),
        ("if (/Android|iPhone/i.test(navigator.userAgent)) { window.location.href = '/m/'; }", ""),
        ("if (isMobile()) location.replace('/m/')", ""),
        ("if (isMobile()) setTimeout(\"location='/m/'\", 10)", ""),
        ("isMobile() && (location.href = '/m/')", ""),
        ("!!window.ActiveXObject ? location.href = '/ie.html' : 0", ""),
        ("if (window.Promise) { start() } else { location.href = '/ie.html' }", ""),
        ("// location.href = '/old.html'", ""),
        ("/* location.href = '/old.html' */ start('http://a.example/')", ""),
        ("onclick = () => { location.href = '/a' }", ""),
    ],
)
def test_a_page_that_shows_something_sends_away_whom_it_sends_in_any_case(script: str, target: str) -> None:
    assert (script_redirect([script], 13) if sends_everybody([script]) else "") == target


def test_a_poster_that_sends_mobiles_elsewhere_stays_and_names_where(wordings: Wordings) -> None:
    html = "<img src='/p.jpg'><script>if (isMobile()) location.href='http://m.a.example/';</script>"
    page = extract_page(html, "http://www.a.example/", "utf-8", wordings)
    assert SCRIPT_REDIRECT not in page.extra
    assert [link.url for link in page.links] == ["http://m.a.example/"]


@pytest.mark.parametrize(
    ("script", "target"),
    [
        ("openZoosUrl('chatwin');return false;", None),
        ("openZoosUrl('/swt/')", "/swt/"),
        ("goPage( 'list.html' )", "list.html"),
        ("window.open('yuyue')", "yuyue"),
        ("location.href='yuyue'", "yuyue"),
    ],
)
def test_where_a_click_leads(script: str, target: str | None) -> None:
    assert add_scripted_link(Walk(), "onclick", script, None) == target


@pytest.mark.parametrize(
    "line",
    [
        "文章来源：云埔松芝医院咨询电话：000-00001234在线咨询",
        "来源：云埔松芝医院预约热线：000-00001234",
        "来源：云埔松芝医院作者：某某",
    ],
)
def test_the_name_of_a_source_ends_where_the_line_says_something_else(line: str, wordings: Wordings) -> None:
    html = f"<title>就诊须知</title><h1>就诊须知</h1><div>{line}</div><p>初诊请先到一楼建档，再按科室取号候诊。</p>"
    assert extract_page(html, PAGE, "utf-8", wordings).extra["source"] == "云埔松芝医院"


def test_wechat_is_known_by_host_or_by_frame() -> None:
    assert is_wechat("https://mp.weixin.qq.com/s/x", "")
    assert is_wechat("http://copy.example/", '<div id="js_article" class="rich_media">')
    assert not is_wechat("http://h5.demo.example/", '<div class="weui-msg">提交成功</div>')
    assert not is_wechat("http://weixin.qq.com.demo.example/", "")


def test_halves_of_a_character_in_a_script_are_put_together() -> None:
    assert read_post("", ['var msg_title = "义诊\\ud83d\\ude00通知";']).title == "义诊😀通知"
    read_post("", ['var msg_title = "义诊\\ud83d通知";']).title.encode()


def test_a_list_of_posts_ends_where_its_json_does() -> None:
    post = {"title": "甲};if 乙", "content_url": "/s/x"}
    listed = json.dumps({"list": [{"app_msg_ext_info": post}]})
    (found,) = read_profile(f"<script>var msgList = {listed}</script>")
    assert found.title == "甲};if 乙"


@pytest.mark.parametrize(
    "list_script", ['{"list": 5}', '{"list": {"a": 1}}', '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"]
)
def test_a_list_of_posts_that_is_none_is_empty(list_script: str) -> None:
    assert read_profile(f"<script>var msgList = {list_script};\n</script>") == ()
    listed = read_list_json(json.dumps({"general_msg_list": list_script}))
    assert listed is None or listed.posts == ()


def test_the_first_literal_that_says_something_counts() -> None:
    source = 'var biz = "" || ""||"MzDEMO==";\nvar nickname = htmlDecode("甲;乙&amp;丙");\nvar ct = "";\nvar ct = "1731549000";'
    post = read_post(source, [source])
    assert post.ids["biz"] == "MzDEMO=="
    assert post.account == "甲;乙&丙"
    assert post.published_at == datetime(2024, 11, 14, 1, 50, tzinfo=UTC)


@given(st.text(st.sampled_from("var ct = \"'\\x26|;cgiDataNew{}:JsDecode()window.\n"), max_size=200))
def test_no_script_raises(source: str) -> None:
    read_post(source + "window.cgiDataNew = {" + source, [source])


def test_wordings_that_are_missing_or_broken_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadWordings, match="regions.toml"):
        load_wordings(tmp_path)
    (tmp_path / "regions.toml").write_text("[names", encoding="utf-8")
    with pytest.raises(BadWordings, match="regions.toml"):
        load_wordings(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "成都岚膝骨科医院",
        "花都安和门诊部",
        "向阳安和诊所",
        "岚州五州整形美容医院",
        "岚州安和医疗美容门诊部",
        "岚州安和医疗美容",
    ],
)
def test_a_name_is_whole_whatever_its_place_is_called(name: str, wordings: Wordings) -> None:
    assert find_institutions(f"我们都去{name}看过", wordings) == (name,)
