"""One item, and what a reader does with it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from domain.reviews import FindingVerdict, Verdict
from domain.roles import Act
from review.decisions import Decided
from review.item import load_item
from review.item_locks import InOtherHands, stages_of
from review.item_views import FindingView, ItemView
from review.reasons import reasons_for
from review.shots import EvidenceUnreadable
from review.web.choices import readers
from review.web.desk import reasons_of
from review.web.filter_forms import filters_from_text, filters_of, query_of
from review.web.guard import Page
from review.web.highlights import Span, pieces
from review.web.look_pages import look_lines
from review.web.problems import bad_request, not_found
from review.web.scores import score_bars
from review.web.viewer_links import viewer_link
from review.web.visit import Visit, whole
from storage.takedowns.takedown import referred_case

_SAID = "finding-"


def show(visit: Visit) -> Response:
    """The item, claimed for whoever may decide it; somebody else's is shown to read."""
    item_id = visit.path_number("item")
    holder = _claimed(visit, item_id)
    view = load_item(
        visit.desk.engine, visit.desk.folder, item_id, visit.account, visit.desk.clock(), visit.desk.lexicon.reference
    )
    filters = filters_of(visit.request.query_params.multi_items())
    template = "_item.html" if visit.wants_part else "item.html"
    return visit.page(template, **_shown(visit, view, holder), filters=filters, query=query_of(filters))


def _claimed(visit: Visit, item_id: int) -> str:
    """Who else has it open; empty when nobody does. What is decided, or not this person's to decide, is not claimed."""
    if not visit.may(Act.DECIDE_FIRST):
        return ""
    try:
        visit.desk.queue.claim(visit.account, item_id)
    except InOtherHands as fault:
        return fault.holder
    return ""


def _shown(visit: Visit, view: ItemView, holder: str) -> dict[str, Any]:
    item, desk = view.item, visit.desk
    referred = referred_case(desk.engine, item.page_id) if visit.may(Act.SEE_REFERRALS) else None
    mine = item.stage in stages_of(visit.account)
    has_read = any(reading.by == visit.account.name and reading.counts for reading in view.readings)
    found = [*view.live, *view.silenced]
    numbers = {finding.id: number for number, finding in enumerate(found, 1)}
    return {
        "view": view,
        "item": item,
        "page": view.page,
        "findings": found,
        "numbers": numbers,
        "pieces": pieces(view.page.text, _spans(found)),
        "holder": holder,
        "can_decide": mine and not holder and not has_read,
        "has_read": has_read and item.stage is not None,
        "shot": _shot(visit, view),
        "scores": score_bars(view.judgement.parts, view.judgement.score),
        "reasons": {
            verdict: reasons_for(desk.lexicon.reasons, verdict) for verdict in (Verdict.DISMISS, Verdict.NOT_AD)
        },
        "reason_titles": reasons_of(desk.lexicon.reasons),
        "cluster": desk.queue.cluster(visit.account, item.id) if mine and not has_read else [],
        "readers": [each for each in readers(desk.accounts) if each.id != visit.account.id],
        "viewer": viewer_link(desk.settings, view.bundle, desk.clock()) if visit.may(Act.OPEN_EVIDENCE) else "",
        "referred": referred,
        "looks": [] if referred is None else look_lines(visit, referred.looks),
        "soonest": (desk.settings.today(desk.clock()) + timedelta(days=1)).isoformat(),
    }


def _spans(found: list[FindingView]) -> list[Span]:
    return [Span(each.finding.start, each.finding.end, each.id, not each.finding.silenced) for each in found]


def _shot(visit: Visit, view: ItemView) -> Mapping[str, Any] | None:
    """The screenshot's size and the boxes on it, in its pixels; None without a readable one."""
    if view.bundle is None or view.shot is None:
        return None
    try:
        shot = visit.desk.shots.of(view.bundle)
    except EvidenceUnreadable:
        return None
    boxes = [
        {"id": each.id, "live": not each.finding.silenced, "box": box}
        for each in (*view.silenced, *view.live)
        for place in each.shots
        for box in place.boxes
        if box[1] < shot.height
    ]
    return {"width": shot.width, "height": shot.height, "cut": shot.cut, "tag": shot.tag, "boxes": boxes}


def screenshot(visit: Visit) -> Response:
    """The pixels of an item's screenshot, without anything else that its file held."""
    view = load_item(visit.desk.engine, visit.desk.folder, visit.path_number("item"), visit.account, visit.desk.clock())
    if view.bundle is None:
        raise not_found("此条没有截图")
    try:
        shot = visit.desk.shots.of(view.bundle)
    except EvidenceUnreadable as fault:
        raise not_found(str(fault)) from fault
    headers = {"cache-control": "private, max-age=3600", "etag": f'"{shot.tag}"'}
    return Response(shot.jpeg, media_type="image/jpeg", headers=headers)


