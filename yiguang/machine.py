"""What this machine says of its clock and its name servers, in Chinese, for the provenance sheet."""

import ctypes
from collections.abc import Mapping
from pathlib import Path

RESOLVER_FILE = Path("/etc/resolv.conf")
_NOT_SYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)
_IN_NANOSECONDS = 0x2000  # STA_NANO
_RUNNING = {
    "systemd-timesyncd": Path("/run/systemd/timesync/synchronized"),
    "chronyd": Path("/run/chrony/chronyd.pid"),
    "ntpd": Path("/run/ntpd.pid"),
}


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
    """`clock_offset` only where the kernel knows one."""
    facts = {
        "clock": clock_state(),
        "clock_source": clock_source(_RUNNING),
        "dns_servers": name_servers(RESOLVER_FILE),
    }
    offset = clock_offset()
    return facts | {"clock_offset": offset} if offset else facts


def clock_source(running: Mapping[str, Path]) -> str:
    """Which services that set the clock show their traces on this machine; `running` names a path for each."""
    found = [name for name, path in running.items() if path.exists()]
    return " ".join(found) or "未知（没有见到时间同步服务）"


def clock_offset() -> str:
    """How far the kernel still has to move its clock to follow its time service; empty when it follows none."""
    timex = _timex()
    if timex is None or timex[0] == _NOT_SYNCHRONISED:
        return ""
    unit = 1e6 if timex[1].status & _IN_NANOSECONDS else 1e3
    return f"{timex[1].offset / unit:+.3f} 毫秒（内核自报的待校正量）"


def clock_state() -> str:
    """Whether the kernel holds its clock to be synchronised, and within what (Linux). It asks nobody outside."""
    timex = _timex()
    if timex is None:
        return "未知（本系统不提供）"
    state, said = timex
    if state == _NOT_SYNCHRONISED:
        return "内核自报未同步"
    return f"内核自报已同步，误差上限 {said.maxerror / 1000:.0f} 毫秒"


def _timex() -> tuple[int, _Timex] | None:
    """The kernel's state and figures of its clock; None where there are none."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    timex = _Timex(modes=0)  # 0 reads only
    state = int(adjtimex(ctypes.byref(timex)))
    return None if state < 0 else (state, timex)


def name_servers(file: Path) -> str:
    """As configured, in order, separated by blanks; a local stub stands for servers unknown here."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "未知（没有解析器配置）"
    found = [parts[1] for line in lines if len(parts := line.split()) >= 2 and parts[0] == "nameserver"]
    return " ".join(found) or "未知（没有配置）"
