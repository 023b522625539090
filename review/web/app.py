"""The desk as an ASGI application."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.passwords import Passwords
from review.settings import DeskSettings
from review.sign_on import SignOn
from review.web import (
    account_pages,
    api,
    audit_pages,
    draw_pages,
    figure_pages,
    item_pages,
    log_in,
    look_pages,
    operator_pages,
    outbox_pages,
    queue_pages,
    rule_pages,
    sign_on_pages,
)
from review.web.desk import Clock, Desk, Lexicon, make_desk
from review.web.exchange import exchange_app
from review.web.guard import Page, routes_of
from review.web.headers import SafeHeaders
from review.web.problems import Problem, not_found
from review.web.rendering import Renderer
from review.web.settings import WebSettings
from review.web.visit import Visit

STATIC = Path(__file__).parent / "static"
_log = logging.getLogger(__name__)

PAGES: tuple[Page, ...] = tuple(
    page
    for part in (
        log_in,
        sign_on_pages,
        queue_pages,
        item_pages,
        look_pages,
        operator_pages,
        outbox_pages,
        draw_pages,
        figure_pages,
        rule_pages,
        audit_pages,
        account_pages,
        api,
    )
    for page in part.PAGES
)


def desk_app(
    engine: Engine,
    folder: Path,
    settings: WebSettings,
    clock: Clock,
    lexicon: Lexicon | None = None,
    rules: DeskSettings | None = None,
    passwords: Passwords | None = None,
    sign_on: SignOn | None = None,
) -> ASGIApp:
    """The desk over one database and data folder; everything it knows is passed in."""
    desk = make_desk(engine, folder, settings, clock, lexicon or Lexicon(), rules, passwords, sign_on)
    renderer = Renderer(settings.zone_hours, _version())
    failures = _Failures(desk, renderer)
    app = Starlette(
        routes=[
            *routes_of(PAGES, desk, renderer),
            Mount("/exchange/v1", exchange_app(engine, clock, desk.rates, settings.hosts)),
            Mount("/static", _Static(directory=STATIC), name="static"),
        ],
        exception_handlers={HTTPException: failures.no_such_page},
        middleware=[Middleware(OneReport, broken=failures.broken)],
    )
    return SafeHeaders(app, settings.https)  # around all of it: pages that tell of a fault have these headers too


class OneReport:
    """A fault of ours is answered here and logged once, with its request. Starlette's own way raises it again after the answer, and the
    server logs it a second time.

    Once an answer has begun it cannot be taken back: then the fault goes on to the server, which breaks the connection off and logs it.
    """

    def __init__(self, app: ASGIApp, broken: Callable[[Request], Response]) -> None:
        self._app = app
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_on(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as fault:
            if scope["type"] != "http":
                raise
            request = Request(scope)
            if begun:
                fault.add_note(f"{request.method} {request.url.path} failed after its answer had begun")
                raise
            _log.exception("%s %s failed", request.method, request.url.path)
            response = await run_in_threadpool(self._broken, request)
            await response(scope, receive, send)


class _Static(StaticFiles):
    """The desk's own files, which change only with its version."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=3600"
        return response


class _Failures:
    """Pages for what no page answers, and for faults of ours."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk = desk
        self._renderer = renderer

    def no_such_page(self, request: Request, fault: Exception) -> Response:
        """Headers of the fault go along: with 405 an answer has to say what is taken (RFC 9110 15.5.6)."""
        status, headers = HTTPStatus.NOT_FOUND, {}
        if isinstance(fault, HTTPException):
            status, headers = HTTPStatus(fault.status_code), dict(fault.headers or {})
        problem = not_found() if status is HTTPStatus.NOT_FOUND else Problem(status, _refusal(request, status))
        response = self._renderer.problem(Visit(self._desk, self._renderer, request, None, ()), problem)
        response.headers.update(headers)
        return response

    def broken(self, request: Request) -> Response:
        """The person is told that it failed, and nothing of how; the log has that."""
        problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "程序出错，已记入日志；此操作可能没有完成")
        return self._renderer.problem(Visit(self._desk, self._renderer, request, None, ()), problem)


def _refusal(request: Request, status: HTTPStatus) -> str:
    if status is HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
        return "此地址只接受页面上的按钮提交，不能直接打开，也不能刷新"
    return "此地址不接受这种请求"


def _version() -> str:
    try:
        return version("yiguang")
    except PackageNotFoundError:
        return ""
