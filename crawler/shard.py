"""Runs one shard of sites to its end inside this process."""

from collections.abc import Callable, Sequence
from datetime import datetime

from crawler.settings import CrawlSettings
from domain.visits import Frontier, Judge, TargetInNight, VisitStore


def run_shard(
    night_id: str,
    worker: str,
    targets: Sequence[TargetInNight],
    frontier: Frontier,
    store: VisitStore,
    judge: Judge,
    settings: CrawlSettings,
    clock: Callable[[], datetime],
) -> None:
    """Crawl until the frontier has nothing left for `targets`.

    Blocks; runs its own event loop, so call it outside of one. May be called again in the same process.
    """
    raise NotImplementedError
