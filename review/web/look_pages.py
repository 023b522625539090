"""Later looks at a referred page: what each found, where its evidence is sealed, and the way to it."""

from dataclasses import dataclass

from starlette.responses import Response

from domain.roles import Act
from review.item import load_item
from review.web.guard import Page
from review.web.problems import not_found
from review.web.viewer_links import viewer_link
from review.web.visit import Visit
from storage.sealing.proof import SUFFIX, proof_of
from storage.sealing.seal_states import seal_states
from storage.takedowns.look_sheet import seal_words
from storage.takedowns.takedown import RecordedLook, looks_at


@dataclass(frozen=True, slots=True)
class LookLine:
    """`seal` is Chinese, empty for a look without a bundle of its own; `viewer` is where the bundle can be looked at and taken from, empty
    without a viewer. `sealed` is true when there is a proof to take."""

    look: RecordedLook
    seal: str
    sealed: bool
    viewer: str


def look_lines(visit: Visit, looks: tuple[RecordedLook, ...]) -> list[LookLine]:
    """The looks with their seals, oldest first."""
    desk = visit.desk
    states = seal_states(desk.engine, [each.bundle for each in looks if each.bundle])
    return [
        LookLine(
            each,
            seal_words(states.get(each.bundle)) if each.bundle else "",
            each.bundle in states,
            viewer_link(desk.settings, each.bundle, desk.clock())
            if each.bundle and visit.may(Act.OPEN_EVIDENCE)
            else "",
        )
        for each in looks
    ]


def proof(visit: Visit) -> Response:
    """That a look's bundle is sealed, as a file that lies beside the bundle when it is verified."""
    view = load_item(visit.desk.engine, visit.desk.folder, visit.path_number("item"), visit.account, visit.desk.clock())
    number = visit.path_number("page")
    bundle = next(
        (each.bundle for each in looks_at(visit.desk.engine, view.page.id) if each.page_id == number and each.bundle),
        "",
    )
    data = proof_of(visit.desk.engine, bundle) if bundle else None
    if data is None:
        raise not_found("这次复测没有封存证明")
    name = f"{bundle.rpartition('/')[2]}{SUFFIX}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)


PAGES = (Page("GET", "/items/{item}/looks/{page}/proof", proof, Act.SEE_REFERRALS),)
