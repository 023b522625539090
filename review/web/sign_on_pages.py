"""To the office's sign-in provider and back. Without one these addresses are not there."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import Response

from review.sign_on import TICKET_LASTS, Answer, SignOn, SignOnRefused, asked_for
from review.sign_on_settings import CALLBACK_PATH
from review.web.guard import LOG_IN, Page
from review.web.log_in import BEGIN, in_words, leading_to, let_in, log_in_page
from review.web.problems import bad_request, not_found
from review.web.visit import Visit, page_of_ours

#: Some providers put a whole encrypted session into a code.
_LONGEST = {"code": 4096, "state": 200, "error": 200, "iss": 1000}


def begin(visit: Visit) -> Response:
    """A link, not a form: a form's policy would have to allow the provider. It is followed from our own page alone, so that no other
    site makes anybody sign in."""
    sign_on, to = _sign_on(visit), page_of_ours(visit.request.query_params.get("to", ""))
    if visit.visitor is not None:
        return visit.go(to)
    if visit.request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return visit.go(LOG_IN)
    if urlsplit(sign_on.settings.base_url).netloc != visit.request.headers.get("host", "").lower():
        # The provider leads back there, where this cookie would be missing
        return visit.go(sign_on.settings.base_url + leading_to(LOG_IN, to))
    begun = sign_on.begin(visit.address, to)
    if isinstance(begun, SignOnRefused):
        return _refused(visit, begun, to)
    url, ticket = begun
    response, settings = visit.go(url), visit.desk.settings
    # Not "strict": the browser comes back from another site
    response.set_cookie(
        settings.ticket_cookie, ticket, max_age=int(TICKET_LASTS.total_seconds()), path="/", secure=settings.https,
        httponly=True, samesite="lax",
    )  # fmt: skip
    return response


def come_back(visit: Visit) -> Response:
    """The browser, with a code or an error from the provider."""
    sign_on = _sign_on(visit)
    brought = {name: _once(visit, name, longest) for name, longest in _LONGEST.items()}
    answer = Answer(brought["state"], brought["code"], brought["error"], brought["iss"])
    ticket = visit.request.cookies.get(visit.desk.settings.ticket_cookie, "")
    outcome, to = sign_on.finish(ticket, answer, visit.address), page_of_ours(asked_for(ticket))
    if isinstance(outcome, SignOnRefused):
        return _without_ticket(visit, _refused(visit, outcome, to))
    # A page, not a redirect: the session's cookie is not sent where another site began the journey
    return _without_ticket(visit, let_in(visit, visit.page("entering.html", to=to), outcome))


def _sign_on(visit: Visit) -> SignOn:
    if visit.desk.sign_on is None:
        raise not_found()
    return visit.desk.sign_on


def _once(visit: Visit, name: str, longest: int) -> str:
    """Raises Problem when it stands there twice: who reads the first and who the last would not agree."""
    if len(visit.request.query_params.getlist(name)) > 1:
        raise bad_request("地址不正确")
    return visit.query(name, longest)


def _refused(visit: Visit, refused: SignOnRefused, to: str) -> Response:
    status = HTTPStatus.BAD_GATEWAY if refused.is_providers else HTTPStatus.UNAUTHORIZED
    return log_in_page(visit, status, in_words(visit, refused.message, refused.retry_at), shown=refused.shown, to=to)


def _without_ticket(visit: Visit, response: Response) -> Response:
    settings = visit.desk.settings
    response.delete_cookie(settings.ticket_cookie, path="/", secure=settings.https, httponly=True, samesite="lax")
    return response


PAGES = (
    Page("GET", BEGIN, begin, public=True, cost=5.0),
    Page("GET", CALLBACK_PATH, come_back, public=True, cost=5.0),
)
