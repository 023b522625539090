"""Ports for servers that are started as processes of their own and cannot be handed a bound socket."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_DRAWN = random.SystemRandom()


def free_port() -> int:
    """A port of 127.0.0.1 at which nothing listens, below those that the system gives to connections: until the server has
    started, any connection of the tests that run beside may be given one of those. Raises OSError when it finds none."""
    first_given = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    for _ in range(50):
        port = _DRAWN.randrange(_LOWEST, max(first_given, _LOWEST + 1))
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise OSError("no free port was found")
