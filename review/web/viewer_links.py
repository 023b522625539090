"""Links to captured pages at the viewer's origin, each signed and good for a few minutes: the viewer knows no log-ins."""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from review.web.settings import WebSettings


def viewer_link(settings: WebSettings, bundle: str | None, now: datetime) -> str:
    """Where the bundle can be looked at; empty without a bundle or a viewer. `bundle` is relative to the data folder."""
    if bundle is None or not settings.viewer:
        return ""
    until = int((now + settings.viewer_links_last).timestamp())
    query = urlencode({"bundle": bundle, "until": until, "sign": signature(settings.viewer_key, bundle, until)})
    return f"{settings.viewer}/?{query}"


def signature(key: bytes, bundle: str, until: int) -> str:
    return hmac.new(key, f"{until}:{bundle}".encode(), hashlib.sha256).hexdigest()


def link_holds(key: bytes, bundle: str, until: int, given: str, now: datetime) -> bool:
    """Whether a link was made here and is not too old."""
    fits = hmac.compare_digest(signature(key, bundle, until).encode(), given.encode())
    return fits and now.timestamp() <= until
