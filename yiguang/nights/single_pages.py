"""What is different in the crawl of a recheck: single pages, at any hour. Apart from `rechecking`, because a crawl process has no use for
the workflow engine that comes with it."""

from collections.abc import Sequence
from dataclasses import replace

from domain.targets import TargetKind
from domain.visits import TargetInNight
from yiguang.settings import Settings

#: Pages of one target in one recheck: each of them was referred by people, so none is too many.
_NO_BUDGET = 1_000_000


def as_single_pages(targets: Sequence[TargetInNight]) -> list[TargetInNight]:
    """The targets as they are crawled in a recheck: a page at a time, whatever leads further."""
    return [
        replace(
            known,
            target=replace(
                known.target,
                kind=TargetKind.WECHAT if known.target.kind is TargetKind.WECHAT else TargetKind.SITE,
                depth=0,
                min_pages=0,
                max_pages=_NO_BUDGET,
            ),
        )
        for known in targets
    ]


def at_any_hour(settings: Settings) -> Settings:
    """The settings of a recheck: it is a handful of pages, and due by day."""
    return replace(settings, night_window=None)
