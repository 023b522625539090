"""More misbehaviour for `rough_server`: broken framing, bodies that lie, sites without end, pages that fight the browser."""

import asyncio
import gzip

import brotli

from tests.crawler_runtime.rough_server import HTML, PAGE, Turn, answer, behaviour, html, says

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200

says("two-lengths", answer(PAGE, HTML, "Content-Length: 7"))
says("negative-length", answer(PAGE, HTML, length=-5))
says("length-in-words", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + PAGE)
says("header-without-colon", answer(PAGE, HTML, "This is no header"))
says("nul-in-header", answer(PAGE, HTML, "X-Zero: a\0b"))
says("endless-line", b"HTTP/1.1 200 " + b"O" * 200_000)
says("brotli-bomb", answer(brotli.compress(b"\0" * 60_000_000, quality=1), HTML, "Content-Encoding: br"))
says("gzip-in-gzip", answer(gzip.compress(gzip.compress(PAGE)), HTML, "Content-Encoding: gzip, gzip"))
says("unheard-of-coding", answer(PAGE, HTML, "Content-Encoding: zstd-extra"))
says("to-javascript", answer(b"", "Location: javascript:alert(1)", status="302 Found"))
says("to-credentials", answer(b"", "Location: http://a:b@to-credentials.example/", status="302 Found"))
says("to-data", answer(b"", "Location: data:text/html,<p>x</p>", status="302 Found"))
says("redirect-without-location", answer(b"", status="302 Found"))
says("no-content", answer(b"", status="204 No Content"))
says("partial", answer(PAGE, HTML, status="206 Partial Content"))
says("needs-login", answer(b"<html><body>401</body></html>", HTML, status="401 Unauthorized"))
says("forbidden", answer(b"<html><body>403</body></html>", HTML, status="403 Forbidden"))
says("odd-status", answer(PAGE, HTML, status="799 Strange"))
says("png-as-html", answer(PNG, HTML))
says("pdf-as-html", answer(b"%PDF-1.7\n" + b"x" * 500, HTML))
says("html-as-octets", answer(PAGE, "Content-Type: application/octet-stream"))
says("without-type", answer(PAGE))
says("utf-16", answer(PAGE.decode().encode("utf-16"), "Content-Type: text/html"))
says("deep", answer(b"<div>" * 60_000 + PAGE, HTML))
says("attributes", answer(b"<p " + b"a=1 " * 200_000 + b">" + PAGE, HTML))
says("unclosed", answer(PAGE + b"<!-- " + b"x" * 500_000, HTML))
says("white-space", answer(b" \r\n\t" * 1000, HTML))
says("fifty-thousand-links", answer(html(*(f'<a href="http://o{n}.example/">x</a>' for n in range(50_000))), HTML))


@behaviour("continues")
async def _continues(turn: Turn) -> None:
    while not turn.writer.is_closing():
        turn.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await turn.writer.drain()
        await asyncio.sleep(0.01)


@behaviour("drips-headers")
async def _drips_headers(turn: Turn) -> None:
    turn.writer.write(b"HTTP/1.1 200 OK\r\n")
    while not turn.writer.is_closing():
        turn.writer.write(b"X-More: 1\r\n")
        await turn.writer.drain()
        await asyncio.sleep(0.05)


@behaviour("closes-at-once")
async def _closes_at_once(turn: Turn) -> None:
    turn.writer.transport.abort()


@behaviour("answers-twice")
async def _answers_twice(turn: Turn) -> None:
    turn.writer.write(answer(PAGE, HTML) + answer(b"second", HTML))


@behaviour("calendar")
async def _calendar(turn: Turn) -> None:
    """Every day links to its neighbours, for ever."""
    day = int(turn.path.rpartition("-")[2] or 0) if "-" in turn.path else 0
    links = (
        f'<a href="/cal/{2000 + d // 336}-{d // 28 % 12 + 1:02}-{d % 28 + 1:02}?n=-{d}">d</a>'
        for d in range(day, day + 40)
    )
    turn.writer.write(answer(html(*links), HTML))


@behaviour("nests-itself")
async def _nests_itself(turn: Turn) -> None:
    """Relative links below a path that answers everything."""
    turn.writer.write(answer(html('<a href="news/">a</a><a href="about/news/">b</a>'), HTML))


@behaviour("sessions")
async def _sessions(turn: Turn) -> None:
    """A new session id in every link of every answer."""
    links = (f'<a href="/{n}.php?PHPSESSID={turn.visits}x{n}{abs(hash(turn.path))}">s</a>' for n in range(3))
    turn.writer.write(answer(html(*links), HTML))


@behaviour("facets")
async def _facets(turn: Turn) -> None:
    """Filters that combine without end."""
    start = len(turn.path)
    links = (f'<a href="/list?a={start + n}&b={n}&c={start}&d={n * start}">f</a>' for n in range(40))
    turn.writer.write(answer(html(*links), HTML))


@behaviour("gone-all")
async def _gone_all(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, status="404 Not Found"))


@behaviour("gone-one")
async def _gone_one(turn: Turn) -> None:
    turn.writer.write(answer(PAGE, HTML) if turn.path == "/" else answer(b"", HTML, status="404 Not Found"))


@behaviour("gone-in-trouble")
async def _gone_in_trouble(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, status="500 Oops" if turn.path == "/" else "404 Not Found"))


# What follows is for the browser; each page carries a claim, so that it is to be photographed
CLAIM = "<p>包治百病</p>"
says("spins", answer(html(f"{CLAIM}<script>onload = () => {{ for (;;) {{}} }}</script>"), HTML))
says("alerts", answer(html(f"{CLAIM}<script>for (let n = 0; n < 200; n++) alert(n)</script>"), HTML))
says("popups", answer(html(f"{CLAIM}<script>for (let n = 0; n < 20; n++) open('/p' + n)</script>"), HTML))
says("prints", answer(html(f"{CLAIM}<script>print(); confirm('x'); prompt('y')</script>"), HTML))
says("shuts-itself", answer(html(f"{CLAIM}<script>onload = () => window.close()</script>"), HTML))
says("towers", answer(html(f'{CLAIM}<div style="height:900000px">x</div>'), HTML))
says("keeps-asking", answer(html(f"{CLAIM}<script>setInterval(() => fetch('/x' + Math.random()), 5)</script>"), HTML))
says(
    "frames",
    answer(html(f'{CLAIM}<iframe src="/" width="300"></iframe><iframe src="file:///etc/passwd"></iframe>'), HTML),
)
says("downloads", answer(html(f'{CLAIM}<a id="d" href="/a.exe" download>x</a><script>d.click()</script>'), HTML))
says(
    "grows",
    answer(html(f"{CLAIM}<script>setInterval(() => document.body.append('包'.repeat(9999)), 20)</script>"), HTML),
)
says("to-other-schemes", answer(html(f"{CLAIM}<script>location = 'tel:00012345678'</script>"), HTML))

says(
    "folds",
    answer(
        html(
            "<div id=d>展开全文</div><script>d.onclick = () => { d.outerHTML = '<p>包治' + '百病</p>' + '余下。'.repeat(30) }</script>"
        ),
        HTML,
    ),
)
says("breaks-tools", answer(html(f"{CLAIM}<script>window.Map = null; Array.prototype.slice = 1</script>"), HTML))
