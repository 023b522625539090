"""Why a request is not answered as asked: a status and a Chinese sentence for whoever asked."""

from http import HTTPStatus

from domain.reviews import AlreadyDecided, Refused, RoleMayNot
from review.decisions import CannotUndo, CountChanged
from review.item_locks import InOtherHands
from review.items import NoSuchItem
from review.locked_rows import ItemChanged

_STATUS: tuple[tuple[type[Refused], HTTPStatus], ...] = (
    (RoleMayNot, HTTPStatus.FORBIDDEN),
    (NoSuchItem, HTTPStatus.NOT_FOUND),
    (InOtherHands, HTTPStatus.CONFLICT),
    (ItemChanged, HTTPStatus.CONFLICT),
    (CountChanged, HTTPStatus.CONFLICT),
    (AlreadyDecided, HTTPStatus.CONFLICT),
    (CannotUndo, HTTPStatus.CONFLICT),
)


class Problem(Exception):
    """Ends the handling of a request with a page that says why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def problem_of(refused: Refused) -> Problem:
    """A refusal of the core, as an answer."""
    status = next((status for kind, status in _STATUS if isinstance(refused, kind)), HTTPStatus.UNPROCESSABLE_ENTITY)
    return Problem(status, str(refused))


def not_found(message: str = "没有这个页面") -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, message)


def bad_request(message: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, message)
