"""Statuses that say no, not now, or nothing."""

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html, says

says("error-500", answer(b"oops", HTML, status="500 Internal Server Error"))
says("gone-404", answer(b"", HTML, status="404 Not Found"))
says("too-many", answer(b"", HTML, "Retry-After: 1", status="429 Too Many Requests"))


@behaviour("busy-once")
async def _busy_once(turn: Turn) -> None:
    busy = answer(b"", "Retry-After: 1", status="503 Service Unavailable")
    turn.writer.write(busy if turn.visits == 1 else answer(PAGE, HTML))


@behaviour("fails-once")
async def _fails_once(turn: Turn) -> None:
    turn.writer.write(answer(b"", status="502 Bad Gateway") if turn.visits == 1 else answer(PAGE, HTML))


@behaviour("validates")
async def _validates(turn: Turn) -> None:
    """Says that nothing has changed to whoever knows its tag."""
    links = html('<a href="/1.html">1</a>')
    known = 'if-none-match: "v1"' in turn.head.lower()
    turn.writer.write(answer(b"", status="304 Not Modified") if known else answer(links, HTML, 'ETag: "v1"'))


says("not-modified", answer(b"", status="304 Not Modified"))
says("leave-me", answer(b"", HTML, "Retry-After: 86400", status="503 Service Unavailable"))
says("forbids-all", answer(b"", HTML, status="403 Forbidden"))


@behaviour("members-only")
async def _members_only(turn: Turn) -> None:
    links = html("".join(f'<a href="/member/{n}.html">{n}</a>' for n in range(8)) + '<a href="/news/1.html">1</a>')
    refused = answer(b"", HTML, status="403 Forbidden")
    turn.writer.write(refused if turn.path.startswith("/member/") else answer(links, HTML))


@behaviour("gone-home")
async def _gone_home(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, status="404 Not Found") if turn.path == "/" else answer(PAGE, HTML))


says("no-content", answer(b"", status="204 No Content"))
says("partial", answer(PAGE, HTML, status="206 Partial Content"))
says("needs-login", answer(b"<html><body>401</body></html>", HTML, status="401 Unauthorized"))
says("forbidden", answer(b"<html><body>403</body></html>", HTML, status="403 Forbidden"))
says("odd-status", answer(PAGE, HTML, status="799 Strange"))


@behaviour("gone-all")
async def _gone_all(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, status="404 Not Found"))


@behaviour("gone-one")
async def _gone_one(turn: Turn) -> None:
    turn.writer.write(answer(PAGE, HTML) if turn.path == "/" else answer(b"", HTML, status="404 Not Found"))


@behaviour("gone-in-trouble")
async def _gone_in_trouble(turn: Turn) -> None:
    turn.writer.write(answer(b"", HTML, status="500 Oops" if turn.path == "/" else "404 Not Found"))
