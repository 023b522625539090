"""What one crawl of a shard is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crawler.fetching.site_rests import NoMemory
from crawler.night.in_hand import OnlyInMemory
from crawler.settings import CrawlSettings
from domain.pictures import PictureMemory, PictureQuestions
from domain.visits import CrawlMemory, Frontier, InHand, Judge, TargetInNight, VisitStore


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardWork:
    """The targets of a shard and the doors to the rest of the system.

    `worker` is the name under which URLs are leased. `is_ending` is asked before every page: once it is true those in hand are
    finished, and what else was taken is given back. Without `memory` every page is fetched as if for the first time; without
    `pictures` each picture is read once in this crawl; without `in_hand` nothing is known of earlier processes that broke off;
    without `questions` nobody else reads pictures.
    """

    night_id: str
    worker: str
    targets: Sequence[TargetInNight]
    frontier: Frontier
    store: VisitStore
    judge: Judge
    settings: CrawlSettings
    clock: Callable[[], datetime]
    memory: CrawlMemory = field(default_factory=NoMemory)
    pictures: PictureMemory | None = None
    in_hand: InHand = field(default_factory=OnlyInMemory)
    is_ending: Callable[[], bool] = _never
    questions: PictureQuestions | None = None
