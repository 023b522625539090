"""Network namespaces on two bridges, one to the sites and one to the database; every link can be cut by itself.

All of it lives inside of a network namespace and a process namespace that end with their first process, however that
ends: no bridge, no link and no process is left on the machine.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

EXIT_NO_RIGHT = 77
"""Exit code where the machine does not let us make namespaces: the one by which automake's tests say that they cannot run."""
_INSIDE = "YIGUANG_BENCHMARK_INSIDE"
_APART = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


class Bridge(StrEnum):
    WEB = "web"
    DATABASE = "database"

    @property
    def network(self) -> str:
        return {Bridge.WEB: "10.77.1", Bridge.DATABASE: "10.77.2"}[self]

    @property
    def address(self) -> str:
        """Of whoever serves on it."""
        return f"{self.network}.1"


def folder_inside() -> Path | None:
    """For whoever `run_inside` runs; None for anybody else."""
    folder = os.environ.get(_INSIDE)
    return None if folder is None else Path(folder)


def what_forbids() -> str:
    """Why this machine does not let us make namespaces; empty when it does."""
    if missing := [tool for tool in ("ip", "unshare", "nsenter", "setpriv") if shutil.which(tool) is None]:
        return f"no {', no '.join(missing)} on this machine (packages iproute2 and util-linux)"
    if os.geteuid() != 0:
        return "only root may"
    trial = [*_APART, "ip", "link", "add", "trial", "type", "bridge"]
    tried = subprocess.run(trial, capture_output=True, text=True, check=False)
    return f"the kernel refused ({tried.stderr.strip()})" if tried.returncode else ""


def run_inside(module: str, arguments: Sequence[str]) -> int:
    """Run a module in namespaces of its own and with a folder that are gone afterwards, also after an interrupt; its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="yiguang-apart-"))
    folder.chmod(0o755)  # PostgreSQL runs under an account of its own
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = ["setpriv", "--pdeathsig", "KILL", *_APART, sys.executable, "-m", module, *arguments]
    inside = subprocess.Popen(command, env={**os.environ, _INSIDE: str(folder)}, start_new_session=True)
    try:
        return inside.wait()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        inside.kill()  # and with it the first process inside, and with that all others
        inside.wait()
        while folder.exists():  # the last of them may still be writing
            shutil.rmtree(folder, ignore_errors=True)


def make_bridges() -> None:
    _ip("link set lo up")
    for bridge in Bridge:
        _ip(f"link add {bridge} type bridge")
        _ip(f"addr add {bridge.address}/24 dev {bridge}")
        _ip(f"link set {bridge} up")


class Namespace:
    """A network of its own, with a link to each of the bridges."""

    def __init__(self, number: int) -> None:
        self._number = number
        # Whoever holds a namespace keeps it alive: this one does until its pipe closes, which is at our end at the latest
        self._holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        while (place := Path(f"/proc/{self._holder.pid}/ns/net")).readlink() == Path("/proc/self/ns/net").readlink():
            time.sleep(0.01)
        #: What to put before a command that is to run inside.
        self.through = ("nsenter", f"--net={place}", "--")
        _ip("link set lo up", self.through)
        for bridge in Bridge:
            _ip(f"link add {self._link(bridge)} type veth peer name {bridge} netns {self._holder.pid}")
            _ip(f"link set {self._link(bridge)} master {bridge} up")
            _ip(f"addr add {self.address(bridge)}/24 dev {bridge}", self.through)
            _ip(f"link set {bridge} up", self.through)

    def address(self, bridge: Bridge) -> str:
        return f"{bridge.network}.{10 + self._number}"

    def cut(self, *bridges: Bridge) -> None:
        self._set(bridges, "down")

    def mend(self, *bridges: Bridge) -> None:
        self._set(bridges, "up")

    def _set(self, bridges: Sequence[Bridge], state: str) -> None:
        for bridge in bridges:
            _ip(f"link set {self._link(bridge)} {state}")

    def _link(self, bridge: Bridge) -> str:
        return f"{bridge}-{self._number}"


def _ip(words: str, through: Sequence[str] = ()) -> None:
    subprocess.run([*through, "ip", *words.split()], check=True)
