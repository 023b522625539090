"""One visit to one URL, and the two doors through which a crawl reaches the rest of the system."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.findings import Judgement
from domain.outcome import Outcome
from domain.page import Exchange, ExtractedPage
from domain.places import QuotePlace
from domain.shown_text import ShownText
from domain.site_trials import PageAction, SiteTrial
from domain.targets import Target


@dataclass(frozen=True, slots=True)
class FrontierUrl:
    """A URL claimed from the crawl frontier under a lease. `attempts` counts this try too (first try is 1), `handed_on` those
    after which a process without a browser left the page to one that has one."""

    id: int
    night_id: str
    target_id: int
    url: str
    depth: int
    attempts: int
    handed_on: int = 0

    @property
    def tries(self) -> int:
        """Tries that could have done what the page needs, this one too."""
        return self.attempts - self.handed_on


@dataclass(frozen=True, slots=True)
class Discovered:
    """A link found on a page that is in scope; `depth` is its own depth."""

    url: str
    depth: int


class SkipRule(StrEnum):
    """Why a link is not followed, for counting."""

    INVALID = "invalid"
    KIND = "kind"
    HOST = "host"
    PATTERN = "pattern"
    FILE = "file"
    DEPTH = "depth"
    TRAP = "trap"
    BUDGET = "budget"
    #: WeChat posts that a site links to: left to a person, or wanted by the target, so that they become targets themselves.
    POST = "post"
    WANTED_POST = "wanted-post"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A link that is not followed; `reason` is Chinese and says more than the rule."""

    url: str
    rule: SkipRule
    reason: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a real browser showed. `screenshot_png` is the full page; `dom_html` the serialised DOM after load.

    `exchanges` are the requests the browser made for this page; `not_captured` lists (url, reason) it did not.
    `turned_back` is the Chinese reason why the page was kept from going elsewhere by itself, empty when it did not try.
    `places` are where the findings' quotes stand; `shown` where all text stands, as far as the browser tells.
    `why` is Chinese and says what a browser was used for; `actions` what was done to the page, in order.
    """

    screenshot_png: bytes
    dom_html: str
    final_url: str
    title: str
    browser: str
    user_agent: str
    viewport: tuple[int, int]
    started_at: datetime
    ended_at: datetime
    exchanges: tuple[Exchange, ...] = ()
    not_captured: tuple[tuple[str, str], ...] = ()
    turned_back: str = ""
    places: tuple[QuotePlace, ...] = ()
    shown: tuple[ShownText, ...] = ()
    why: str = ""
    actions: tuple[PageAction, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlAsked:
    """What was asked before a page was called gone, and the answer. `result` is `alive`, `gone-too`, `not-had`, `nothing-to-ask` or
    `led-to-start` for the rest of its site, `names-resolve` for the name service. `exchanges` are those it took, none when this crawl knew the answer."""

    result: str
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """All that is known after one visit; made durable as a whole or not at all.

    `retry_at` is set when the URL is to be tried again this night; the frontier row then goes back to waiting and the
    visit is only logged. `outcome_detail` is short Chinese for the ledger. `robots` is `allowed`, `denied`, `absent`
    or `unreachable`. `skipped` are links of the page that are not followed, not more than are worth keeping;
    `skip_counts` how many there were by rule. `asides` are exchanges made on the way that are not of the page: robots.txt,
    sitemaps, control fetches, what a browser received before it failed. `same_as` is the id of an earlier page when the server said (304)
    that it has not changed since: outcome `content` then, without page and judgement, which are the earlier ones. `picture_exchanges` are those in
    which pictures were fetched to be read; of a lead, all that were read and that the browser did not load as well.
    `set_aside` is true of a URL that kept breaking the crawl and is left alone for the rest of the night. `control` is None where
    nobody had to ask whether the page is really gone; its exchanges are among the `asides`. `to_show` is Chinese and says why the
    page is left to a process that has a browser: nothing of the visit is recorded then. `unshown` is true when a browser was to
    look at the page and no process of the night had one.
    """

    frontier: FrontierUrl
    outcome: Outcome
    outcome_detail: str
    started_at: datetime
    ended_at: datetime
    final_url: str
    status: int | None
    exchanges: tuple[Exchange, ...] = ()
    page: ExtractedPage | None = None
    judgement: Judgement | None = None
    rendering: Rendering | None = None
    discovered: tuple[Discovered, ...] = ()
    robots: str = ""
    retry_at: datetime | None = None
    skipped: tuple[Skipped, ...] = ()
    skip_counts: Mapping[SkipRule, int] = field(default_factory=dict)
    asides: tuple[Exchange, ...] = ()
    same_as: int | None = None
    picture_exchanges: tuple[Exchange, ...] = ()
    set_aside: bool = False
    control: ControlAsked | None = None
    to_show: str = ""
    unshown: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """A URL's last content, kept where a conditional request may stand for fetching it again: it was no lead, it was
    judged by today's rules and model, and fetched in full not long ago. `links` is where it leads."""

    page_id: int
    etag: str
    last_modified: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteRest:
    """A site, or with a slash in its name a part of one, to be left alone `until` then. `level` counts in how many answers in a row it said so; `reason` is Chinese."""

    site: str
    until: datetime
    level: int
    reason: str


