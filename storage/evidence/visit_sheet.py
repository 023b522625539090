"""What a recheck keeps of each visit beside the exchanges: a WARC metadata record in the night file, made while all is at hand.

An ordinary visit needs none: of a lead there is a bundle, and nobody rests a case on the others. A visit to a referred page may close
a case, and often brings nothing but an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.page import Exchange
from domain.visits import ControlAsked, Rendering, Visit
from storage.archive.warc import Record, metadata_record, warc_date, warc_uri
from storage.canonical import canonical_json
from storage.digests import sha256_hex
from storage.evidence.connections import certificates_of, connections_of, limits_of, not_recorded
from storage.evidence.provenance import both_clocks, redirects_of

FORMAT = "yiguang-visit-1"
_NO_SHOT = "本次没有拍摄页面（未取得页面，或页面未被标记）；所收到的应答在 archive 中"


def sheet_record(visit: Visit, provenance: Mapping[str, str], received: Sequence[Record]) -> Record:
    """The record for a visit whose exchanges became the records `received`."""
    response = _response(visit, received)
    body = canonical_json(visit_sheet(visit, provenance, response))
    return metadata_record(
        visit.frontier.url, visit.ended_at, body, "" if response is None else str(response["record"])
    )


def visit_sheet(visit: Visit, provenance: Mapping[str, str], response: Mapping[str, Any] | None) -> dict[str, Any]:
    """Every field always there; `response` is the last of the page's own chain, None when nothing at all was received."""
    rendered = () if visit.rendering is None else visit.rendering.exchanges
    exchanges = tuple(dict.fromkeys((*visit.exchanges, *rendered, *visit.picture_exchanges)))
    everything = (*exchanges, *visit.asides)
    return {
        "format": FORMAT,
        "system": dict(provenance),
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "page": visit.frontier.id,
        "attempt": visit.frontier.attempts,
        "url": visit.frontier.url,
        "final_url": visit.final_url,
        "outcome": visit.outcome.value,
        "detail": visit.outcome_detail,
        "http_status": visit.status,
        "robots": visit.robots,
        "started_at": both_clocks(visit.started_at),
        "ended_at": both_clocks(visit.ended_at),
        "tried_again_at": None if visit.retry_at is None else both_clocks(visit.retry_at),
        "time_zone": "Asia/Shanghai (UTC+08:00)",
        "response": response,
        "redirects": redirects_of(visit.exchanges),
        "control": None if visit.control is None else _control(visit.control),
        "browser": None if visit.rendering is None else _browser(visit.rendering),
        "server_ips": sorted({exchange.ip for exchange in everything if exchange.ip}),
        "connections": connections_of(everything),
        "certificates": certificates_of(everything),
        "exchanges": len(dict.fromkeys(everything)),
        "limits": limits_of(everything),
        "not_recorded": not_recorded(everything, provenance) | ({} if visit.rendering else {"screenshot": _NO_SHOT}),
        "not_captured": [
            {"url": url, "reason": reason} for url, reason in (visit.rendering.not_captured if visit.rendering else ())
        ],
    }


def _response(visit: Visit, received: Iterable[Record]) -> dict[str, Any] | None:
    if not visit.exchanges:
        return None
    last = visit.exchanges[-1]
    digest = sha256_hex(last.body)
    record = next(
        record
        for record in received
        if (record.type, record.target_uri, record.status, record.payload_sha256, record.date)
        == ("response", warc_uri(last.url), last.status, digest, last.fetched_at)
    )
    return {**_answer(last), "record": record.id}


def _control(asked: ControlAsked) -> dict[str, Any]:
    return {"result": asked.result, "exchanges": [_answer(exchange) for exchange in asked.exchanges]}


def _answer(exchange: Exchange) -> dict[str, Any]:
    return {
        "url": warc_uri(exchange.url),
        "status": exchange.status,
        "fetched_at": warc_date(exchange.fetched_at),
        "payload_sha256": sha256_hex(exchange.body),
    }


def _browser(rendering: Rendering) -> dict[str, Any]:
    return {
        "name": rendering.browser,
        "user_agent": rendering.user_agent,
        "final_url": rendering.final_url,
        "started_at": both_clocks(rendering.started_at),
        "ended_at": both_clocks(rendering.ended_at),
        "why": rendering.why,
    }
