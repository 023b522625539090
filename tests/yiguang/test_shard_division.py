"""Sites and how they are divided among crawl processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.targets import Target
from domain.visits import TargetInNight
from yiguang.sites import divide, site_key


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
