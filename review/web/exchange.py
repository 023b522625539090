"""What other systems may read, with a token and no log-in: packages and confirmed leads, never texts or people.

Apart from the desk's pages: no cookie is looked at, so a browser that is logged in gains nothing here.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy import Engine, select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.outbox import sent_at
from domain.reviews import ItemKind, ItemState
from review.tokens import Scope, Tokens
from review.web.exchange_openapi import DESCRIPTION
from review.web.rates import Rates
from storage.leads.outbox import Package, find_package, list_packages, rescinded_pages
from storage.tables import desk_items
from storage.takedowns.takedown import referred_cases

_MOST = 200
_MISSING = {"www-authenticate": "Bearer"}


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def exchange_app(engine: Engine, clock: Callable[[], datetime], rates: Rates, hosts: tuple[str, ...]) -> Starlette:
    """Answers below where it is mounted; `hosts` are the names under which it answers, empty for any."""
    tokens = Tokens(engine, clock)

    def endpoint(scope: Scope, read: Callable[[Engine, Request], Any]) -> Callable[[Request], Any]:
        def answer(request: Request) -> Response:
            try:
                _admit(request, tokens, rates, hosts, scope)
                return JSONResponse(read(engine, request), headers={"cache-control": "no-store"})
            except _Refused as refused:
                headers = _MISSING if refused.status is HTTPStatus.UNAUTHORIZED else None
                return JSONResponse({"error": str(refused)}, refused.status, headers)

        async def handle(request: Request) -> Response:
            return await run_in_threadpool(answer, request)

        return handle

    return Starlette(
        routes=[
            Route("/openapi.json", _description, methods=["GET"]),
            Route("/packages", endpoint(Scope.PACKAGES, _packages), methods=["GET"]),
            Route("/packages/{number}", endpoint(Scope.PACKAGES, _package), methods=["GET"]),
            Route("/leads", endpoint(Scope.LEADS, _leads), methods=["GET"]),
        ],
        exception_handlers={HTTPException: _nothing_there},
    )


async def _description(request: Request) -> Response:  # noqa: ARG001  # as Starlette calls it
    """For anybody: it says what can be asked, and holds nothing."""
    return JSONResponse(DESCRIPTION)


def _nothing_there(request: Request, fault: Exception) -> Response:  # noqa: ARG001  # as Starlette calls it
    status = fault.status_code if isinstance(fault, HTTPException) else HTTPStatus.NOT_FOUND
    return JSONResponse({"error": "没有这个地址，或不接受这种请求"}, status)


def _admit(request: Request, tokens: Tokens, rates: Rates, hosts: tuple[str, ...], scope: Scope) -> None:
    if hosts and (request.url.hostname or "").lower() not in hosts:
        raise _Refused(HTTPStatus.BAD_REQUEST, "主机名不在允许之列")
    client = request.client.host if request.client else ""
    if not rates.admit(f"exchange:{client}", 1.0):
        raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "请求过于频繁，请稍候")
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    token = tokens.of(value.strip()) if kind.lower() == "bearer" else None
    if token is None:
        raise _Refused(HTTPStatus.UNAUTHORIZED, "没有有效的令牌")
    if scope not in token.scopes:
        raise _Refused(HTTPStatus.FORBIDDEN, f"令牌没有 {scope.value} 范围")


def _packages(engine: Engine, request: Request) -> dict[str, Any]:
    after, limit = _number(request, "after", 0), _limit(request)
    found = list_packages(engine, after, limit)
    return {"packages": [_row(package) for package in found], "next": found[-1].id if len(found) == limit else None}


def _package(engine: Engine, request: Request) -> dict[str, Any]:
    number = str(request.path_params["number"])
    try:
        return _row(find_package(engine, number))
    except KeyError:
        raise _Refused(HTTPStatus.NOT_FOUND, "没有这份材料") from None


def _leads(engine: Engine, request: Request) -> dict[str, Any]:
    """Leads that two persons confirmed and that were not taken back."""
    after, limit = _number(request, "after", 0), _limit(request)
    items = desk_items.c
    query = (
        select(
            items.page_id, items.url, items.institution, items.region, items.families, items.severity, items.decided_at
        )
        .where(items.kind == ItemKind.LEAD.value, items.state == ItemState.CONFIRMED.value)
        .where(items.page_id > after, items.page_id.not_in(rescinded_pages()))
        .order_by(items.page_id)
        .limit(limit)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    cases = referred_cases(engine, [row.page_id for row in rows])
    grades = {case.case_id: graded.grade.value for case in cases if (graded := case.graded)}
    proofs = {case.case_id: case.looks[-1].bundle_sha256 or None for case in cases if case.looks}
    leads = [
        {
            "case": row.page_id,
            "nature": "lead",
            "url": row.url,
            "institution": row.institution or None,
            "region": row.region or None,
            "families": list(row.families),
            "severity": row.severity,
            "confirmed_at": row.decided_at.isoformat(),
            "takedown": grades.get(row.page_id),
            "takedown_evidence_sha256": proofs.get(row.page_id),
        }
        for row in rows
    ]
    return {"leads": leads, "next": rows[-1].page_id if len(rows) == limit else None}


def _row(package: Package) -> dict[str, Any]:
    sent = sent_at(package.steps)
    measures = dict.fromkeys(measure.value for taken in package.steps for measure in taken.measures)
    return {
        "id": package.id,
        "number": package.number,
        "recipient": package.recipient.value,
        "stage": package.stage.value,
        "supervised": package.supervised,
        "made_at": package.made_at.isoformat(),
        "sent_at": None if sent is None else sent.isoformat(),
        "manifest_sha256": package.manifest_now,
        "cases": list(package.cases),
        "rescinded": list(package.rescinded),
        "measures": list(measures),
    }


def _limit(request: Request) -> int:
    limit = _number(request, "limit", 50)
    if not 1 <= limit <= _MOST:
        raise _Refused(HTTPStatus.BAD_REQUEST, f"limit 须在 1 与 {_MOST} 之间")
    return limit


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdecimal() and len(value) <= 18):
        raise _Refused(HTTPStatus.BAD_REQUEST, f"{name} 应为数字")
    return int(value)
