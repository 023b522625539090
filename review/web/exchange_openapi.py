"""The description of what other systems may read (OpenAPI 3.1)."""

from typing import Any

from domain.outbox import Measure, Stage
from domain.routing import Recipient
from domain.takedown import Grade

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_ID: dict[str, Any] = {"type": "integer", "minimum": 1}
_NEXT: dict[str, Any] = {"type": ["integer", "null"], "description": "give it as `after`; null at the end"}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}, "additionalProperties": False}
_PACKAGE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "number", "recipient", "stage", "made_at", "sent_at", "cases", "rescinded", "measures"],
    "properties": {
        "id": _ID, "number": _TEXT, "recipient": {"enum": [each.value for each in Recipient]},
        "stage": {"enum": [each.value for each in Stage]}, "supervised": {"type": "boolean"}, "made_at": _TIME,
        "sent_at": _MAYBE_TIME, "manifest_sha256": _TEXT, "cases": {"type": "array", "items": _ID},
        "rescinded": {"type": "array", "items": _ID},
        "measures": {"type": "array", "items": {"enum": [each.value for each in Measure]}},
    },
}  # fmt: skip
_LEAD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["case", "nature", "url", "institution", "region", "families", "severity", "confirmed_at", "takedown", "takedown_evidence_sha256"],
    "properties": {
        "case": _ID, "nature": {"const": "lead"}, "url": _TEXT, "institution": _MAYBE_TEXT, "region": _MAYBE_TEXT,
        "families": {"type": "array", "items": _TEXT}, "severity": {"type": "integer"}, "confirmed_at": _TIME,
        "takedown": {"enum": [None, *(each.value for each in Grade)]}, "takedown_evidence_sha256": _MAYBE_TEXT,
    },
}  # fmt: skip
_PAGE = [
    {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}},
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
]


def _operation(name: str, schema: dict[str, Any], parameters: list[dict[str, Any]], *more: str) -> dict[str, Any]:
    known = {
        "400": "a value is impossible", "401": "no token that holds", "403": "not in the token's scopes",
        "404": "there is no such package", "429": "too many requests",
    }  # fmt: skip
    answers: dict[str, Any] = {"200": {"description": "well", "content": {"application/json": {"schema": schema}}}}
    for status in ("400", "401", "403", "429", *more):
        answers[status] = {"description": known[status], "content": {"application/json": {"schema": _ERROR}}}
    return {"get": {"operationId": name, "parameters": parameters, "responses": answers}}


def _listed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = {name: {"type": "array", "items": schema}, "next": _NEXT}
    return {"type": "object", "required": [name, "next"], "properties": properties, "additionalProperties": False}


_NUMBER = {"name": "number", "in": "path", "required": True, "schema": _TEXT}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Yiguang exchange",
        "version": "1",
        "description": "Packages and leads that two persons confirmed; a lead is no verdict.",
    },
    "servers": [{"url": "/exchange/v1"}],
    "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/packages": _operation("listPackages", _listed("packages", _PACKAGE), _PAGE),
        "/packages/{number}": _operation("readPackage", _PACKAGE, [_NUMBER], "404"),
        "/leads": _operation("listLeads", _listed("leads", _LEAD), _PAGE),
    },
}
