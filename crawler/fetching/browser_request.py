"""What a browser asks for, and the way by which it is given: the browser itself has no network."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crawler.fetching.redirects import Chain
from domain.page import Headers


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What the browser asks for. `is_document` is true for the page itself, not for what is inside of it."""

    url: str
    method: str
    headers: Headers
    body: bytes
    is_document: bool


Load = Callable[[BrowserRequest], Awaitable[Chain]]
"""Makes a request for the browser and follows where it is redirected. Never raises `FetchFailed`: the chain holds it."""
