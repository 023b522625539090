"""Answers whose fields are meant to trip their reader up: waits without end, labels of no charset, lengths that disagree."""

import asyncio
import gzip

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html, says

says("early-hints", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + answer(PAGE, HTML))
says("switches-protocols", answer(b"", "Upgrade: websocket", "Connection: Upgrade", status="101 Switching Protocols"))
says("waits-for-ever", answer(b"", HTML, f"Retry-After: {'9' * 400}", status="503 Service Unavailable"))
says(
    "waits-past-time", answer(b"", HTML, "Retry-After: Fri, 31 Dec 9999 23:59:59 -2359", status="429 Too Many Requests")
)
says(
    "waits-till-no-day",
    answer(b"", HTML, f"Retry-After: Wed, {'9' * 20} Jan 2027 00:00:00 GMT", status="503 Service Unavailable"),
)
says("waits-in-words", answer(b"", HTML, "Retry-After: \xb2 minutes", status="503 Service Unavailable"))
says("length-and-chunks", answer(PAGE, HTML, "Transfer-Encoding: chunked"))
says("codec-of-no-text", answer(PAGE, "Content-Type: text/html; charset=zlib_codec"))
says("codec-of-names", answer(PAGE, "Content-Type: text/html; charset=punycode"))
says("codec-unheard-of", answer(PAGE, 'Content-Type: text/html; charset="\xff\xfe"'))
says("zip-as-html", answer(b"PK\x03\x04" + bytes(range(256)) * 4, HTML))
says("gzip-of-nothing", answer(b"", HTML, "Content-Encoding: gzip"))
says("gzip-and-more", answer(gzip.compress(PAGE) + b"<!-- cached -->", HTML, "Content-Encoding: gzip"))
says("comment-without-end", answer(html("<p>门诊介绍</p><!-- ") + b"x" * 20_000, HTML))
says("script-without-end", answer(b"<html><body><script>" + b"x = '<p>';" * 2_000, HTML))
says("head-alone", answer(b"<html><head></head></html>", HTML))
says("for-legal-reasons", answer(b"", HTML, status="451 Unavailable For Legal Reasons"))
says("many-choices", answer(b"", "Location: /1", status="300 Multiple Choices"))
says("to-mapped-metadata", answer(b"", "Location: http://[::ffff:169.254.169.254]/", status="302 Found"))
says("to-number", answer(b"", "Location: http://2852039166/", status="302 Found"))
says("to-bytes", answer(b"", "Location: http://\xd2\xbd\xd4\xba.\xff/", status="302 Found"))


@behaviour("stays-silent")
async def _stays_silent(turn: Turn) -> None:
    """Says less than it declared, and keeps the connection."""
    turn.writer.write(answer(PAGE, HTML, length=len(PAGE) + 1000))
    await turn.writer.drain()
    await asyncio.sleep(60)


@behaviour("bad-cookies")
async def _bad_cookies(turn: Turn) -> None:
    cookies = [f"Set-Cookie: {field}" for field in (";;;", "=", "=x", "a\tb=\xff", "a=" + "b" * 3_000)]
    home = turn.path == "/home"
    turn.writer.write(answer(PAGE, HTML) if home else answer(b"", "Location: /home", *cookies, status="302 Found"))


@behaviour("robots-of-no-number")
async def _robots_of_no_number(turn: Turn) -> None:
    robots = b"User-agent: *\nCrawl-delay: nan\nRequest-rate: 1/0s\nDisallow: /%zz*$*$\nSitemap: http://[::1/\n"
    turn.writer.write(answer(robots, "Content-Type: text/plain") if turn.path == "/robots.txt" else answer(PAGE, HTML))
