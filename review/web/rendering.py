"""Pages from templates. Whatever comes from a captured page goes through escaping, and what cannot be seen is made visible."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import URL
from starlette.responses import HTMLResponse, JSONResponse, Response

from domain.beijing import stated_time
from domain.findings import FAMILY_ZH
from domain.institutions import shown_party
from domain.outbox import STATEMENT_ZH
from domain.outcome import OUTCOME_ZH
from domain.reviews import FINDING_VERDICT_ZH, STATE_ZH, VERDICT_ZH
from domain.roles import ROLE_ZH, Act
from domain.takedown import GRADE_ZH
from domain.versions import VERSION_STATE_ZH
from review.accounts import Account
from review.queue import filters_json
from review.web.desk import Desk
from review.web.marks import marked, one_line, plain
from review.web.problems import Problem

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
RECIPIENT_ZH: dict[str, str] = {
    "cac": "网信",
    "amr": "市监",
    "nhc": "卫健",
    "police": "公安",
    "nhsa": "医保",
    "nmpa": "药监",
}
#: Address, what is needed to see it, and its name, in order.
NAVIGATION: tuple[tuple[str, Act | None, str], ...] = (
    ("/operators", Act.READ_ITEM, "经营者"),
    ("/outbox", Act.SEE_REFERRALS, "移送"),
    ("/draws", Act.DRAW, "抽取"),
    ("/figures", Act.SEE_FIGURES, "看板"),
    ("/rules", Act.READ_RULES, "规则"),
    ("/audit", Act.SEE_AUDIT_LOG, "审计日志"),
    ("/accounts", Act.MANAGE_ACCOUNTS, "账号"),
)


class Shown(Protocol):
    """What a page is rendered for: what templates ask of a visit."""

    @property
    def desk(self) -> Desk: ...

    @property
    def visitor(self) -> Account | None: ...

    @property
    def csrf(self) -> str: ...

    @property
    def wants_json(self) -> bool: ...

    @property
    def wants_part(self) -> bool: ...

    @property
    def url(self) -> URL: ...

    @property
    def came_from(self) -> str: ...

    def may(self, act: Act) -> bool: ...


class Renderer:
    """The templates of one desk. `zone_hours` is added to UTC for people.

    They are read here and never again: what an upgrade puts on the disk is for the code that comes with it, not for a process
    that runs. Raises OSError when they cannot be read.
    """

    def __init__(self, zone_hours: int, version: str, folder: Path = TEMPLATES) -> None:
        self._zone = timedelta(hours=zone_hours)
        sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}
        self._templates = Environment(
            loader=DictLoader(sources), auto_reload=False, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters |= {
            "marked": marked,
            "line": one_line,
            "plain": plain,
            "time": self.time,
            "day": self.day,
            "stated": stated_time,
            "ago": ago,
            "percent": percent,
            "likelihood": likelihood,
            "family": lambda family: FAMILY_ZH.get(family, family),
            "genre": lambda genre: GENRE_ZH.get(genre, genre),
            "filters": filters_json,
            "party": shown_party,
            "recipient": lambda code: RECIPIENT_ZH.get(code, code),
        }
        self._templates.globals |= {
            "STATE_ZH": STATE_ZH,
            "STATEMENT_ZH": STATEMENT_ZH,
            "VERDICT_ZH": VERDICT_ZH,
            "FINDING_VERDICT_ZH": FINDING_VERDICT_ZH,
            "ROLE_ZH": ROLE_ZH,
            "FAMILY_ZH": FAMILY_ZH,
            "VERSION_STATE_ZH": VERSION_STATE_ZH,
            "GRADE_ZH": GRADE_ZH,
            "OUTCOME_ZH": OUTCOME_ZH,
            "Act": Act,
            "NAV": NAVIGATION,
            "version": version,
        }

    def page(self, visit: Shown, template: str, status: int, values: Mapping[str, Any]) -> Response:
        return HTMLResponse(self.markup(visit, template, values), status)

    def markup(self, visit: Shown, template: str, values: Mapping[str, Any]) -> Markup:
        known = {"visit": visit, "account": visit.visitor, "csrf": visit.csrf, "now": visit.desk.clock()}
        return Markup(self._templates.get_template(template).render(known | dict(values)))  # noqa: S704  # escaped there

    def problem(self, visit: Shown, problem: Problem) -> Response:
        if visit.wants_json or visit.wants_part or visit.url.path.startswith(("/api/", "/exchange/")):
            return JSONResponse({"error": problem.message}, problem.status)
        values = {"status": problem.status, "phrase": phrase(problem.status), "message": problem.message}
        values["back"] = visit.came_from
        return self.page(visit, "problem.html", problem.status, values)

    @staticmethod
    def families(counts: Mapping[str, int]) -> list[tuple[str, int]]:
        """By their Chinese names, most first."""
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [(FAMILY_ZH.get(family, family), count) for family, count in ordered]

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


def likelihood(score: float | None, digits: int = 0) -> str:
    """The score of a page, 0 to 1, as a percentage that is never rounded to certainty: a lead is not decided by it."""
    if score is None:
        return "—"
    least = 10.0**-digits
    if (shown := round(score * 100, digits)) >= 100:
        return f">{100 - least:.{digits}f}%"
    return f"{shown:.{digits}f}%" if shown >= least else f"<{least:.{digits}f}%"


def phrase(status: int) -> str:
    """What a status means, for people."""
    known = {
        HTTPStatus.NOT_FOUND: "找不到",
        HTTPStatus.METHOD_NOT_ALLOWED: "不能直接打开",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "内容过大",
        HTTPStatus.FORBIDDEN: "不可操作",
        HTTPStatus.CONFLICT: "情况已变",
        HTTPStatus.TOO_MANY_REQUESTS: "稍候",
        HTTPStatus.INTERNAL_SERVER_ERROR: "出错了",
    }
    return known.get(HTTPStatus(status), "无法处理")
