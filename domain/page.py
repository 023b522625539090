"""What was received from the web and what was read out of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.connections import Connection
from domain.outcome import Outcome
from domain.pictures import PagePicture
from domain.site_logos import LogoLikeness

Headers = tuple[tuple[str, str], ...]
"""Header fields in wire order, names as received, values decoded as latin-1."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its response as received.

    `body` is the entity body with its content coding still on (gzip stays gzip) but transfer coding removed, so
    `content-encoding` in `response_headers` is true of it. `ip` is empty when unknown. Times are aware UTC.
    `source` says which engine fetched it: `http` (static) or `browser`. `connection` is None where it is not known.
    """

    url: str
    method: str
    request_headers: Headers
    status: int
    reason: str
    response_headers: Headers
    body: bytes
    fetched_at: datetime
    ip: str = ""
    source: str = "http"
    connection: Connection | None = None


class ContactKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE_LINE = "service-line"
    WECHAT = "wechat"
    QQ = "qq"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the operator. `start`/`end` are code points into the text it was found in.

    `in_footer` is true when it was found only in a site-wide footer or header block.
    """

    kind: ContactKind
    value: str
    start: int
    end: int
    in_footer: bool = False


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number by which an operator can be known: kind is one of `medical-ad`, `product-ad`, `licence`,
    `credit-code`, `icp`, `psb`. `valid` is None when the grammar has no check of its own."""

    kind: str
    value: str
    start: int
    end: int
    valid: bool | None = None


@dataclass(frozen=True, slots=True)
class SelfStatement:
    """What a page states of whoever runs it, apart from its running text. `kind` is `name`, `phone`, `address` or
    `credit-code`; `place` is `structured-data`, `site-name`, `copyright`, `title` or `header`; `quote` has the words
    that it stands in, empty when they are the value."""

    kind: str
    value: str
    place: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An absolute URL and the text a person would click on."""

    url: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """An image the page shows, lazily loaded or as a background too; `url` is absolute. `is_logo` is true where the page's
    source calls it the sign of the site."""

    url: str
    alt: str = ""
    lazy: bool = False
    is_logo: bool = False


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """A page as a person reads it.

    `text` is the visible text, paragraphs separated by newline; all offsets are code points into it.
    `body_start`/`body_end` bound the main body inside `text`; what lies outside is navigation, sidebar or footer.
    `text_share` is the share of visible text characters in the page's bytes (0..1), low in a script shell.
    `widgets` names chat and appointment widgets found in the markup; `cta` the calls to action in text and links.
    `pictures` are what became of the images when they were to be read; the words of those that were read are in `text`.
    `logo` is whose sign the site's own looks like, None when it was not looked at or is like no known one.
    `page_type` is `page` or a WeChat type: `wx-article`, `wx-picture`, `wx-text`, `wx-video`, `wx-audio`, `wx-list`.
    """

    url: str
    title: str
    text: str
    encoding: str
    page_type: str = "page"
    site_name: str = ""
    account: str = ""
    author: str = ""
    published_at: datetime | None = None
    body_start: int = 0
    body_end: int = 0
    description: str = ""
    keywords: str = ""
    contacts: tuple[Contact, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    institutions: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    images: tuple[Image, ...] = ()
    widgets: tuple[str, ...] = ()
    cta: tuple[str, ...] = ()
    text_share: float = 0.0
    extra: dict[str, str] = field(default_factory=dict)
    pictures: tuple[PagePicture, ...] = ()
    statements: tuple[SelfStatement, ...] = ()
    logo: LogoLikeness | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one response: `page` is None unless `outcome` is `content`.

    `detail` is a short Chinese explanation for the ledger.
    """

    outcome: Outcome
    detail: str = ""
    page: ExtractedPage | None = None
