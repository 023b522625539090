"""A small interface for programs, with the log-in of the person they act for: lists and items as JSON, and its description."""

from dataclasses import asdict
from typing import Any

from starlette.responses import JSONResponse, Response

from domain.roles import Act
from review.item import load_item
from review.items import ItemSummary
from review.web.filter_forms import filters_of
from review.web.guard import Page
from review.web.item_pages import decide_item
from review.web.openapi import DESCRIPTION
from review.web.problems import bad_request
from review.web.visit import Visit, whole

_MOST = 200


def items(visit: Visit) -> Response:
    query = visit.request.query_params
    filters = filters_of(query.multi_items())
    limit = whole(visit.query("limit", 20) or "50")
    if not 1 <= limit <= _MOST:
        raise bad_request(f"limit 须在 1 与 {_MOST} 之间")
    after = visit.query("after", 20)
    found = visit.desk.queue.items(visit.account, filters, whole(after) if after else None, limit)
    return JSONResponse({"items": [_summary(item) for item in found]})


def counts(visit: Visit) -> Response:
    filters = filters_of(visit.request.query_params.multi_items())
    counted = visit.desk.queue.counts(visit.account, filters)
    by_state = {state.value: count for state, count in counted.by_state.items()}
    return JSONResponse({"open": counted.open, "total": counted.total, "states": by_state})


def item(visit: Visit) -> Response:
    desk = visit.desk
    view = load_item(
        desk.engine, desk.folder, visit.path_number("item"), visit.account, desk.clock(), desk.lexicon.reference
    )
    findings = [
        {"id": each.id, **{name: getattr(each.finding, name) for name in _FINDING}}
        for each in (*view.live, *view.silenced)
    ]
    return JSONResponse(
        {
            **_summary(view.item),
            "text": view.page.text,
            "captured_at": view.page.captured_at.isoformat(),
            "is_ad": view.judgement.is_ad,
            "genre": view.judgement.genre,
            "score": view.judgement.score,
            "findings": findings,
            "bundle_sha256": view.bundle_sha256,
        }
    )


def decide(visit: Visit) -> Response:
    return JSONResponse(decide_item(visit, visit.path_number("item")))


def description(visit: Visit) -> Response:  # noqa: ARG001  # as all handlers
    return JSONResponse(DESCRIPTION)


_FINDING = ("rule", "family", "quote", "start", "end", "weight", "severity", "basis", "silenced", "gates")


def _summary(item: ItemSummary) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in asdict(item).items()}


PAGES = (
    Page("GET", "/api/openapi.json", description, answers_json=True),
    Page("GET", "/api/items", items, Act.SEE_QUEUE, answers_json=True),
    Page("GET", "/api/counts", counts, Act.SEE_QUEUE, answers_json=True),
    Page("GET", "/api/items/{item}", item, Act.READ_ITEM, answers_json=True),
    Page("POST", "/api/items/{item}/decide", decide, Act.DECIDE_FIRST, answers_json=True),
)
