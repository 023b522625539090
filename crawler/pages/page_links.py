"""Absolute addresses from those written in a page."""

import re
from collections.abc import Iterable
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from crawler.pages.walked import WalkedImage
from domain.page import Image, Link

# #/news/1, #!/news/1: a route of a script application, which shows another page there; #top, #! and #/ show the same one
_ROUTE = re.compile(r"!?/[^/\s]")
_SAFE_PATH = "/%:@!$&'()*+,;=~-._"
_SAFE_QUERY = _SAFE_PATH + "?[]|{}"
_SAFE_ROUTE = _SAFE_PATH + "?"


class Resolver:
    """Resolves addresses against a page (and its `base`); `encoding` is the page's, in which its queries are sent."""

    def __init__(self, page_url: str, base: str, encoding: str) -> None:
        self._base = _joined(page_url, base.strip()) or page_url if base else page_url
        parts = urlsplit(self._base) if _joined(self._base, "") else urlsplit("")
        self._encoding = encoding
        self._scheme = parts.scheme
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._folder = self._origin + (parts.path.rpartition("/")[0] or "") + "/"

    def absolute(self, written: str) -> str:
        """The http(s) address without fragment; empty for anything else (scripts, mail, telephone, data, broken)."""
        url = written.strip().partition("#")[0]
        if not url:
            return ""
        if "\n" in url or "\t" in url or "\r" in url:
            url = url.translate({9: None, 10: None, 13: None})
        if "\\" in url:
            url = url.replace("\\", "/")
        lowered = url[:8].lower()
        if "[" in url or "]" in url:
            resolved = _joined(self._base, url)  # brackets make an address of version 6, or break it
        elif lowered.startswith(("http://", "https://")):
            resolved = url
        elif url.startswith("//"):
            resolved = f"{self._scheme}:{url}"
        elif ":" in url.partition("/")[0].partition("?")[0]:
            return ""
        elif url[0] == "/" and "/." not in url:
            resolved = self._origin + url
        elif url[0] not in "./?" and "/." not in url and "://" in self._folder:
            resolved = self._folder + url
        else:
            resolved = _joined(self._base, url)
        return resolved if resolved.isascii() and " " not in resolved else self._escaped(resolved)

    def _escaped(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
        except ValueError:  # a bracketed host that is no address, or a name that IDNA refuses
            return ""
        path = quote(parts.path.encode("utf-8", "replace"), _SAFE_PATH)
        query = quote(parts.query.encode(self._encoding, "replace"), _SAFE_QUERY)
        return urlunsplit((parts.scheme, host, path, query, ""))

    def page(self, written: str) -> str:
        """The address of a page: as `absolute`, and with the route of a script application."""
        if "#/" not in written and "#!/" not in written:  # all but a few
            return self.absolute(written)
        address, _, fragment = written.strip().partition("#")
        if not _ROUTE.match(fragment):
            return self.absolute(address)
        url = self.absolute(address) if address else self._escaped(_joined(self._base, "").partition("#")[0])
        return f"{url}#{quote(fragment, _SAFE_ROUTE)}" if url else ""


def resolve_links(written: Iterable[tuple[str, str]], resolver: Resolver) -> tuple[Link, ...]:
    """One link per address in order of appearance, with the first text that any of its places shows."""
    texts: dict[str, str] = {}
    for address, text in written:
        url = resolver.page(address)
        if url and not texts.get(url):
            texts[url] = text
    return tuple(Link(url, text) for url, text in texts.items())


def resolve_images(written: Iterable[WalkedImage], resolver: Resolver) -> tuple[Image, ...]:
    """One image per address in order of appearance."""
    images: dict[str, Image] = {}
    for address, alt, lazy, is_logo in written:
        url = resolver.absolute(address)
        known = images.get(url)
        if url and (known is None or (alt and not known.alt)):
            images[url] = Image(url, alt, lazy, is_logo or (known is not None and known.is_logo))
    return tuple(images.values())


def _joined(base: str, url: str) -> str:
    try:
        joined = urljoin(base, url)
        return joined if urlsplit(joined).scheme in ("http", "https") else ""
    except ValueError:  # urllib refuses hosts such as http://[broken
        return ""
