"""双随机 by hand: which targets are looked into and who looks are drawn by lot, and the record is shown so that it can be drawn again."""

from dataclasses import dataclass

from sqlalchemy import Engine, select
from starlette.responses import Response

from domain.roles import Act
from review.audit_log import AuditEntry
from review.conflicts import targets_kept_from
from review.random_check import MOST_TARGETS, draw_check, drawable
from review.web.guard import Page
from review.web.problems import not_found
from review.web.visit import Visit
from storage.tables import targets

_DRAWN = "drawn"
_LISTED = 20
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class DrawnTarget:
    """One line of a draw. `name` is empty for institutions that the person has asked not to be shown; `reader` where nobody was
    free of conflicts."""

    id: int
    name: str
    region: str
    reader: str


def draws(visit: Visit) -> Response:
    """The form, and what was drawn lately."""
    desk = visit.desk
    return visit.page(
        "draws.html",
        drawable=drawable(desk.engine, desk.clock()),
        most=MOST_TARGETS,
        drawn=desk.log.entries(limit=_LISTED, act=_DRAWN),
    )


def draw(visit: Visit) -> Response:
    """Draw. The seed is the machine's: whoever asks cannot look for one that suits."""
    desk, readers = visit.desk, visit.text("readers", 20)
    check = draw_check(
        desk.engine, desk.clock, visit.account, visit.number("targets"),
        reader_count=visit.number("readers") if readers else None,
    )  # fmt: skip
    return visit.go(f"/draws/{check.number}")


def one_draw(visit: Visit) -> Response:
    """One draw as the audit log has it."""
    entry = visit.desk.log.entry(visit.path_number("number"))
    if entry is None or entry.act != _DRAWN:
        raise not_found("没有这次抽取")
    return visit.page("draw.html", entry=entry, lines=_lines(visit, entry))


def _lines(visit: Visit, entry: AuditEntry) -> list[DrawnTarget]:
    given = {int(target): str(name) for target, name in entry.detail["given"].items()}
    drawn = [int(target) for target in entry.detail.get("drawn", given)]
    kept = targets_kept_from(visit.desk.engine, visit.account)
    known = _known(visit.desk.engine, drawn)
    lines = []
    for target in drawn:
        name, region = ("", "") if target in kept else known.get(target, (f"对象 {target}", ""))
        lines.append(DrawnTarget(target, name, region, given.get(target, "")))
    return lines


def _known(engine: Engine, ids: list[int]) -> dict[int, tuple[str, str]]:
    """Names and regions by id."""
    found: dict[int, tuple[str, str]] = {}
    with engine.connect() as connection:
        for start in range(0, len(ids), _AT_ONCE):
            query = select(targets.c.id, targets.c.name, targets.c.region)
            for row in connection.execute(query.where(targets.c.id.in_(ids[start : start + _AT_ONCE]))):
                found[row.id] = (row.name, row.region)
    return found


PAGES = (
    Page("GET", "/draws", draws, Act.DRAW),
    Page("POST", "/draws", draw, Act.DRAW, cost=10.0),
    Page("GET", "/draws/{number}", one_draw, Act.DRAW),
)
