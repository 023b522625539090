"""robots.txt and sitemaps that hang, forbid, lie or never end."""

import asyncio
import gzip

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html


def sitemap(*pages: str, kind: str = "urlset", before: str = "") -> bytes:
    """A sitemap of pages, or an index of sitemaps."""
    item = "url" if kind == "urlset" else "sitemap"
    inside = "".join(f"<{item}><loc> {page} </loc><lastmod>2026-11-25</lastmod></{item}>" for page in pages)
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</{kind}>'.encode()


XML = "Content-Type: application/xml"
LAUGHS = '<!DOCTYPE urlset [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'


@behaviour("robots-500")
async def _robots_500(turn: Turn) -> None:
    turn.writer.write(
        answer(b"", status="500 Internal Server Error") if turn.path == "/robots.txt" else answer(PAGE, HTML)
    )


@behaviour("robots-busy")
async def _robots_busy(turn: Turn) -> None:
    busy = answer(b"", "Retry-After: 86400", status="429 Too Many Requests")
    turn.writer.write(busy if turn.path == "/robots.txt" else answer(PAGE, HTML))


@behaviour("robots-hang")
async def _robots_hang(_turn: Turn) -> None:
    await asyncio.sleep(60)


@behaviour("robots-forbids")
async def _robots_forbids(turn: Turn) -> None:
    rules = b"User-agent: *\nDisallow:\n\nUser-agent: YiguangBot\nDisallow: /closed\n"
    link = html('<a href="/closed/a.html">a</a><a href="/open.html">b</a>')
    turn.writer.write(answer(rules) if turn.path == "/robots.txt" else answer(link, HTML))


@behaviour("robots-html")
async def _robots_html(turn: Turn) -> None:
    turn.writer.write(answer(PAGE, HTML))


@behaviour("robots-delay")
async def _robots_delay(turn: Turn) -> None:
    link = html('<a href="/1.html">1</a><a href="/2.html">2</a>')
    turn.writer.write(
        answer(b"User-agent: *\nCrawl-delay: 0.4\n") if turn.path == "/robots.txt" else answer(link, HTML)
    )


@behaviour("has-sitemap")
async def _has_sitemap(turn: Turn) -> None:
    listed = sitemap("/only-in-sitemap.html", "http://other.example/x.html", "/a.pdf")
    turn.writer.write(answer(listed, XML) if turn.path == "/sitemap.xml" else answer(PAGE, HTML))


@behaviour("names-sitemaps")
async def _names_sitemaps(turn: Turn) -> None:
    robots = b"User-agent: *\nDisallow: /closed\nSitemap: /maps/index.xml\nSitemap: http://other.example/map.xml\n"
    files = {
        "/robots.txt": answer(robots, "Content-Type: text/plain"),
        "/maps/index.xml": answer(
            sitemap("/maps/1.xml.gz", "/maps/missing.xml", "/closed/2.xml", "/maps/index.xml", kind="sitemapindex"), XML
        ),
        "/maps/1.xml.gz": answer(gzip.compress(sitemap("/from-gz.html")), "Content-Type: application/x-gzip"),
        "/maps/missing.xml": answer(b"", status="404 Not Found"),
    }
    turn.writer.write(files.get(turn.path, answer(PAGE, HTML)))


@behaviour("sitemaps-of-others")
async def _sitemaps_of_others(turn: Turn) -> None:
    files = {
        "/robots.txt": answer(b"Sitemap: http://other.example/map.xml\n", "Content-Type: text/plain"),
        "/sitemap.xml": answer(sitemap("/only-in-sitemap.html"), XML),
    }
    turn.writer.write(files.get(turn.path, answer(PAGE, HTML)))


@behaviour("busy-sitemaps")
async def _busy_sitemaps(turn: Turn) -> None:
    maps = b"".join(b"Sitemap: /map-%d.xml\n" % number for number in range(9))
    if turn.path == "/robots.txt":
        turn.writer.write(answer(maps, "Content-Type: text/plain"))
    elif turn.path.endswith(".xml"):
        turn.writer.write(answer(b"", "Retry-After: 86400", status="429 Too Many Requests"))
    else:
        turn.writer.write(answer(html('<a href="/1.html">1</a>'), HTML))


@behaviour("bomb-sitemap")
async def _bomb_sitemap(turn: Turn) -> None:
    bomb = answer(gzip.compress(b"\0" * 60_000_000), "Content-Type: application/gzip")
    turn.writer.write(bomb if turn.path == "/sitemap.xml" else answer(PAGE, HTML))


@behaviour("hostile-sitemap")
async def _hostile_sitemap(turn: Turn) -> None:
    turn.writer.write(
        answer(sitemap("/&b;&c;.html", before=LAUGHS), XML) if turn.path == "/sitemap.xml" else answer(PAGE, HTML)
    )


@behaviour("sitemaps-without-end")
async def _sitemaps_without_end(turn: Turn) -> None:
    if turn.path.endswith(".xml"):
        more = [f"/{turn.visits}-{len(turn.path)}-{number}{turn.path[1:]}" for number in range(3)]
        turn.writer.write(answer(sitemap(*more, kind="sitemapindex"), XML))
    else:
        turn.writer.write(answer(PAGE, HTML))
