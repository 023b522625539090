"""What left the building and what became of it. The desk shows it; steps are entered with the files at hand (`yiguang outbox`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from domain.roles import Act
from review.web.guard import Page
from review.web.problems import not_found
from review.web.visit import Visit


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term that runs, in Chinese, and whether it is over."""

    text: str
    late: bool


@dataclass(frozen=True, slots=True)
class PackageLine:
    """A package as the desk shows it; every text is Chinese. `cases` are the pages of its leads, `rescinded` those of them that were
    taken back; `next` is what is to be done, empty when nothing is."""

    number: str
    recipient: str
    stage: str
    supervised: bool
    terms: tuple[TermLine, ...]
    steps: tuple[str, ...]
    cases: tuple[int, ...]
    rescinded: tuple[int, ...]
    next: str

    @property
    def late(self) -> bool:
        return any(term.late for term in self.terms)


#: Every package as of now, newest first.
Outbox = Callable[[], Sequence[PackageLine]]


def show(visit: Visit) -> Response:
    """All packages: those under supervision first, then what is late, then the newest."""
    outbox = visit.desk.lexicon.outbox
    if outbox is None:
        raise not_found("未载入移送期限的规则")
    packages = sorted(outbox(), key=lambda package: (not package.supervised, not package.late))
    return visit.page("outbox.html", packages=packages, late=sum(package.late for package in packages))


PAGES = (Page("GET", "/outbox", show, Act.SEE_REFERRALS, cost=3.0),)
