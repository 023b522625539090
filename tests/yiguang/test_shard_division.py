"""Sites and how they are divided among crawl processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.targets import Target
from domain.visits import TargetInNight
from yiguang.nights.sites import divide, site_key


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("http://www.jia.example/", "jia.example"),
        ("https://m.jia.example:8950/a?b=c", "jia.example"),
        ("http://www.jia.com.cn/", "jia.com.cn"),
        ("http://jia.com.cn/", "jia.com.cn"),
        ("http://wap.jia.bj.cn/", "jia.bj.cn"),
        ("http://www.jia.cn./", "jia.cn"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://localhost/", "localhost"),
        ("http://www.示例门诊.example/", "xn--fsq092hmwl8qj.example"),
        ("http://m.xn--fsq092hmwl8qj.example/", "xn--fsq092hmwl8qj.example"),
    ],
)
def test_hosts_of_one_operator_are_one_site(url: str, site: str) -> None:
    assert site_key(url) == site


hosts = st.from_regex(r"\A(www|m|wap)\.(a|b|c|d|e|f)\.(example|com\.cn)\Z")


@given(st.lists(st.tuples(hosts, st.integers(1, 500))), st.integers(1, 8))
def test_no_target_is_lost_and_no_site_is_in_two_shards(named: list[tuple[str, int]], shards: int) -> None:
    targets = [
        TargetInNight(number, Target(host, f"http://{host}/{number}", max_pages=pages))
        for number, (host, pages) in enumerate(named)
    ]
    parts = divide(targets, shards)
    assert len(parts) <= shards
    assert all(parts)
    assert sorted(target.id for part in parts for target in part) == list(range(len(targets)))
    sites = [{site_key(target.target.url) for target in part} for part in parts]
    assert sum(len(part) for part in sites) == len(set().union(*sites))


def test_the_work_is_spread() -> None:
    targets = [
        TargetInNight(n, Target(str(n), f"http://{n}.example/", max_pages=p)) for n, p in enumerate([9, 1, 1, 8, 1])
    ]
    assert sorted(sum(t.target.max_pages for t in part) for part in divide(targets, 2)) == [10, 10]


def at(host: str, pages: int = 10) -> TargetInNight:
    return TargetInNight(len(host) * 1000 + pages, Target(host, f"http://{host}/", max_pages=pages))


def test_sites_of_one_server_stay_together() -> None:
    targets = [at(f"{name}.example") for name in ("aa", "bbb", "cccc", "ddddd", "eeeeee", "fffffff")]
    addresses = {"aa.example": "203.0.113.7", "ddddd.example": "203.0.113.7", "fffffff.example": "203.0.113.9"}
    apart = divide(targets, 3)
    assert all(len(part) == 2 for part in apart)
    parts = [{target.target.name for target in part} for part in divide(targets, 3, addresses)]
    assert any({"aa.example", "ddddd.example"} <= part for part in parts)
    assert sorted(map(len, parts)) == [2, 2, 2]


def test_a_chinese_name_is_known_by_the_name_that_servers_were_found_under() -> None:
    targets = [at(f"{name}.example") for name in ("示例门诊", "bbb", "cccc", "ddddd", "eeeeee", "fffffff")]
    addresses = {"xn--fsq092hmwl8qj.example": "203.0.113.7", "bbb.example": "203.0.113.7"}
    parts = [{target.target.name for target in part} for part in divide(targets, 3, addresses)]
    assert any({"示例门诊.example", "bbb.example"} <= part for part in parts)


def test_a_server_of_more_than_one_share_is_nobody_s_alone() -> None:
    targets = [at(f"{'x' * number}.example") for number in range(1, 9)]
    everywhere = {target.target.name: "203.0.113.7" for target in targets}
    assert [len(part) for part in divide(targets, 2, everywhere)] == [4, 4]
    assert [len(part) for part in divide(targets, 1, everywhere)] == [8]


def test_sites_that_share_servers_by_way_of_another_are_one_group() -> None:
    both = [at("www.cc.example"), TargetInNight(1, Target("m", "http://m.cc.example/", max_pages=10))]
    targets = [at("aa.example"), at("bbb.example"), *both, *(at(f"{'y' * number}.example") for number in range(4, 14))]
    addresses = {
        "aa.example": "203.0.113.1", "www.cc.example": "203.0.113.1", "bbb.example": "203.0.113.2", "m.cc.example": "203.0.113.2",
    }  # fmt: skip
    together = {"aa.example", "bbb.example", "www.cc.example", "m"}
    parts = [{target.target.name for target in part} for part in divide(targets, 3, addresses)]
    assert [part & together for part in parts if part & together] == [together]


@given(
    st.lists(st.tuples(hosts, st.integers(1, 500)), min_size=1),
    st.integers(1, 8),
    st.dictionaries(hosts, st.sampled_from(["203.0.113.1", "203.0.113.2", "203.0.113.3"])),
)
def test_whatever_the_servers_no_target_is_lost(
    named: list[tuple[str, int]], shards: int, addresses: dict[str, str]
) -> None:
    targets = [
        TargetInNight(number, Target(host, f"http://{host}/{number}", max_pages=pages))
        for number, (host, pages) in enumerate(named)
    ]
    parts = divide(targets, shards, addresses)
    assert len(parts) <= shards and all(parts)
    assert sorted(target.id for part in parts for target in part) == list(range(len(targets)))
    sites = [{site_key(target.target.url) for target in part} for part in parts]
    assert sum(len(part) for part in sites) == len(set().union(*sites))
