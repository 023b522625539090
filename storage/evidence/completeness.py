"""Whether a visit may be recorded at all. Evidence is all or nothing, so this is asked before a byte is written."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.evidence import EvidenceIncomplete
from domain.outcome import Outcome
from domain.visits import Rendering, Visit

#: What only the operator of this system can say; the rest of the provenance is known from the visit.
REQUIRED_PROVENANCE = ("operator", "tool", "tool_version")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def require_provenance(provenance: Mapping[str, str]) -> None:
    """Raise EvidenceIncomplete unless everything in REQUIRED_PROVENANCE is said."""
    missing = [name for name in REQUIRED_PROVENANCE if not provenance.get(name, "").strip()]
    if missing:
        raise EvidenceIncomplete(f"来源信息不完整，缺少：{'、'.join(missing)}")


def require_complete(visit: Visit) -> None:
    """Raise EvidenceIncomplete, naming everything that is missing, unless the visit can be recorded.

    A visit that will be tried again needs only its times. Raises ValueError when something other than content was judged.
    """
    missing = list(_bad_times(visit))
    if visit.retry_at is None:
        if visit.outcome is not Outcome.CONTENT and visit.judgement is not None:
            raise ValueError(f"only content is judged, not {visit.outcome}")
        if visit.outcome is Outcome.CONTENT:
            missing += _missing_of_content(visit)
        if is_lead(visit):
            missing += _missing_of_lead(visit)
    if missing:
        raise EvidenceIncomplete(f"{visit.frontier.url} 证据不完整：{'；'.join(missing)}")


def is_lead(visit: Visit) -> bool:
    """Whether the visit ends in a flagged page, which needs a bundle."""
    return visit.retry_at is None and visit.judgement is not None and visit.judgement.flagged


def _missing_of_content(visit: Visit) -> Iterator[str]:
    if visit.page is None and visit.same_as is None:
        yield "缺少提取结果"
    if visit.judgement is None and visit.same_as is None:
        yield "缺少判定结果"
    if not visit.exchanges and visit.rendering is None:
        yield "缺少 HTTP 收发记录"
    if visit.page is None or visit.judgement is None:
        return
    for finding in visit.judgement.findings:
        if visit.page.text[finding.start : finding.end] != finding.quote:
            yield f"规则 {finding.rule} 的引文与正文位置不符"


def _missing_of_lead(visit: Visit) -> Iterator[str]:
    if not visit.exchanges and not (visit.rendering and visit.rendering.exchanges):
        yield "缺少 HTTP 收发记录"
    yield from _missing_pictures(visit)
    if visit.rendering is None:
        yield "缺少浏览器渲染结果"
        return
    if not visit.rendering.screenshot_png.startswith(PNG_SIGNATURE):
        yield "缺少截图"
    if not visit.rendering.dom_html.strip():
        yield "缺少渲染后的页面"
    for name in ("browser", "user_agent", "final_url"):
        if not getattr(visit.rendering, name):
            yield f"缺少浏览器信息 {name}"


def _missing_pictures(visit: Visit) -> Iterator[str]:
    """What was read in a picture has to stand in that picture, as received."""
    if visit.page is None or not visit.page.pictures:
        return
    loaded = () if visit.rendering is None else visit.rendering.exchanges
    received = {hashlib.sha256(item.body).hexdigest() for item in (*visit.picture_exchanges, *loaded)}
    for picture in visit.page.pictures:
        if picture.reading is None:
            continue
        if picture.likeness:
            yield f"图片文字取自另一张相似的图片：{picture.url}"
        elif picture.payload_sha256 not in received:
            yield f"缺少读出文字的图片：{picture.url}"


def _bad_times(visit: Visit) -> Iterator[str]:
    for name, moment in _times(visit):
        if moment.utcoffset() is None:
            yield f"时间没有时区：{name}"
    both_aware = visit.started_at.utcoffset() is not None and visit.ended_at.utcoffset() is not None
    if both_aware and visit.ended_at < visit.started_at:
        yield "结束时间早于开始时间"


def _times(visit: Visit) -> Iterator[tuple[str, datetime]]:
    yield "started_at", visit.started_at
    yield "ended_at", visit.ended_at
    if visit.retry_at is not None:
        yield "retry_at", visit.retry_at
    if visit.page is not None and visit.page.published_at is not None:
        yield "published_at", visit.page.published_at
    if visit.rendering is not None:
        yield from _rendering_times(visit.rendering)
    for exchange in visit.exchanges:
        yield f"fetched_at {exchange.url}", exchange.fetched_at


def _rendering_times(rendering: Rendering) -> Iterator[tuple[str, datetime]]:
    yield "rendering.started_at", rendering.started_at
    yield "rendering.ended_at", rendering.ended_at
    for exchange in rendering.exchanges:
        yield f"fetched_at {exchange.url}", exchange.fetched_at
