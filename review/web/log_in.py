"""Logging in and out, and one's own password."""

from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.responses import Response

from review.accounts import AccountFault
from review.log_in_tries import LogInRefused
from review.web.guard import CHANGE_PASSWORD, LOG_IN, Page
from review.web.visit import Visit, page_of_ours

_SECONDS = 12 * 3600
BEGIN = "/login/oidc"


def form(visit: Visit) -> Response:
    to = page_of_ours(visit.request.query_params.get("to", ""))
    if visit.visitor is not None:
        return visit.go(to)
    return log_in_page(visit, ended=bool(visit.query("ended")), to=to)


def log_in(visit: Visit) -> Response:
    name, password = visit.text("name", 200), visit.text("password", 1000)
    to = page_of_ours(visit.text("to", 4000))
    outcome = visit.desk.accounts.authenticate(name, password, visit.address)
    if isinstance(outcome, LogInRefused):
        return log_in_page(
            visit, HTTPStatus.UNAUTHORIZED, in_words(visit, outcome.message, outcome.retry_at), name, to=to
        )
    return let_in(visit, visit.go(to), outcome)


def log_in_page(
    visit: Visit,
    status: int = 200,
    message: str = "",
    name: str = "",
    ended: bool = False,
    shown: str = "",
    to: str = "/",
) -> Response:
    """The page with both ways in, where there are both; `shown` is what an administrator needs to know, `to` where it leads on to."""
    sign_on = visit.desk.sign_on
    return visit.page(
        "login.html",
        status,
        ended=ended,
        message=message,
        name=name,
        to=to,
        shown=shown,
        by_provider=leading_to(BEGIN, to) if sign_on is not None else "",
        only=sign_on is not None and sign_on.settings.only,
    )


def leading_to(path: str, to: str) -> str:
    """The address of a step of the log-in that leads on to `to`, a page of ours."""
    return path if to == "/" else f"{path}?{urlencode({'to': to})}"


def in_words(visit: Visit, message: str, retry_at: datetime | None) -> str:
    return message if retry_at is None else f"{message}，{visit.renderer.day(retry_at)} 后可再试"


def let_in(visit: Visit, response: Response, token: str) -> Response:
    """The same answer, with the session that the browser shall keep."""
    if visit.token:
        visit.desk.accounts.log_out(visit.token)  # a session that was given to the browser by somebody else
    settings = visit.desk.settings
    response.set_cookie(
        settings.cookie, token, max_age=_SECONDS, path="/", secure=settings.https, httponly=True, samesite="strict"
    )
    return response


def log_out(visit: Visit) -> Response:
    visit.desk.accounts.log_out(visit.token)
    response = visit.go(LOG_IN)
    settings = visit.desk.settings
    response.delete_cookie(settings.cookie, path="/", secure=settings.https, httponly=True, samesite="strict")
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def password_form(visit: Visit) -> Response:
    return visit.page("password.html", message="")


def change_password(visit: Visit) -> Response:
    old, new, again = (visit.text(name, 1000) for name in ("old", "new", "again"))
    try:
        if new != again:
            raise AccountFault("两次输入的新口令不一致")
        visit.desk.accounts.change_password(visit.account, old, new, visit.token)
    except AccountFault as fault:
        return visit.page("password.html", HTTPStatus.UNPROCESSABLE_ENTITY, message=str(fault))
    return visit.go("/?done=password")


PAGES = (
    Page("GET", LOG_IN, form, public=True),
    Page("POST", LOG_IN, log_in, public=True, cost=5.0),
    Page("POST", "/logout", log_out, before_change=True),
    Page("GET", CHANGE_PASSWORD, password_form, before_change=True),
    Page("POST", CHANGE_PASSWORD, change_password, before_change=True, cost=5.0),
)
