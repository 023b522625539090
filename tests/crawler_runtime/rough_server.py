"""A loopback server that misbehaves at the level of bytes. Which way is told by the host name's first label."""

import asyncio
import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PAGE = (
    "<html><head><title>门诊安排</title></head><body><p>" + "本周门诊时间安排如下。" * 40 + "</p></body></html>"
).encode()
ROBOTS_BEHAVIOURS = frozenset(
    {"robots-500", "robots-hang", "robots-forbids", "robots-html", "robots-delay", "names-sitemaps"}
)
SITEMAP_BEHAVIOURS = frozenset(
    {"names-sitemaps", "has-sitemap", "hostile-sitemap", "sitemaps-without-end", "bomb-sitemap"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as received; `at` is monotonic seconds, `until` when its answer was done."""

    host: str
    path: str
    head: bytes
    at: float


@dataclass
class RoughServer:
    """`with RoughServer() as server: server.url("drip")`. Behaviours are the functions `_<label>` below."""

    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    open_now: dict[str, int] = field(default_factory=dict)
    most_open: dict[str, int] = field(default_factory=dict)
    pages_open: int = 0
    most_pages_open: int = 0

    def url(self, label: str, path: str = "/") -> str:
        return f"http{'s' if self.tls else ''}://{label}.example:{self.port}{path}"

    def hosts(self, *labels: str) -> dict[str, str]:
        return {f"{label}.example": "127.0.0.1" for label in labels}

    def paths(self, label: str) -> list[str]:
        return [item.path for item in self.asked if item.host.split(".")[0] == label]

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls), self._loop
        )
        self._server = starting.result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        async def stop() -> None:
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = ""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            host, path = _host(head), head.split(b" ")[1].decode()
            self.asked.append(Asked(host, path, head, time.monotonic()))
            cookie = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"cookie:")), b"").decode()
            self.open_now[host] = self.open_now.get(host, 0) + 1
            self.most_open[host] = max(self.most_open.get(host, 0), self.open_now[host])
            await self._answer(host.split(".")[0], Turn(writer, path, 0, cookie, head.decode("latin-1")))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the other side left, or the server stops: either is expected of a rough server
        finally:
            self.open_now[host] = self.open_now.get(host, 1) - 1
            writer.close()

    async def _answer(self, label: str, turn: "Turn") -> None:
        if (turn.path == "/robots.txt" and label not in ROBOTS_BEHAVIOURS) or (
            turn.path == "/sitemap.xml" and label not in SITEMAP_BEHAVIOURS
        ):
            turn.writer.write(answer(b"", status="404 Not Found"))
            return
        self.pages_open += 1
        self.most_pages_open = max(self.most_pages_open, self.pages_open)
        visits = sum(1 for item in self.asked if item.host.split(".")[0] == label and item.path == turn.path)
        try:
            await BEHAVIOURS[label](replace(turn, visits=visits))
        finally:
            self.pages_open -= 1


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to answer; `visits` counts it and the same ones before it."""

    writer: asyncio.StreamWriter
    path: str
    visits: int
    cookie: str
    head: str


Behaviour = Callable[[Turn], Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(label: str) -> Callable[[Behaviour], Behaviour]:
    def register(function: Behaviour) -> Behaviour:
        BEHAVIOURS[label] = function
        return function

    return register


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def html(*parts: str, title: str = "页面") -> bytes:
    inside = "".join(parts)
    return f"<html><head><title>{title}</title></head><body>{inside}<p>{'这里是医院概况。' * 40}</p></body></html>".encode()


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    """A server context with a certificate for `name` that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _host(head: bytes) -> str:
    line = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))
    return line.split(b":", 1)[1].strip().decode().rsplit(":", 1)[0]


def says(label: str, raw: bytes) -> None:
    """A behaviour that answers the same bytes to everything."""

    @behaviour(label)
    async def _say(turn: Turn) -> None:
        turn.writer.write(raw)


HTML = "Content-Type: text/html; charset=utf-8"
says("good", answer(PAGE, HTML))
says("error-500", answer(b"oops", HTML, status="500 Internal Server Error"))
says("gone-404", answer(b"", HTML, status="404 Not Found"))
says("too-many", answer(b"", HTML, "Retry-After: 1", status="429 Too Many Requests"))
says("to-file", answer(b"", "Location: file:///etc/passwd", status="302 Found"))
says("to-metadata", answer(b"", "Location: http://169.254.169.254/latest/meta-data/", status="302 Found"))
says("to-other-host", answer(b"", "Location: http://other.example/", status="302 Found"))
says("to-nowhere", answer(b"", "Location: http://[::1/", status="302 Found"))
says("declared-50-mb", answer(b"x" * 1000, HTML, length=50_000_000))
says("short-body", answer(PAGE, HTML, length=len(PAGE) + 1000))
says("truncated-gzip", answer(gzip.compress(PAGE)[:-30], HTML, "Content-Encoding: gzip"))
says("false-gzip", answer(PAGE, HTML, "Content-Encoding: gzip"))
says("gzip-bomb", answer(gzip.compress(b"\0" * 60_000_000), HTML, "Content-Encoding: gzip"))
says("deflate-bare", answer(zlib.compress(PAGE)[2:-4], HTML, "Content-Encoding: deflate"))
says(
    "garbage-chunks", b"HTTP/1.1 200 OK\r\n" + HTML.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<html>\r\n"
)
says("no-headers", b"<html>no protocol here</html>")
says("huge-headers", answer(PAGE, HTML, "X-Filler: " + "f" * 200_000))
says("large-headers", answer(PAGE, HTML, "X-Filler: " + "f" * 30_000))
says("nul-bytes", answer(PAGE.replace("本周".encode(), "本\0周".encode()), HTML))
says("wrong-charset", answer(PAGE.decode().encode("gb18030"), HTML))
says("empty-200", answer(b"", HTML))
says("garbage-status", b"HTTP/1.1 2x0 Fine\r\n\r\n")
says(
    "marked", answer(gzip.compress(PAGE), "X-Second: 2", "X-First: 1", "x-first: again", HTML, "Content-Encoding: gzip")
)
says("case", answer(html('<p>包治百病</p><img src="/a.png"><script src="/a.js"></script>'), HTML))


@behaviour("slow-headers")
async def _slow_headers(_turn: Turn) -> None:
    await asyncio.sleep(60)


@behaviour("drip")
async def _drip(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, length=100_000))
    while not turn.writer.is_closing():
        turn.writer.write(b"<p>")
        await turn.writer.drain()
        await asyncio.sleep(0.05)


@behaviour("reset-mid-body")
async def _reset(turn: Turn) -> None:
    turn.writer.write(answer(PAGE, HTML, length=len(PAGE) * 2))
    await turn.writer.drain()
    turn.writer.transport.abort()


@behaviour("endless")
async def _endless(turn: Turn) -> None:
    turn.writer.write(b"HTTP/1.1 200 OK\r\n" + HTML.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while not turn.writer.is_closing():
        turn.writer.write(block)
        await turn.writer.drain()


@behaviour("loop")
async def _loop(turn: Turn) -> None:
    turn.writer.write(answer(b"", f"Location: {'/b' if turn.path == '/' else '/'}", status="302 Found"))


@behaviour("ever-on")
async def _ever_on(turn: Turn) -> None:
    turn.writer.write(answer(b"", f"Location: {turn.path}x", status="302 Found"))


@behaviour("hops")
async def _hops(turn: Turn) -> None:
    here = int(turn.path.strip("/") or 0)
    turn.writer.write(answer(PAGE, HTML) if here == 2 else answer(b"", f"Location: /{here + 1}", status="301 Moved"))


@behaviour("busy-once")
async def _busy_once(turn: Turn) -> None:
    busy = answer(b"", "Retry-After: 1", status="503 Service Unavailable")
    turn.writer.write(busy if turn.visits == 1 else answer(PAGE, HTML))


@behaviour("fails-once")
async def _fails_once(turn: Turn) -> None:
    turn.writer.write(answer(b"", status="502 Bad Gateway") if turn.visits == 1 else answer(PAGE, HTML))


@behaviour("robots-500")
async def _robots_500(turn: Turn) -> None:
    turn.writer.write(
        answer(b"", status="500 Internal Server Error") if turn.path == "/robots.txt" else answer(PAGE, HTML)
    )


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


@behaviour("site")
async def _site(turn: Turn) -> None:
    links = "".join(f'<a href="/{number}.html">{number}</a>' for number in range(6))
    await asyncio.sleep(0.02)
    turn.writer.write(answer(html(links), HTML))


@behaviour("neighbour-a")
@behaviour("neighbour-b")
@behaviour("neighbour-c")
async def _neighbour(turn: Turn) -> None:
    await asyncio.sleep(0.1)
    turn.writer.write(answer(PAGE, HTML))


APP = """const pages = {"/": "首页", "/about": "概况", "/claim": "包治百病"};
document.getElementById("app").innerHTML = `<h1>${pages[location.pathname]}</h1>` + "门诊介绍。".repeat(60)
  + Object.keys(pages).map(path => `<a href="${path}">${pages[path]}</a>`).join(" ");"""


@behaviour("script-built")
async def _script_built(turn: Turn) -> None:
    shell = (
        b'<html><head><title>app</title></head><body><div id="app"></div><script src="/app.js"></script></body></html>'
    )
    script = answer(APP.encode(), "Content-Type: text/javascript; charset=utf-8")
    turn.writer.write(script if turn.path == "/app.js" else answer(shell, HTML))


@behaviour("wanders-off")
async def _wanders_off(turn: Turn) -> None:
    """Flagged, and its script leads out of scope."""
    script = '<p>包治百病</p><script>location.replace("http://other.example/")</script>'
    turn.writer.write(answer(html(script), HTML))


says("vanishes", answer(html("<p>包治百病</p><script>onload = () => document.body.remove()</script>"), HTML))


@behaviour("cookie-gate")
async def _cookie_gate(turn: Turn) -> None:
    gate = answer(
        b"", "Location: /", "Set-Cookie: seen=1; Path=/; HttpOnly", "Set-Cookie: x=; Max-Age=0", status="302 Found"
    )
    turn.writer.write(answer(PAGE, HTML) if turn.cookie == "Cookie: seen=1" else gate)


FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>包治百病</title><item><title>一</title><link>/1.html</link></item></channel></rss>"""


@behaviour("feed")
async def _feed(turn: Turn) -> None:
    feed = answer(FEED.encode(), "Content-Type: application/rss+xml")
    turn.writer.write(feed if turn.path == "/" else answer(html('<a href="/2.html">2</a>'), HTML))


def sends(target: str, inside: str = "正在为您跳转") -> bytes:
    """A page that leaves before it is parsed, as splash pages of chat services do."""
    script = f"<script>var target = '{target}'; window.location.href = target;</script>"
    return f"<html><head><title>欢迎</title>{script}</head><body>{inside}</body></html>".encode()


says("sends-away", answer(sends("http://chat.other.example/LR/Chatpre.aspx?id=1"), HTML))
says("sends-in-circles", answer(sends("/"), HTML))
says("reloads", answer(html("<script>setTimeout(() => location.reload(), 1)</script>"), HTML))
says("refreshes", answer(html('<meta http-equiv="refresh" content="0; url=/">'), HTML))


@behaviour("sends-on")
async def _sends_on(turn: Turn) -> None:
    turn.writer.write(answer(PAGE if turn.path == "/home" else sends("/home"), HTML))


@behaviour("lead-sends-on")
async def _lead_sends_on(turn: Turn) -> None:
    """Flagged in the markup, but a visitor with scripts is shown another page of the same site."""
    lead = html('<p>包治百病</p><script>location.replace("/home")</script>')
    turn.writer.write(answer(PAGE if turn.path == "/home" else lead, HTML))


def sitemap(*pages: str, kind: str = "urlset", before: str = "") -> bytes:
    """A sitemap of pages, or an index of sitemaps."""
    item = "url" if kind == "urlset" else "sitemap"
    inside = "".join(f"<{item}><loc> {page} </loc><lastmod>2026-11-25</lastmod></{item}>" for page in pages)
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</{kind}>'.encode()


XML = "Content-Type: application/xml"


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


@behaviour("bomb-sitemap")
async def _bomb_sitemap(turn: Turn) -> None:
    bomb = answer(gzip.compress(b"\0" * 60_000_000), "Content-Type: application/gzip")
    turn.writer.write(bomb if turn.path == "/sitemap.xml" else answer(PAGE, HTML))


LAUGHS = '<!DOCTYPE urlset [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'


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


@behaviour("validates")
async def _validates(turn: Turn) -> None:
    """Says that nothing has changed to whoever knows its tag."""
    links = html('<a href="/1.html">1</a>')
    known = 'if-none-match: "v1"' in turn.head.lower()
    turn.writer.write(answer(b"", status="304 Not Modified") if known else answer(links, HTML, 'ETag: "v1"'))


says("not-modified", answer(b"", status="304 Not Modified"))
says("leave-me", answer(b"", HTML, "Retry-After: 86400", status="503 Service Unavailable"))
says("forbids-all", answer(b"", HTML, status="403 Forbidden"))


@behaviour("gone-home")
async def _gone_home(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, status="404 Not Found") if turn.path == "/" else answer(PAGE, HTML))
