"""What left the building and what became of it. The desk shows it; steps are entered with the files at hand (`yiguang outbox`)."""

from starlette.responses import Response

from domain.roles import Act
from review.web.guard import Page
from review.web.problems import not_found
from review.web.visit import Visit


def show(visit: Visit) -> Response:
    """All packages: those under supervision first, then what is late, then the newest."""
    outbox = visit.desk.lexicon.outbox
    if outbox is None:
        raise not_found("未载入移送期限的规则")
    packages = sorted(outbox(), key=lambda package: (not package.supervised, not package.late))
    return visit.page("outbox.html", packages=packages, late=sum(package.late for package in packages))


PAGES = (Page("GET", "/outbox", show, Act.SEE_REFERRALS, cost=3.0),)
