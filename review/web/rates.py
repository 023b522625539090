"""How many requests one client may make: a bucket of tokens each, kept in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_CLIENTS = 4096


class Rates:
    """`burst` requests at once, `per_second` from then on. The clients longest unseen are forgotten first."""

    def __init__(self, burst: int, per_second: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def admit(self, client: str, cost: float = 1.0) -> bool:
        """Whether the client may make one more request now; an expensive one costs more than one."""
        now = self._monotonic()
        with self._lock:
            tokens, since = self._buckets.pop(client, (self._burst, now))
            tokens = min(self._burst, tokens + (now - since) * self._per_second)
            admitted = tokens >= cost
            self._buckets[client] = (tokens - cost if admitted else tokens, now)
            while len(self._buckets) > _CLIENTS:
                self._buckets.popitem(last=False)
        return admitted
