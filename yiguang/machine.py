"""What this machine says of its clock and its name servers, in Chinese, for the provenance sheet."""

import ctypes
from collections.abc import Mapping
from pathlib import Path

RESOLVER_FILE = Path("/etc/resolv.conf")
_NOT_SYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`; the rest is room for what the kernel writes behind it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def machine_facts() -> Mapping[str, str]:
    return {"clock": clock_state(), "dns_servers": name_servers(RESOLVER_FILE)}


def clock_state() -> str:
    """Whether the kernel holds its clock to be synchronised, and within what (Linux). It asks nobody outside."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return "未知（本系统不提供）"
    timex = _Timex(modes=0)  # 0 reads only
    state = adjtimex(ctypes.byref(timex))
    if state < 0:
        return "未知（本系统不提供）"
    if state == _NOT_SYNCHRONISED:
        return "内核自报未同步"
    return f"内核自报已同步，误差上限 {timex.maxerror / 1000:.0f} 毫秒"


def name_servers(file: Path) -> str:
    """As configured, in order, separated by blanks; a local stub stands for servers unknown here."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "未知（没有解析器配置）"
    found = [parts[1] for line in lines if len(parts := line.split()) >= 2 and parts[0] == "nameserver"]
    return " ".join(found) or "未知（没有配置）"
