"""The queue: what waits, narrowed by filters, and decisions on many at once."""

from typing import Any

from starlette.responses import JSONResponse, Response

from domain.findings import FAMILY_ZH
from domain.reviews import ItemState, Stage, Verdict
from domain.roles import Act, may
from review.item_locks import stages_of
from review.items import Filters
from review.reasons import reasons_for
from review.web.choices import readers, regions_and_nights
from review.web.filter_forms import filters_from_text, filters_of, query_of
from review.web.guard import Page
from review.web.problems import bad_request
from review.web.visit import Visit, whole

_AT_ONCE = 40


def home(visit: Visit) -> Response:
    return visit.go("/queue" if may(visit.account.role, Act.SEE_QUEUE) else "/figures")


def queue(visit: Visit) -> Response:
    filters = _asked(visit)
    after = visit.query("after")
    items = visit.desk.queue.items(visit.account, filters, whole(after) if after else None, _AT_ONCE + 1)
    more, items = len(items) > _AT_ONCE, items[:_AT_ONCE]
    values: dict[str, Any] = {"items": items, "more": more, "filters": filters, "query": query_of(filters)}
    if visit.wants_part and after:
        return visit.page("_rows.html", **values)
    counts = visit.desk.queue.counts(visit.account, filters)
    everything = visit.desk.queue.counts(visit.account, Filters())
    regions, nights = regions_and_nights(visit.desk.engine)
    return visit.page(
        "_queue.html" if visit.wants_part else "queue.html",
        **values,
        counts=counts,
        everything=everything,
        families=visit.desk.queue.family_counts(visit.account, filters),
        regions=regions,
        nights=nights,
        views=visit.desk.queue.saved_views(visit.account),
        view_queries={view.name: query_of(view.filters) for view in visit.desk.queue.saved_views(visit.account)},
        states=list(ItemState),
        stages=stages_of(visit.account),
        readers=readers(visit.desk.accounts),
        reasons=visit.desk.lexicon.reasons,
        all_families=FAMILY_ZH,
        done=visit.query("done"),
    )


def start(visit: Visit) -> Response:
    """Open the next item, or say that nothing waits."""
    filters = filters_from_text(visit.text("filters"))
    item = visit.desk.queue.next_item(visit.account, filters, visit.numbers("in_hand"))
    query = query_of(filters)
    if item is None:
        return visit.go(f"/queue?done=empty&{query}")
    return visit.go(f"/items/{item.id}?{query}")


def save_view(visit: Visit) -> Response:
    filters = filters_from_text(visit.text("filters"))
    try:
        visit.desk.queue.save_view(visit.account, visit.text("name", 200), filters)
    except ValueError as fault:
        raise bad_request(str(fault)) from None
    return visit.go(f"/queue?{query_of(filters)}")


def forget_view(visit: Visit) -> Response:
    visit.desk.queue.forget_view(visit.account, visit.text("name", 200))
    return visit.go("/queue")


def bulk_preview(visit: Visit) -> Response:
    """How many a decision on the whole filtered set would be, and some of them, before anything is done."""
    filters = filters_of(visit.request.query_params.multi_items())
    count = visit.desk.decisions.bulk_count(visit.account, filters)
    shown = visit.desk.queue.items(visit.account, filters, None, _AT_ONCE) if count else []
    shown = [item for item in shown if item.stage is Stage.FIRST and item.probability is not None][:8]
    reasons = {
        verdict: reasons_for(visit.desk.lexicon.reasons, verdict) for verdict in (Verdict.DISMISS, Verdict.NOT_AD)
    }
    return visit.page(
        "bulk.html", filters=filters, count=count, shown=shown, reasons=reasons, limit=visit.desk.rules.max_bulk,
        query=query_of(filters),
    )  # fmt: skip


def bulk(visit: Visit) -> Response:
    filters = filters_from_text(visit.text("filters"))
    verdict, _, reason = visit.text("choice", 100).partition(":")
    try:
        chosen = Verdict(verdict)
    except ValueError:
        raise bad_request("请选择结论") from None
    note, count = visit.text("note"), visit.number("count")
    visit.desk.decisions.bulk(visit.account, filters, chosen, reason, note, count)
    return visit.go(f"/queue?done=bulk&{query_of(filters)}")


def assign(visit: Visit) -> Response:
    chosen = visit.numbers("item")
    if not chosen:
        raise bad_request("请先勾选条目")
    visit.desk.passing.assign(visit.account, chosen, visit.text("to", 200) or None)
    return visit.go(f"/queue?done=assigned&{query_of(filters_from_text(visit.text('filters')))}")


def undo(visit: Visit) -> Response:
    """Take back the last act and show what it was on."""
    undone = visit.desk.decisions.undo(visit.account, visit.text("batch", 64))
    first = undone.items[0].item_id
    if visit.wants_json:
        return JSONResponse({"item": first, "items": len(undone.items)})
    return visit.go(f"/items/{first}" if len(undone.items) == 1 else "/queue?done=undone")


def _asked(visit: Visit) -> Filters:
    filters = filters_of(visit.request.query_params.multi_items())
    if not visit.request.query_params and (stages := stages_of(visit.account)):
        # What waits for this person; everything else is a filter away
        return Filters(stage=stages[-1]) if stages == (Stage.FIRST,) else Filters(states=_OPEN)
    return filters


_OPEN = (
    ItemState.WAITING, ItemState.SENT_BACK, ItemState.READ_ONCE, ItemState.FIRST_CONFIRMED, ItemState.DISPUTED,
)  # fmt: skip

PAGES = (
    Page("GET", "/", home),
    Page("GET", "/queue", queue, Act.SEE_QUEUE),
    Page("POST", "/next", start, Act.DECIDE_FIRST),
    Page("POST", "/views", save_view, Act.SAVE_VIEW),
    Page("POST", "/views/forget", forget_view, Act.SAVE_VIEW),
    Page("GET", "/bulk/preview", bulk_preview, Act.BULK_DECIDE, cost=4.0),
    Page("POST", "/bulk", bulk, Act.BULK_DECIDE, cost=10.0),
    Page("POST", "/assign", assign, Act.ASSIGN),
    Page("POST", "/undo", undo, Act.UNDO),
)
