"""Reads sitemaps (sitemaps.org protocol 0.9): lists of pages, indexes of further sitemaps, plain lists of URLs."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from crawler.pages.decode import decode_html

#: The protocol's own limit for one file; ours for all sitemaps of a site.
MAX_SITEMAP_URLS = 50_000
_MAX_DEPTH = 32
# An ampersand that begins no reference, as in index.php?m=content&id=1
_BARE_AMPERSAND = re.compile(r"&(?!#?\w{1,20};)")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


@dataclass(slots=True)
class Sitemap:
    """What one file names: `pages` to visit and further `sitemaps`; `fault` is Chinese, why the rest was not read."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    fault: str = ""


class _Stop(Exception):
    """Parsing ends here. The message is Chinese."""


def read_sitemap(body: bytes, content_type: str) -> Sitemap:
    """Read one file, its content coding off. Never raises: of a broken file what stands before the fault counts. Addresses with
    ampersands as they are typed are no fault: many sites write them so.

    A document type is refused, for it is where XML keeps entities, which sitemaps have no use for.
    """
    text, _ = decode_html(body, content_type)
    text = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"))
    if not text.startswith("<"):
        return _plain_list(text)
    found = _parsed(text)
    if found.fault and _BARE_AMPERSAND.search(text):  # only then: in CDATA a bare ampersand is right
        escaped = _parsed(_BARE_AMPERSAND.sub("&amp;", text))
        if len(escaped.pages) + len(escaped.sitemaps) > len(found.pages) + len(found.sitemaps):
            return escaped
    return found


def _parsed(text: str) -> Sitemap:
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode("utf-8", "replace"), True)
    except (expat.ExpatError, _Stop) as error:
        reader.found.fault = str(error) if isinstance(error, _Stop) else f"XML 有误：{error}"
    return reader.found


def _plain_list(text: str) -> Sitemap:
    lines = [line.strip() for line in text.splitlines()]
    pages = [line for line in lines if line.startswith(("http://", "https://"))]
    return Sitemap(pages[:MAX_SITEMAP_URLS], fault="" if pages else "不是站点地图")


class _Reader:
    def __init__(self) -> None:
        self.found = Sitemap()
        self._path: list[str] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_declaration: object) -> None:
        raise _Stop("含有 DOCTYPE，不读取")

    def _start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(":")[2].lower()
        if not self._path and local not in ("urlset", "sitemapindex"):
            raise _Stop("不是站点地图")
        if len(self._path) >= _MAX_DEPTH:
            raise _Stop("元素嵌套过深")
        self._path.append(local)
        self._text.clear()

    def _data(self, data: str) -> None:
        if self._path[-1:] == ["loc"]:
            self._text.append(data)

    def _end(self, _name: str) -> None:
        # image:loc and video:loc are inside of image:image and video:video, not right below url
        match self._path[-2:]:
            case ["url", "loc"]:
                self._keep(self.found.pages)
            case ["sitemap", "loc"]:
                self._keep(self.found.sitemaps)
        self._path.pop()

    def _keep(self, urls: list[str]) -> None:
        if url := "".join(self._text).strip():
            urls.append(url)
        if len(urls) >= MAX_SITEMAP_URLS:
            raise _Stop(f"网址超过 {MAX_SITEMAP_URLS} 个")
