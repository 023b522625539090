"""What is followed, and the reason for what is not."""

from typing import Any

import pytest

from crawler.addresses.scope import SKIPPED_KEPT_PER_RULE, Scope
from crawler.addresses.traps import MAX_DATES_OF_ONE_PATTERN, MAX_QUERIES_OF_MANY_PARAMETERS, TrapWatch
from domain.page import Link
from domain.targets import Target, TargetKind
from domain.visits import SkipRule


def scope(kind: TargetKind = TargetKind.SITE, **changes: object) -> Scope:
    values: dict[str, object] = {"name": "门诊", "url": "http://www.site.example/", "kind": kind}
    return Scope(Target(**(values | changes)))  # type: ignore[arg-type]  # fields of all types


def refusal(scope: Scope, url: str, depth: int) -> str | None:
    """Why a link to a page at `depth` is not followed; None when it is."""
    followed, skipped = scope.follow([Link(url)], depth - 1)
    if followed:
        assert [found.depth for found in followed] == [depth] and not skipped
        return None
    (link,) = skipped
    return link.reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://www.site.example/a.html", None),
        ("https://site.example/a.html", None),
        ("http://news.site.example/", "主机 news.site.example 不在范围内"),
        ("http://site.example.evil.example/", "主机 site.example.evil.example 不在范围内"),
        ("http://www.site.example/a.PDF", "不是网页文件"),
        ("http://www.site.example/a.php?f=x.pdf", None),
        ("http://www.site.example/" + "a" * 3000, "网址过长（3024 个字符）"),
        ("http://www.site.example/a/b/a/b/a/b/a/b", "路径片段反复出现，疑似循环链接"),
        ("http://www.site.example/2026/11/11/11/11.html", None),
        ("http://www.site.example/" + "/".join("abcdefghijklmnop"), "路径层级过多（16 层）"),
    ],
)
def test_links_of_a_site(url: str, reason: str | None) -> None:
    assert refusal(scope(), url, 1) == reason


def test_depth_include_and_exclude() -> None:
    picky = scope(include=(r"/yxk/", r"//nk\.site"), exclude=(r"print=1",), depth=2)
    assert refusal(picky, "http://www.site.example/yxk/1.html", 2) is None
    assert refusal(picky, "http://nk.site.example/1.html", 1) is None
    assert refusal(picky, "http://www.site.example/other/", 1) == "不符合包含规则"
    assert refusal(picky, "http://www.site.example/yxk/?print=1", 1) == "符合排除规则"
    assert refusal(picky, "http://www.site.example/yxk/2.html", 3) == "超过链接深度 2"


def test_each_kind_follows_its_own_links() -> None:
    other = "http://other.example/post.html"
    post = "https://mp.weixin.qq.com/s/abcdefghijkl"
    assert refusal(scope(TargetKind.WECHAT), post, 1) == "单篇文章不跟踪链接"
    for kind in (TargetKind.LIST, TargetKind.FEED):
        assert refusal(scope(kind), other, 1) is None
        assert refusal(scope(kind), other, 2) == "超过链接深度 1"
    album = scope(TargetKind.ALBUM, url="https://mp.weixin.qq.com/mp/appmsgalbum?album_id=1")
    assert refusal(album, post, 1) is None
    assert refusal(album, "https://mp.weixin.qq.com/mp/profile_ext", 1) == "不是文章链接"
    assert refusal(album, other, 1) is not None


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, SkipRule.POST),
        ({"include": (r"/news/",)}, SkipRule.POST),
        ({"include": (r"/s",)}, SkipRule.POST),  # meant for the site's own pages
        ({"include": (r"site\.example/", r"^https://mp\.weixin\.qq\.com/s")}, SkipRule.WANTED_POST),
        ({"include": (r"mp.weixin.qq.com/s\?__biz=MzAx",)}, SkipRule.POST),
        ({"include": (r"mp\.weixin\.qq\.com",), "exclude": (r"weixin",)}, SkipRule.HOST),
    ],
)
def test_posts_that_a_site_links_to_are_no_pages_of_it(changes: dict[str, Any], rule: SkipRule) -> None:
    spellings = ("https://mp.weixin.qq.com/s/abcdefghijkl", "http://mp.weixin.qq.com/s/abcdefghijkl?from=timeline")
    found, skipped = scope(**changes).follow([Link(url) for url in spellings], 0)
    assert found == ()
    assert [(link.url, link.rule) for link in skipped] == [(spellings[0], rule)]


def test_other_pages_of_the_platform_are_no_posts() -> None:
    links = [Link("https://mp.weixin.qq.com/mp/profile_ext?action=home"), Link("https://mp.weixin.qq.com/")]
    assert [link.rule for link in scope().follow(links, 0)[1]] == [SkipRule.HOST, SkipRule.HOST]


def test_each_link_is_followed_once_and_bad_ones_are_named() -> None:
    links = [
        Link(url)
        for url in ("http://site.example/1#a", "http://site.example/1", "javascript:void(0)", "http://x.example/")
    ]
    found, refused = (site := scope()).follow(links, 0)
    assert [(item.url, item.depth) for item in found] == [("http://site.example/1", 1)]
    assert [item.reason for item in refused] == ["不是可访问的网址", "主机 x.example 不在范围内"]
    assert [item.rule for item in refused] == [SkipRule.INVALID, SkipRule.HOST]
    assert site.follow(links, 1) == ((), ())


def test_a_link_found_too_deep_is_named_once_and_followed_when_found_nearer() -> None:
    site = scope(depth=2)
    links = [Link("http://site.example/deep.html")]
    assert [item.rule for item in site.follow(links, 2)[1]] == [SkipRule.DEPTH]
    assert site.follow(links, 2) == ((), ())
    assert [item.depth for item in site.follow(links, 1)[0]] == [2]