class CrawlMemory(Protocol):
    """What earlier nights know."""

    def earlier(self, urls: Collection[str], now: datetime) -> Mapping[str, Earlier]:
        """The last content of some URLs; those that are to be fetched in full are left out."""

    def known_page(self, host: str, other_than: Collection[str]) -> str | None:
        """The URL of the page of a host that gave content last, other than some."""

    def rests(self) -> Sequence[SiteRest]:
        """Sites that asked to be left alone, also those whose rest is over."""

    def keep_rest(self, rest: SiteRest) -> None:
        """Remember a rest, in place of an earlier one of the site."""

    def end_rest(self, site: str) -> None:
        """Forget that a site was ever at rest."""

    def trials(self) -> Sequence[SiteTrial]:
        """What showing pages in a browser was worth at each site."""

    def keep_trial(self, trial: SiteTrial) -> None:
        """Remember a trial, in place of an earlier one of its site and rung."""

    def keep_addresses(self, addresses: Mapping[str, str], now: datetime) -> None:
        """Remember which server answered for some hosts, in place of earlier ones."""


class Frontier(Protocol):
    """The crawl frontier. All times are aware UTC and passed in."""

    def claim(
        self,
        night_id: str,
        target_ids: Sequence[int],
        worker: str,
        limit: int,
        now: datetime,
        lease_seconds: float,
        each: int | None = None,
    ) -> list[FrontierUrl]:
        """Lease up to `limit` waiting or lease-expired URLs that are due, at most `each` of one target; targets with fewest
        pages first."""

    def heartbeat(self, ids: Sequence[int], worker: str, now: datetime, lease_seconds: float) -> None:
        """Extend the leases that `worker` still holds."""

    def give_back(self, ids: Sequence[int], worker: str, due_at: datetime) -> None:
        """Return URLs that `worker` holds and did not try, until `due_at`; the try does not count."""

    def hand_on(self, frontier_id: int, worker: str) -> None:
        """Leave a URL that `worker` holds to a process that has a browser; the try does not count."""

    def next_dues(self, night_id: str, target_ids: Sequence[int], now: datetime) -> Mapping[int, datetime]:
        """When the next waiting or leased URL of each target becomes claimable; targets without work are left out."""


class InHand(Protocol):
    """Who was being visited when the crawl process broke off, by the id of the frontier row; outlives the process."""

    def begin(self, frontier_id: int) -> None:
        """Note that the visit begins."""

    def end(self, frontier_id: int) -> None:
        """Note that the visit has ended and is recorded."""

    def note_fault(self, frontier_id: int) -> int:
        """Note that the visit broke the browser; how often this URL has broken something this night."""

    def broken_off(self, frontier_id: int) -> int:
        """How often this URL has broken something or was in hand when a process of this night broke off."""


class VisitStore(Protocol):
    """Where a visit becomes durable."""

    def record(self, visit: Visit) -> None:
        """Write blobs, page, judgement, evidence and discovered links, and finish the frontier row, in one step.

        Raises `EvidenceIncomplete` (domain.evidence) before writing anything when a flagged page lacks a part.
        Recording the same frontier row twice stores it once.
        """

    def record_all(self, visits: Sequence[Visit]) -> None:
        """`record` for several visits at less cost. Raises `EvidenceIncomplete` before writing anything of any of them."""


class Judge(Protocol):
    """Scores one page of outcome `content`."""

    def __call__(self, page: ExtractedPage) -> Judgement: ...


@dataclass(frozen=True, slots=True)
class TargetInNight:
    """A target with its database id, as a shard receives it."""

    id: int
    target: Target
