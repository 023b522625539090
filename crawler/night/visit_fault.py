"""Visits that a fault of this system breaks off: what was received until then stays in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from crawler.fetching.fetch import FetchBroken
from domain.visits import Visit


class VisitBroken(Exception):
    """A fault of ours in a visit. `visit` is as far as it had come, `fault` what went wrong."""

    def __init__(self, visit: Visit, fault: Exception) -> None:
        super().__init__(str(fault))
        self.visit = visit
        self.fault = fault


@contextmanager
def kept_if_broken(visit: Visit) -> Iterator[None]:
    """Raises `VisitBroken` with `visit` for a fault inside, unless a step further on has told more of it already."""
    try:
        yield
    except VisitBroken:
        raise
    except FetchBroken as broken:  # of something else than the page: its site's control page, a sitemap
        asides = (*visit.asides, *broken.fetched.exchanges)
        raise VisitBroken(replace(visit, asides=asides), broken.fault) from broken
    except Exception as fault:
        raise VisitBroken(visit, fault) from fault
