"""The one way into every page: who asks, whether they may, and whether the form is theirs.

A page is a `Page` with the act that it needs; without an act it is for everybody who is logged in, `public` for anybody.
Handlers are plain functions that run in a thread: the database waits there, not here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.reviews import Refused
from domain.roles import Act, may
from review.accounts import Account, csrf_fits
from review.web.desk import Desk
from review.web.problems import Problem, bad_request, problem_of
from review.web.rendering import Renderer
from review.web.visit import Visit

_SAFE = frozenset({"GET", "HEAD"})
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 5000
LOG_IN = "/login"
CHANGE_PASSWORD = "/password"

Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One address. `before_change` is answered also while the account must change its password. `answers_json` is for programs:
    it says so in JSON when it cannot answer. `cost` is what it takes of a client's requests."""

    method: str
    path: str
    handler: Handler
    act: Act | None = None
    public: bool = False
    before_change: bool = False
    answers_json: bool = False
    cost: float = 1.0


def routes_of(pages: Sequence[Page], desk: Desk, renderer: Renderer) -> list[Route]:
    return [
        Route(page.path, _Endpoint(page, desk, renderer), methods=[page.method], name=f"{page.method} {page.path}")
        for page in pages
    ]


class _Endpoint:
    """One page as Starlette calls it."""

    def __init__(self, page: Page, desk: Desk, renderer: Renderer) -> None:
        self._page = page
        self._desk = desk
        self._renderer = renderer

    async def __call__(self, scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
        request = Request(scope, receive)  # type: ignore[arg-type]
        response = await self._answer(request)
        await response(scope, receive, send)  # type: ignore[arg-type]

    async def _answer(self, request: Request) -> Response:
        try:
            form = await self._form(request)
        except Problem as problem:
            return self._renderer.problem(self._visit(request, None, ()), problem)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return await run_in_threadpool(self._handle, request, form)

    async def _form(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The fields of a form. No files are taken: nothing at the desk is uploaded."""
        if request.method in _SAFE:
            return ()
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "只接受表单，不接受文件")
        limit, body = self._desk.settings.max_body_bytes, bytearray()
        async for part in request.stream():
            body += part
            if len(body) > limit:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "提交的内容过大")
        try:
            pairs = parse_qsl(
                bytes(body).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
            )
        except (ValueError, UnicodeError):
            raise bad_request("提交的内容无法解析") from None
        return tuple(pairs)

    def _visit(self, request: Request, account: Account | None, form: tuple[tuple[str, str], ...]) -> Visit:
        return Visit(self._desk, self._renderer, request, account, form)

    def _handle(self, request: Request, form: tuple[tuple[str, str], ...]) -> Response:
        visit = self._visit(request, None, form)
        try:
            visit = self._admitted(visit)
            return self._page.handler(visit)
        except Problem as problem:
            return self._renderer.problem(visit, problem)
        except Refused as refused:
            return self._renderer.problem(visit, problem_of(refused))
        except _Elsewhere as elsewhere:
            if self._page.answers_json or visit.wants_json or visit.wants_part:
                return JSONResponse({"error": elsewhere.message, "go": elsewhere.path}, HTTPStatus.UNAUTHORIZED)
            return RedirectResponse(elsewhere.path, HTTPStatus.SEE_OTHER)

    def _admitted(self, visit: Visit) -> Visit:
        """The visit of whoever it is. Raises Problem or _Elsewhere."""
        page, desk, request = self._page, self._desk, visit.request
        _check_host(visit)
        if request.method not in _SAFE:
            _check_origin(visit)
        account = desk.accounts.account_of(visit.token) if visit.token else None
        client = f"account:{account.id}" if account else f"address:{visit.address}"
        if not desk.rates.admit(client, page.cost):
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "请求过于频繁，请稍候")
        visit = self._visit(request, account, visit.form)
        if page.public:
            return visit
        if account is None:
            raise _Elsewhere(_log_in_for(visit), "登录已失效，请重新登录")
        if account.must_change and not page.before_change:
            raise _Elsewhere(CHANGE_PASSWORD, "请先修改口令")
        if request.method not in _SAFE and not csrf_fits(visit.token, visit.csrf_given):
            raise Problem(HTTPStatus.FORBIDDEN, "表单已过期，请刷新页面后重试")
        if page.act is not None and not may(account.role, page.act):
            raise Problem(HTTPStatus.FORBIDDEN, "您的角色不能进行此操作")
        return visit


def _log_in_for(visit: Visit) -> str:
    """The log-in's address; it leads on to the page that was asked for, where that is a page and not a part or an act."""
    asked = {"ended": "1"} if visit.token else {}
    url = visit.url
    if visit.request.method in _SAFE and not (visit.wants_json or visit.wants_part) and url.path != "/":
        asked["to"] = f"{url.path}?{url.query}" if url.query else url.path
    return f"{LOG_IN}?{urlencode(asked)}" if asked else LOG_IN


class _Elsewhere(Exception):
    """The person must do something else first."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path)
        self.path, self.message = path, message


def _check_host(visit: Visit) -> None:
    """A page of another name that resolves to here must not read the desk (DNS rebinding)."""
    hosts = visit.desk.settings.hosts
    name = urlsplit(f"//{visit.request.headers.get('host', '')}").hostname or ""
    if hosts and name.lower() not in hosts:
        raise bad_request("主机名不在允许之列")


def _check_origin(visit: Visit) -> None:
    """Browsers say where a form comes from; one of another site is refused before anything is looked at."""
    headers = visit.request.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(HTTPStatus.FORBIDDEN, "表单来自其他网站")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Problem(HTTPStatus.FORBIDDEN, "表单来自其他网站")
