"""The sheet states what the machine says of itself, and says so when it says nothing."""

from pathlib import Path

import pytest

from yiguang.machine import clock_offset, clock_source, clock_state, machine_facts, name_servers


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        (
            "# made by hand\nnameserver 192.0.2.1\nsearch example\nnameserver 2001:db8::1 # second\n",
            "192.0.2.1 2001:db8::1",
        ),
        ("options edns0\nnameserver\n", "未知（没有配置）"),
        ("", "未知（没有配置）"),
    ],
)
def test_name_servers_as_configured(tmp_path: Path, text: str, servers: str) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(text, encoding="utf-8")
    assert name_servers(file) == servers


def test_no_configuration(tmp_path: Path) -> None:
    assert name_servers(tmp_path / "none") == "未知（没有解析器配置）"


def test_the_clock_is_one_of_three() -> None:
    assert clock_state().partition("（")[0].partition("，")[0] in ("内核自报已同步", "内核自报未同步", "未知")
    assert set(machine_facts()) - {"clock_offset"} == {"clock", "clock_source", "dns_servers"}


def test_an_offset_only_of_a_clock_that_follows_something() -> None:
    assert bool(clock_offset()) == clock_state().startswith("内核自报已同步")
    assert "clock_offset" not in machine_facts() or machine_facts()["clock_offset"].endswith("（内核自报的待校正量）")


def test_the_services_that_set_the_clock_are_named_by_their_traces(tmp_path: Path) -> None:
    (tmp_path / "pid").touch()
    services = {"chronyd": tmp_path / "pid", "ntpd": tmp_path / "none"}
    assert clock_source(services) == "chronyd"
    assert clock_source({"ntpd": tmp_path / "none"}).startswith("未知")
