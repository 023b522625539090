"""When two URLs are the same place on the web."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")  # sample: %e5
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~"


def canonical_url(url: str) -> str:
    """The form of a URL under which it is visited once a night (RFC 3986, 6.2.2 and 6.2.3).

    Scheme and host are lowered, a default port and the fragment fall away, escapes of unreserved characters are
    undone and other text is escaped. Query parameters keep their order: their meaning is the site's own affair.
    A fragment that is a route of a script application (`#/news/1`, `#!news`) is kept, because it selects the page.
    A URL that cannot be parsed is returned as it is.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return url
    netloc = f"[{host}]" if ":" in host else host
    scheme = parts.scheme.lower()
    if port is not None and str(port) != _DEFAULT_PORTS.get(scheme):
        netloc += f":{port}"
    fragment = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return urlunsplit((scheme, netloc, _escaped(parts.path) or "/", _escaped(parts.query), _escaped(fragment)))


def _escaped(text: str) -> str:
    undone = _ESCAPE.sub(_undo_unreserved, text)
    return quote(undone, safe=_KEPT, errors="replace")


def _undo_unreserved(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else "%" + match[1].upper()
