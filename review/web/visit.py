"""One request, as handlers see it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.roles import Act, may
from review.accounts import Account, csrf_token
from review.web.desk import Desk
from review.web.problems import bad_request
from review.web.rendering import Renderer

_MAX_ID = 2**63 - 1
_LONGEST_PATH = 1000  # bytes: it has to fit into a cookie


@dataclass(frozen=True, slots=True)
class Visit:
    """`visitor` is None where nobody is logged in, which only public pages see."""

    desk: Desk
    renderer: Renderer
    request: Request
    visitor: Account | None
    form: tuple[tuple[str, str], ...]

    @property
    def account(self) -> Account:
        if self.visitor is None:
            raise LookupError("a public page asked who is logged in")
        return self.visitor

    @property
    def token(self) -> str:
        return self.request.cookies.get(self.desk.settings.cookie, "")

    @property
    def address(self) -> str:
        """The client's: behind a proxy what that proxy says, which is the last of those in the header."""
        if self.desk.settings.behind_proxy:
            forwarded = self.request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded[:64]
        return self.request.client.host if self.request.client else ""

    @property
    def csrf(self) -> str:
        return csrf_token(self.token) if self.token else ""

    @property
    def csrf_given(self) -> str:
        return self.request.headers.get("x-csrf-token") or self.text("csrf")

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.request.headers.get("accept", "")

    @property
    def wants_part(self) -> bool:
        """Only the part that changes, for a page that is there already."""
        return "x-desk-part" in self.request.headers or "hx-request" in self.request.headers

    @property
    def url(self) -> URL:
        return self.request.url

    @property
    def came_from(self) -> str:
        """The page of ours on which this was asked for, where the browser tells and it is not this one; else empty."""
        try:
            place = urlsplit(self.request.headers.get("referer", ""))
        except ValueError:
            return ""
        path = page_of_ours(f"{place.path}?{place.query}" if place.query else place.path)
        is_ours = place.netloc.lower() == self.request.headers.get("host", "").lower() and path != "/"
        is_this = self.request.method == "GET" and place.path == self.url.path
        return path if is_ours and not is_this else ""

    def may(self, act: Act) -> bool:
        return self.visitor is not None and may(self.visitor.role, act)

    def text(self, name: str, longest: int = 4000) -> str:
        """A field of the form; empty when it is not there. Raises Problem when it is too long."""
        value = next((value for key, value in self.form if key == name), "")
        if len(value) > longest or "\0" in value:
            raise bad_request("提交的内容过长，或含有不允许的字符")
        return value

    def texts(self, name: str) -> list[str]:
        return [value for key, value in self.form if key == name]

    def number(self, name: str) -> int:
        """Raises Problem unless the form has a whole number there."""
        return whole(self.text(name))

    def numbers(self, name: str) -> list[int]:
        return [whole(value) for value in self.texts(name)]

    def path_number(self, name: str) -> int:
        return whole(str(self.request.path_params[name]))

    def query(self, name: str, longest: int = 200) -> str:
        value = self.request.query_params.get(name, "")
        if len(value) > longest or "\0" in value:
            raise bad_request("地址不正确")
        return value

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        return self.renderer.page(self, template, status, values)

    def go(self, path: str) -> Response:
        return RedirectResponse(path, 303)

    def go_and_tell(self, path: str, outcome: Any) -> Response:
        """To a page that shows what a form came to, by `told`; reloading that page sends no form again and shows it no more."""
        return self.go(f"{path}?told={self.desk.once.keep(self.token, path, outcome, self.desk.clock())}")

    def told(self) -> Any | None:
        key = self.query("told", 40)
        return self.desk.once.take(self.token, self.url.path, key, self.desk.clock()) if key else None


def page_of_ours(path: str) -> str:
    """The path where it is one at the desk, and the desk's start for anything by which a browser could be led elsewhere
    (`//host`, backslashes that it reads as slashes, signs that it leaves out) or that no page of ours is as long as."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours and len(path.encode()) <= _LONGEST_PATH else "/"


def whole(text: str) -> int:
    """Raises Problem unless it is a number that an id or a version can be."""
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > _MAX_ID:
        raise bad_request("编号不正确")
    return int(text)