def test_only_some_skipped_links_are_kept_by_rule() -> None:
    site = scope()
    _, skipped = site.follow([Link(f"http://other{number}.example/") for number in range(150)], 0)
    _, files = site.follow([Link("http://site.example/a.zip")], 0)
    assert len(skipped) == 150
    assert len(site.worth_keeping(skipped)) == SKIPPED_KEPT_PER_RULE
    assert site.worth_keeping(files) == files


def test_a_visit_that_was_not_recorded_is_forgotten_with_all_that_it_found_and_refused() -> None:
    site = scope(depth=2)
    earlier = Link("http://other.example/earlier")
    site.follow([earlier], 0)
    site.begin_visit()
    months = [f"http://site.example/cal/{year}-{month:02}" for year in range(2019, 2024) for month in range(1, 13)]
    away = [f"http://other{number}.example/" for number in range(SKIPPED_KEPT_PER_RULE + 5)]
    links = [Link(url) for url in (*months, *away, "http://site.example/a.zip", "http://[broken")]
    found, skipped = site.follow(links, 1)
    kept = site.worth_keeping(skipped)
    assert (len(found), len(skipped)) == (60, len(away) + 2)
    site.forget()
    site.begin_visit()
    assert site.follow([earlier, *links], 1) == (found, skipped)
    assert site.worth_keeping(skipped) == kept
    assert site.follow([earlier, *links], 1) == ((), ())


def test_links_too_deep_on_a_visit_that_was_not_recorded_are_refused_again() -> None:
    site = scope(depth=2)
    site.begin_visit()
    links = [Link("http://site.example/deep.html")]
    _, refused = site.follow(links, 2)
    site.forget()
    assert site.follow(links, 2) == ((), refused)


def test_redirects_stay_on_the_site_of_the_link_or_the_target() -> None:
    site = scope(TargetKind.LIST)
    assert site.redirect_refusal("http://other.example/a", "https://www.other.example/b") is None
    assert site.redirect_refusal("http://other.example/a", "http://site.example/") is None
    assert site.redirect_refusal("http://other.example/a", "http://third.example/") is not None


def test_a_calendar_ends() -> None:
    watch = TrapWatch()
    pages = [f"http://a.example/cal/{year}-{month:02}" for year in range(2020, 2030) for month in range(1, 13)]
    reasons = [watch.refusal(url) for url in pages]
    assert reasons[:MAX_DATES_OF_ONE_PATTERN] == [None] * MAX_DATES_OF_ONE_PATTERN
    assert set(reasons[MAX_DATES_OF_ONE_PATTERN:]) == {"按日期无限延伸的页面，疑似日历陷阱"}


@pytest.mark.parametrize(
    "article",
    [
        "http://a.example/index.php?m=content&c=index&a=show&catid={column}&id={number}",
        "http://a.example/content.jsp?urltype=news.NewsContentUrl&wbtreeid={column}&wbnewsid={number}",
        "http://a.example/plus/list.php?tid={column}&TotalResult=900&PageNo={number}",
        "http://a.example/shownews.php?lang=cn&id={number}",
    ],
)
def test_articles_named_by_one_of_several_parameters_are_no_filters(article: str) -> None:
    watch = TrapWatch()
    urls = [article.format(column=number % 60, number=number) for number in range(900)]
    assert {watch.refusal(url) for url in urls} == {None}


@pytest.mark.parametrize(
    ("url", "ends"),
    [
        ("http://a.example/cal/20{:02}-11-03?view=week", True),
        ("http://a.example/cal?date=20{:02}-11-03&view=week", True),
        ("http://a.example/cal?rq=20{:02}1103", True),
        ("http://a.example/cal?year=20{:02}&month=11", True),
        ("http://a.example/show.asp?id=20{:02}11", False),
        ("http://a.example/20{:02}/1103.html", False),
    ],
)
def test_what_counts_as_a_page_of_a_calendar(url: str, ends: bool) -> None:
    watch = TrapWatch()
    reasons = [watch.refusal(url.format(number)) for number in range(MAX_DATES_OF_ONE_PATTERN + 1)]
    assert (reasons[-1] is not None) is ends


def test_articles_under_dates_are_no_calendar() -> None:
    watch = TrapWatch()
    assert {watch.refusal(f"http://a.example/2026/11/{number}.html") for number in range(500)} == {None}


def test_combined_filters_end_and_numbered_articles_do_not() -> None:
    watch = TrapWatch()
    asked = [f"http://a.example/list?a={n % 10}&b={n // 10 % 10}&c={n // 100}" for n in range(200)]
    filters = [watch.refusal(url) for url in asked]
    assert filters.count(None) < MAX_QUERIES_OF_MANY_PARAMETERS + 30
    assert filters[-1] == "同一路径的参数组合过多，疑似筛选陷阱"
    words = [watch.refusal(f"http://a.example/l?a=x{n}&b=1&c=2") for n in range(MAX_QUERIES_OF_MANY_PARAMETERS + 2)]
    assert words[-2:] == [None, "同一路径的参数组合过多，疑似筛选陷阱"]
    assert {watch.refusal(f"http://a.example/show.asp?id={number}") for number in range(1000)} == {None}


def test_no_more_parameters_are_watched_than_can_be_looked_at_for_each_address() -> None:
    watch = TrapWatch()
    reasons = [watch.refusal(f"http://a.example/list?p{n}=1&q{n}=2") for n in range(1000)]
    assert max(map(len, watch._numbers.values())) <= 50
    assert reasons[-1] == "同一路径的参数组合过多，疑似筛选陷阱"
