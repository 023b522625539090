"""Everything a crawl is told; read once by the caller and handed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crawler.wordings import Wordings
from domain.site_logos import OfficialLogo
from domain.user_agent import DEFAULT_USER_AGENT, ROBOTS_TOKEN

#: The longest that reading one picture may take, and the address space of the process that does.
OCR_PICTURE_SECONDS = 45.0
OCR_MEMORY_BYTES = 3_000_000_000


class Showing(StrEnum):
    """What becomes of a page that a browser is to look at: it is shown by this process, left to another, or done without, because there
    is none."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """Settings of one crawl.

    `user_agent` must contain `YiguangBot`, the token that site owners name in robots.txt; `contact` (a URL or mail
    address) is added to the header unless it is in it already. `hosts` maps host names to addresses as /etc/hosts
    does, for both engines. `max_body_bytes` bounds a body as transferred, `max_decoded_bytes` the same body after its
    content coding is off. `lease_seconds` is how long a claimed URL stays ours without a heartbeat.
    `chromium_path` None lets the renderer look for `chromium` on the PATH, then for Playwright's own browser.
    """

    wordings: Wordings
    user_agent: str = DEFAULT_USER_AGENT
    contact: str = ""
    timeout_seconds: float = 30.0
    max_body_bytes: int = 20_000_000
    max_decoded_bytes: int = 40_000_000
    max_redirects: int = 8
    lease_seconds: float = 300.0
    max_attempts: int = 3
    concurrent_sites: int = 16
    concurrent_per_address: int = 2
    hosts: Mapping[str, str] = field(default_factory=dict)
    chromium_path: str | None = None
    #: False runs the browser without its sandbox, for systems that forbid it one.
    chromium_sandbox: bool = True
    #: The longest that reading or judging one page may take.
    compute_timeout_seconds: float = 60.0
    concurrent_renders: int = 2
    render_timeout_seconds: float = 45.0
    render_settle_seconds: float = 0.5
    #: The longest that scripts are waited for which have loaded all and show no text yet; 0: they are not.
    patience_seconds: float = 6.0
    #: A browser that holds more memory gets no new page (worn), or is killed with the pages it has. It is looked at every
    #: `browser_look_seconds` and killed when it has not answered for `browser_answer_seconds`.
    renders_per_browser: int = 100
    browser_worn_bytes: int = 900_000_000
    browser_killed_bytes: int = 2_000_000_000
    browser_answer_seconds: float = 30.0
    browser_look_seconds: float = 2.0
    viewport: tuple[int, int] = (1280, 900)
    max_screenshot_height: int = 16_000
    max_resource_bytes: int = 5_000_000
    #: First wait before another try of a failed URL; doubled at each further try.
    retry_seconds: float = 30.0
    #: The longest Retry-After and the longest robots.txt crawl-delay that we still obey as given.
    max_retry_seconds: float = 3600.0
    max_crawl_delay_seconds: float = 60.0
    #: The longest that a whole site is left alone, in this night and the next ones.
    max_rest_seconds: float = 7 * 86_400.0
    #: Host names that certainly exist: a name is called gone only while one of these resolves. Empty: not asked.
    dns_control: tuple[str, ...] = ()
    #: No URL is begun after this time (aware); None when the night has no end of its own.
    stop_at: datetime | None = None
    #: Seconds in which pictures are read (0: none is) and those that an earlier start of this crawl has spent already; the
    #: longest for one picture, and the reader's address space.
    ocr_budget_seconds: float = 0.0
    ocr_spent_seconds: float = 0.0
    #: Pages of content that the crawl is expected to have yet, by which that time is divided; 0: nobody knows.
    pages_expected: int = 0
    ocr_picture_seconds: float = OCR_PICTURE_SECONDS
    ocr_memory_bytes: int = OCR_MEMORY_BYTES
    #: Pictures that are read of one suspicious page; a page of this score (0..1) or more is suspicious.
    pictures_per_page: int = 8
    suspicious_score: float = 0.25
    #: Signs of well-known hospitals that sites' own are held against; without any, none is looked at.
    known_logos: tuple[OfficialLogo, ...] = ()
    showing: Showing = Showing.HERE
    #: False leaves the reading of pictures to other processes; the budget of seconds holds all the same.
    reads_here: bool = True
    #: True when another process may have visited these sites just now: each is left alone for its own pause first.
    pause_first: bool = False
    #: The process ends itself when its event loop has stood still for so long; 0: never. Only for a process of its own.
    stuck_seconds: float = 0.0
    #: How long an idle crawl sleeps before it asks the frontier again.
    idle_seconds: float = 1.0

    def __post_init__(self) -> None:
        if ROBOTS_TOKEN not in self.user_agent:
            raise ValueError(f"user_agent must contain {ROBOTS_TOKEN}: {self.user_agent!r}")

    @property
    def user_agent_header(self) -> str:
        """The header as sent, with the contact in it."""
        if not self.contact or self.contact in self.user_agent:
            return self.user_agent
        return f"{self.user_agent} (+{self.contact})"
