"""What is watched: one target is one site, account post list, feed or single post."""

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    SITE = "site"
    WECHAT = "wechat"
    FEED = "feed"
    ALBUM = "album"
    LIST = "list"


#: Targets whose pages are many operators': what is known of one of them says nothing of the next.
OF_MANY = frozenset({TargetKind.FEED, TargetKind.LIST})
#: Marks targets that came in as tips. Their names are ours and name nobody (微信文章).
TIP_NOTE = "举报线索"


class RenderMode(StrEnum):
    """`auto` renders only when the static page is a script shell; evidence screenshots are taken in every mode."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Target:
    """One row of a targets file.

    `min_pages` is the number of `content` pages that a healthy night has: fewer makes the night red.
    `max_pages` is the budget of fetches a night. `depth` counts link hops from `url` (0 is the page itself).
    `include`/`exclude` are regular expressions searched in the URL. `local` allows loopback and private addresses.
    `every_days` leaves it out of the nights between: 1 for every night, 7 for one night a week.
    """

    name: str
    url: str
    kind: TargetKind = TargetKind.SITE
    institution: str = ""
    region: str = ""
    render: RenderMode = RenderMode.AUTO
    max_pages: int = 200
    min_pages: int = 1
    delay_seconds: float = 2.0
    depth: int = 3
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    owner: str = ""
    note: str = ""
    local: bool = False
    every_days: int = 1
