"""Pages from templates. Whatever comes from a captured page goes through escaping, and what cannot be seen is made visible."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, Response

from domain.findings import FAMILY_ZH
from domain.reviews import FINDING_VERDICT_ZH, STATE_ZH, VERDICT_ZH
from domain.roles import ROLE_ZH, Act
from domain.versions import VERSION_STATE_ZH
from review.queue import filters_json
from review.web.marks import marked, one_line, plain
from review.web.problems import Problem

if TYPE_CHECKING:
    from review.web.visit import Visit

TEMPLATES = Path(__file__).parent / "templates"
GENRE_ZH: dict[str, str] = {
    "promotion": "推广",
    "disclosure": "信息公开",
    "science": "科普",
    "news": "新闻",
    "regulatory": "监管文书",
    "research": "研究",
    "recruitment": "招聘",
    "forum": "论坛",
    "commerce": "商品",
    "other": "其他",
}
#: Address, what is needed to see it, and its name, in order.
NAVIGATION: tuple[tuple[str, Act | None, str], ...] = ()


class Renderer:
    """The templates of one desk. `zone_hours` is added to UTC for people."""

    def __init__(self, zone_hours: int, version: str) -> None:
        self._zone = timedelta(hours=zone_hours)
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters |= {
            "marked": marked,
            "line": one_line,
            "plain": plain,
            "time": self.time,
            "day": self.day,
            "ago": ago,
            "percent": percent,
            "family": lambda family: FAMILY_ZH.get(family, family),
            "genre": lambda genre: GENRE_ZH.get(genre, genre),
            "filters": filters_json,
        }
        self._templates.globals |= {
            "STATE_ZH": STATE_ZH,
            "VERDICT_ZH": VERDICT_ZH,
            "FINDING_VERDICT_ZH": FINDING_VERDICT_ZH,
            "ROLE_ZH": ROLE_ZH,
            "FAMILY_ZH": FAMILY_ZH,
            "VERSION_STATE_ZH": VERSION_STATE_ZH,
            "Act": Act,
            "NAV": NAVIGATION,
            "version": version,
        }

    def page(self, visit: "Visit", template: str, status: int, values: Mapping[str, Any]) -> Response:
        return HTMLResponse(self.markup(visit, template, values), status)

    def markup(self, visit: "Visit", template: str, values: Mapping[str, Any]) -> Markup:
        known = {"visit": visit, "account": visit.visitor, "csrf": visit.csrf, "now": visit.desk.clock()}
        return Markup(self._templates.get_template(template).render(known | dict(values)))  # noqa: S704  # escaped there

    def problem(self, visit: "Visit", problem: Problem) -> Response:
        if visit.wants_json or visit.wants_part or visit.request.url.path.startswith("/api/"):
            return JSONResponse({"error": problem.message}, problem.status)
        values = {"status": problem.status, "phrase": phrase(problem.status), "message": problem.message}
        return self.page(visit, "problem.html", problem.status, values)

    def time(self, moment: datetime | None) -> str:
        """2026-11-25 07:30, where people are."""
        return "" if moment is None else f"{moment.astimezone(UTC) + self._zone:%Y-%m-%d %H:%M}"

    def day(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(UTC) + self._zone:%m-%d %H:%M}"


def ago(moment: datetime, now: datetime) -> str:
    """How long something has waited, in the coarsest unit that says anything."""
    seconds = max(0, int((now - moment).total_seconds()))
    for length, name in ((86_400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= length:
            return f"{seconds // length} {name}"
    return "刚刚"


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.0f}%"


def phrase(status: int) -> str:
    """What a status means, for people."""
    known = {
        HTTPStatus.NOT_FOUND: "找不到",
        HTTPStatus.FORBIDDEN: "不可操作",
        HTTPStatus.CONFLICT: "情况已变",
        HTTPStatus.TOO_MANY_REQUESTS: "稍候",
        HTTPStatus.INTERNAL_SERVER_ERROR: "出错了",
    }
    return known.get(HTTPStatus(status), "无法处理")
