"""What a browser asks for, and the way by which it is given: the browser itself has no network."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from crawler.fetching.redirects import Chain
from domain.page import Headers

#: What speaks of a body, and goes with it (RFC 9110, 15.4).
_OF_THE_BODY = frozenset({"content-type", "content-encoding", "content-language", "content-location", "content-length"})


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What the browser asks for. `is_document` is true for the page itself, not for what is inside of it."""

    url: str
    method: str
    headers: Headers
    body: bytes
    is_document: bool

    def after(self, status: int) -> "BrowserRequest":
        """The request that follows a redirect of that status. 307 and 308 keep method and body (RFC 9110, 15.4.8 and 15.4.9);
        after the others it is as browsers have it: POST becomes GET, and with 303 whatever is not HEAD."""
        if status == 303:
            becomes_get = self.method not in ("GET", "HEAD")
        else:
            becomes_get = status in (301, 302) and self.method == "POST"
        if not becomes_get:
            return self
        headers = tuple((name, value) for name, value in self.headers if name.lower() not in _OF_THE_BODY)
        return replace(self, method="GET", headers=headers, body=b"")


Load = Callable[[BrowserRequest], Awaitable[Chain]]
"""Makes a request for the browser and follows where it is redirected. Never raises `FetchFailed`: the chain holds it."""
