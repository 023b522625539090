"""The description of the interface for programs (OpenAPI 3.1)."""

from typing import Any

from domain.findings import FAMILIES
from domain.reviews import FindingVerdict, ItemState, Stage, Verdict

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "go": {"type": "string"}},
}
_ID = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_TEXT: dict[str, Any] = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}


def _answers(schema: dict[str, Any]) -> dict[str, Any]:
    errors = {
        "400": "a value is impossible", "401": "not logged in", "403": "not allowed, or the form's token is missing",
        "404": "there is no such item", "409": "somebody else changed or holds it", "415": "not a form",
        "422": "a reason or a note is missing", "429": "too many requests",
    }  # fmt: skip
    found = {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in errors.items()
    }
    return {"200": {"description": "well", "content": {"application/json": {"schema": schema}}}} | found


def _asked(name: str, schema: dict[str, Any], many: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "array", "items": schema} if many else schema}


_FILTERS = [
    _asked("families", {"enum": list(FAMILIES)}, many=True),
    _asked("states", {"enum": [state.value for state in ItemState]}, many=True),
    _asked("stage", {"enum": [stage.value for stage in Stage]}),
    _asked("regions", _TEXT, many=True),
    _asked("nights", _TEXT, many=True),
    _asked("targets", _ID, many=True),
    _asked("institution", _TEXT),
    _asked("assignee", _TEXT),
    _asked("rule", _TEXT),
]
_SUMMARY = {
    "type": "object",
    "required": ["id", "page_id", "url", "title", "state", "version", "families", "severity"],
    "properties": {
        "id": _ID, "page_id": _ID, "url": _TEXT, "title": _TEXT, "version": {"type": "integer"},
        "state": {"enum": [state.value for state in ItemState]}, "severity": {"type": "integer"},
        "families": {"type": "array", "items": _TEXT}, "created_at": _TIME,
        "probability": {"type": ["number", "null"]},
    },
}  # fmt: skip
_ITEM = {"name": "item", "in": "path", "required": True, "schema": _ID}
_DECISION = {
    "type": "object",
    "required": ["verdict", "version"],
    "properties": {
        "verdict": {"enum": [verdict.value for verdict in Verdict]}, "version": {"type": "integer", "minimum": 0},
        "reason": _TEXT, "note": {"type": "string", "maxLength": 2000}, "with": {"type": "array", "items": _ID},
    },
    "patternProperties": {"^finding-[0-9]+$": {"enum": [verdict.value for verdict in FindingVerdict]}},
}  # fmt: skip

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Yiguang desk",
        "version": "1",
        "description": "Read and decide items with the session cookie of a log-in; POST needs its X-CSRF-Token too.",
    },
    "paths": {
        "/api/items": {
            "get": {
                "operationId": "listItems",
                "parameters": [
                    *_FILTERS,
                    _asked("after", _ID),
                    _asked("limit", {"type": "integer", "minimum": 1, "maximum": 200}),
                ],
                "responses": _answers(
                    {
                        "type": "object",
                        "required": ["items"],
                        "properties": {"items": {"type": "array", "items": _SUMMARY}},
                    }
                ),
            }
        },
        "/api/counts": {
            "get": {
                "operationId": "countItems",
                "parameters": _FILTERS,
                "responses": _answers({"type": "object", "required": ["open", "total", "states"]}),
            }
        },
        "/api/items/{item}": {
            "get": {"operationId": "readItem", "parameters": [_ITEM], "responses": _answers(_SUMMARY)}
        },
        "/api/items/{item}/decide": {
            "post": {
                "operationId": "decideItem",
                "parameters": [_ITEM],
                "requestBody": {
                    "required": True,
                    "content": {"application/x-www-form-urlencoded": {"schema": _DECISION}},
                },
                "responses": _answers({"type": "object", "required": ["batch", "item", "state"]}),
            }
        },
    },
}
