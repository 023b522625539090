"""Answers that are broken on the wire, or whose bodies are not what they are said to be."""

import asyncio
import gzip
import zlib

import brotli

from tests.crawler_runtime.rough_core import HTML, PAGE, Turn, answer, behaviour, html, says

says("good", answer(PAGE, HTML))
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
