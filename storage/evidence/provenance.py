"""The provenance sheet of a capture: who, when, with what, from where, and what is missing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.beijing import BEIJING
from domain.findings import Judgement
from domain.page import Exchange
from domain.visits import Rendering, Visit
from storage.archive.warc import warc_date
from storage.evidence.connections import certificates_of, connections_of, limits_of, not_recorded


def provenance_of(
    visit: Visit, judgement: Judgement, rendering: Rendering, provenance: Mapping[str, str], created_at: datetime
) -> dict[str, Any]:
    """The sheet as JSON has it: every field always there; what was not recorded says why."""
    exchanges = tuple(dict.fromkeys((*visit.exchanges, *rendering.exchanges, *visit.picture_exchanges)))
    return {
        "system": dict(provenance),
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "url": visit.frontier.url,
        "final_url": visit.final_url,
        "http_status": visit.status,
        "attempt": visit.frontier.attempts,
        "robots": visit.robots,
        "started_at": both_clocks(visit.started_at),
        "ended_at": both_clocks(visit.ended_at),
        "bundled_at": both_clocks(created_at),
        "time_zone": "Asia/Shanghai (UTC+08:00)",
        "rules_sha256": judgement.rules_sha256,
        "model_sha256": judgement.model_sha256,
        "browser": {
            "name": rendering.browser,
            "user_agent": rendering.user_agent,
            "viewport": list(rendering.viewport),
            "final_url": rendering.final_url,
            "title": rendering.title,
            "started_at": both_clocks(rendering.started_at),
            "ended_at": both_clocks(rendering.ended_at),
            "why": rendering.why,
            "actions": [
                {
                    "kind": action.kind.value,
                    "words": action.words,
                    "at": both_clocks(action.at),
                    "added_characters": action.added_characters,
                }
                for action in rendering.actions
            ],
        },
        "server_ips": sorted({exchange.ip for exchange in exchanges if exchange.ip}),
        "redirects": redirects_of(visit.exchanges),
        "connections": connections_of(exchanges),
        "certificates": certificates_of(exchanges),
        "exchanges": len(exchanges),
        "limits": limits_of(exchanges),
        "not_recorded": not_recorded(exchanges, provenance),
        "not_captured": [{"url": url, "reason": reason} for url, reason in rendering.not_captured],
    }


def redirects_of(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """Where each redirect led, in order."""
    return [
        {"url": exchange.url, "status": exchange.status, "location": value}
        for exchange in exchanges
        for name, value in exchange.response_headers
        if 300 <= exchange.status < 400 and name.lower() == "location"
    ]


def both_clocks(moment: datetime) -> dict[str, str]:
    """An aware time in UTC and as it was in Beijing."""
    return {"utc": warc_date(moment), "beijing": moment.astimezone(BEIJING).isoformat()}
