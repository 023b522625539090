"""The sheet states what the machine says of itself, and says so when it says nothing."""

from pathlib import Path

import pytest

from yiguang.machine import clock_state, machine_facts, name_servers


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
    assert set(machine_facts()) == {"clock", "dns_servers"}