def decide(visit: Visit) -> Response:
    outcome = decide_item(visit, visit.path_number("item"))
    if visit.wants_json:
        return JSONResponse(outcome)
    filters = filters_from_text(visit.text("filters"))
    following = visit.desk.queue.next_item(visit.account, filters)
    query = query_of(filters)
    return visit.go(f"/items/{following.id}?{query}" if following else f"/queue?done=empty&{query}")


def decide_item(visit: Visit, item_id: int) -> dict[str, Any]:
    """The decision that the form tells, made. Raises Problem for a form that tells none, else as `Decisions.decide`."""
    chosen, _, why = visit.text("choice", 100).partition(":")  # a button of a reason, pressed where no script runs
    try:
        verdict = Verdict(visit.text("verdict", 20) or chosen)
        said = {
            whole(name.removeprefix(_SAID)): FindingVerdict(value)
            for name, value in visit.form
            if name.startswith(_SAID) and value
        }
    except ValueError:
        raise bad_request("结论不正确") from None
    reason = visit.text("reason", 64) or why
    decided = visit.desk.decisions.decide(
        visit.account,
        item_id,
        verdict,
        reason,
        visit.text("note"),
        said,
        visit.number("version"),
        visit.numbers("with"),
    )
    return _outcome(decided, verdict)


def _outcome(decided: Decided, verdict: Verdict) -> dict[str, Any]:
    return {
        "batch": decided.batch,
        "item": decided.items[0].item_id,
        "state": decided.items[0].state.value,
        "verdict": verdict.value,
        "decided": len(decided.items),
        "skipped": len(decided.skipped),
    }


def following(visit: Visit) -> Response:
    """The next item's id, claimed, for a page that fetches it before it is wanted."""
    filters = filters_from_text(visit.text("filters"))
    item = visit.desk.queue.next_item(visit.account, filters, visit.numbers("in_hand"))
    return JSONResponse({"item": None if item is None else item.id, "query": query_of(filters)})


def extend(visit: Visit) -> Response:
    until = visit.desk.queue.extend(visit.account, visit.path_number("item"))
    return JSONResponse({"until": None if until is None else until.isoformat()})


def release(visit: Visit) -> Response:
    visit.desk.queue.release(visit.account, visit.path_number("item"))
    return JSONResponse({"released": True})


def hold(visit: Visit) -> Response:
    try:
        day = datetime.strptime(visit.text("until", 10), "%Y-%m-%d").replace(tzinfo=UTC)
        until = day - timedelta(hours=visit.desk.settings.zone_hours)
    except (ValueError, OverflowError):  # the first day of the calendar has no earlier hour
        raise bad_request("请选择搁置到哪一天") from None
    visit.desk.passing.hold(
        visit.account, visit.path_number("item"), until, visit.text("note"), visit.number("version")
    )
    return visit.go("/queue?done=held")


def hand_over(visit: Visit) -> Response:
    visit.desk.passing.hand_over(
        visit.account, visit.path_number("item"), visit.text("to", 200), visit.text("note"), visit.number("version")
    )
    return visit.go("/queue?done=handed")


def send_back(visit: Visit) -> Response:
    visit.desk.passing.send_back(visit.account, visit.path_number("item"), visit.text("note"), visit.number("version"))
    return visit.go("/queue?done=sent-back")


def reopen(visit: Visit) -> Response:
    item_id = visit.path_number("item")
    visit.desk.passing.reopen(visit.account, item_id, visit.text("note"), visit.number("version"))
    return visit.go(f"/items/{item_id}")


PAGES = (
    Page("GET", "/items/{item}", show, Act.READ_ITEM),
    Page("GET", "/items/{item}/shot.jpg", screenshot, Act.READ_ITEM),
    Page("POST", "/items/{item}/decide", decide, Act.DECIDE_FIRST),
    Page("POST", "/items/{item}/extend", extend, Act.DECIDE_FIRST),
    Page("POST", "/items/{item}/release", release, Act.DECIDE_FIRST),
    Page("POST", "/items/{item}/hold", hold, Act.HOLD),
    Page("POST", "/items/{item}/hand-over", hand_over, Act.HAND_OVER),
    Page("POST", "/items/{item}/send-back", send_back, Act.SEND_BACK),
    Page("POST", "/items/{item}/reopen", reopen, Act.REOPEN),
    Page("POST", "/following", following, Act.DECIDE_FIRST),
)
