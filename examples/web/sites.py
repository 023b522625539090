"""Reads the sites under `sites/<host>/`: `site.toml`, page files and the layouts they are set in."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from pathlib import Path

SITES = Path(__file__).with_name("sites")

CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "application/javascript",
    ".json": "application/json",
    ".xml": "text/xml",
    ".txt": "text/plain",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
}
TEXT_SUFFIXES = frozenset({".html", ".css", ".js", ".json", ".xml", ".txt", ".svg"})
REVIEWED_BEFORE = timedelta(days=90)  # a certificate is valid for a year (医疗广告管理办法 13)
PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}")  # sample: {{title}}


@dataclass(frozen=True, slots=True)
class Site:
    """One virtual host.

    `verdict` is `lawful`, `unlawful` or `outcomes` (a host that exists for its failures). `encoding` is the encoding
    of the bytes on the wire, `charset` what the Content-Type header claims (empty: it claims nothing).
    `aliases` maps a path (with query) to the file that answers it, `statuses` to the status it is answered with,
    `redirects` to a (status, Location) pair, `behaviours` to a misbehaviour. A behaviour key that begins with `^` is
    a regular expression. `targets` are the rows that a targets file has for this host. The files of a `verbatim` site
    are sent byte for byte.
    """

    host: str
    title: str
    about: str
    verdict: str
    folder: Path
    encoding: str
    charset: str
    gzip: bool
    chunked: bool
    aliases: Mapping[str, str]
    statuses: Mapping[str, int]
    redirects: Mapping[str, tuple[int, str]]
    behaviours: Mapping[str, str]
    targets: tuple[Mapping[str, object], ...]
    verbatim: bool = False

    def file_of(self, path: str) -> Path | None:
        """The file that answers a path with its query, or None. Never leaves the site's folder."""
        name = self.aliases.get(path, path.partition("?")[0])
        if ".." in name.split("/"):
            return None
        relative = name.lstrip("/")
        candidates = [f"{relative}index.html"] if not relative or name.endswith("/") else [relative, f"{relative}.html"]
        for candidate in candidates:
            found = self.folder / candidate
            if found.is_file() and found.suffix in CONTENT_TYPES and not found.name.startswith("layout"):
                return found
        return None

    def behaviour_of(self, path: str) -> str | None:
        for key, name in self.behaviours.items():
            if key == path or (key.startswith("^") and re.search(key, path)):
                return name
        return None


def load_sites(folder: Path = SITES) -> dict[str, Site]:
    """All sites by host name."""
    sites = (_load_site(path) for path in sorted(folder.glob("*/site.toml")))
    return {site.host: site for site in sites}


def _load_site(path: Path) -> Site:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    encoding = str(data.get("encoding", "utf-8"))
    return Site(
        host=path.parent.name,
        title=data["title"],
        about=data["about"],
        verdict=data["verdict"],
        folder=path.parent,
        encoding=encoding,
        charset=str(data.get("charset", encoding)),
        gzip=bool(data.get("gzip", False)),
        chunked=bool(data.get("chunked", False)),
        aliases=data.get("aliases", {}),
        statuses=data.get("statuses", {}),
        redirects={key: (int(status), str(to)) for key, (status, to) in data.get("redirects", {}).items()},
        behaviours=data.get("behaviours", {}),
        targets=tuple(data.get("target", ())),
    )


def render_file(site: Site, file: Path, port: int, today: date) -> bytes:
    """The bytes of one file as the site sends them.

    A page file that does not begin with `<` has `name: value` lines, an empty line and the body; it is set in
    `layout.html`, or in `layout-<name>.html` when it has a line `layout: <name>`. `{{name}}` stands for such a value,
    `{{body}}` for the body, `{{base}}` and `{{port}}` for this server, `{{approval_year}}` and `{{approval_day}}` for the
    date of a review certificate that is in force `today`. Raises KeyError for an unknown placeholder.
    """
    if site.verbatim or file.suffix not in TEXT_SUFFIXES:
        return file.read_bytes()
    text = file.read_text(encoding="utf-8")
    approved = today - REVIEWED_BEFORE
    values = {
        "base": f"http://{site.host}:{port}",
        "port": str(port),
        "site": site.title,
        "approval_year": f"{approved:%Y}",
        "approval_day": f"{approved:%m-%d}",
    }
    if file.suffix == ".html" and not text.startswith("<"):
        fields, _, body = text.partition("\n\n")
        lines = (line.partition(":") for line in fields.splitlines())
        given = {name: _fill(escape(value.strip(), quote=False), values) for name, _, value in lines}
        values |= {"description": "", "keywords": ""} | given
        name = f"layout-{values['layout']}.html" if "layout" in values else "layout.html"
        values["body"] = _fill(body, values)
        text = (site.folder / name).read_text(encoding="utf-8")
    return _fill(text, values).encode(site.encoding)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)
