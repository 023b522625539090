"""Servers as they are on a bad day. Each behaviour writes raw bytes and leaves closing to the caller."""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache

from examples.web.world import Request

MEGABYTE = 1024 * 1024
BIG_PAGE_BYTES = 50 * MEGABYTE
BOMB_DECODED_BYTES = 256 * MEGABYTE
SLOW_SECONDS = 1.5
DRIP_SECONDS = 0.2

PARAGRAPH = "<p>门诊时间：周一至周日八时至十七时三十分。请按预约时段到院，携带有效身份证件。</p>\n"
PAGE = '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{}</title></head><body><h1>{}</h1>\n'


@dataclass(frozen=True, slots=True)
class Wire:
    """One request and the socket to answer it on. `visit` counts the requests for this URL, this one included."""

    request: Request
    writer: asyncio.StreamWriter
    visit: int
    port: int

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: str, *fields: str) -> None:
        lines = [f"HTTP/1.1 {status}", "Server: nginx", "Connection: close", *fields, "", ""]
        await self.send("\r\n".join(lines).encode("ascii"))

    async def page(self, title: str, text: str) -> None:
        body = page(title, text)
        await self.head("200 OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}")
        await self.send(body)


Behaviour = Callable[[Wire], Awaitable[None]]


def page(title: str, text: str) -> bytes:
    return f"{PAGE.format(title, title)}<p>{text}</p>\n{PARAGRAPH * 3}</body></html>".encode()


async def slow(wire: Wire) -> None:
    await asyncio.sleep(SLOW_SECONDS)
    await wire.page("体检中心开放时间", "服务器应答较慢，但内容完整。体检中心工作日上午开放，请空腹到院。")


async def hang(wire: Wire) -> None:
    """Never answers; ends when the client gives up."""
    while not wire.writer.is_closing():
        await asyncio.sleep(0.1)


async def drip(wire: Wire) -> None:
    """A body without end, a few bytes at a time: no idle timeout ever fires."""
    await wire.head("200 OK", "Content-Type: text/html; charset=utf-8")
    await wire.send(PAGE.format("没有尽头的页面", "没有尽头的页面").encode())
    while not wire.writer.is_closing():
        await wire.send(b"<p>.</p>")
        await asyncio.sleep(DRIP_SECONDS)


async def reset(wire: Wire) -> None:
    """A reset instead of an answer: SO_LINGER 0 makes close() send RST."""
    _linger_zero(wire.writer)
    wire.writer.transport.abort()


async def reset_in_body(wire: Wire) -> None:
    await wire.head("200 OK", "Content-Type: text/html; charset=utf-8", "Content-Length: 4096")
    await wire.send(page("半页", "连接在正文中途被重置")[:300])
    _linger_zero(wire.writer)
    wire.writer.transport.abort()


async def short_body(wire: Wire) -> None:
    """Promises more bytes than it sends."""
    await wire.head("200 OK", "Content-Type: text/html; charset=utf-8", "Content-Length: 90000")
    await wire.send(page("不足的长度", "声明的长度大于实际发送的长度"))


async def server_error(wire: Wire) -> None:
    body = b"<html><head><title>500</title></head><body><h1>500 Internal Server Error</h1></body></html>"
    await wire.head("500 Internal Server Error", "Content-Type: text/html", f"Content-Length: {len(body)}")
    await wire.send(body)


async def busy_once(wire: Wire) -> None:
    """429 with Retry-After at the first visit, content afterwards."""
    if wire.visit == 1:
        await _too_many(wire, "Retry-After: 1")
    else:
        await wire.page("门诊停诊公告", "内科张医生本周三停诊，已预约的患者可在窗口改签，给您带来不便敬请谅解。")


async def busy_always(wire: Wire) -> None:
    await _too_many(wire, "Retry-After: 1")


async def redirect_loop(wire: Wire) -> None:
    target = "/loop-b" if wire.request.path == "/loop-a" else "/loop-a"
    await wire.head("302 Found", f"Location: {target}", "Content-Length: 0")


async def redirect_away(wire: Wire) -> None:
    """A redirect to an address that no public crawler should follow."""
    await wire.head("302 Found", "Location: file:///etc/hostname", "Content-Length: 0")


async def big_page(wire: Wire) -> None:
    """50 MB of lawful text in one page."""
    head, line = PAGE.format("超大页面", "超大页面").encode(), PARAGRAPH.encode()
    count = (BIG_PAGE_BYTES - len(head)) // len(line) + 1
    await wire.head(
        "200 OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(head) + count * len(line)}"
    )
    await wire.send(head)
    block = 500
    for sent in range(0, count, block):
        await wire.send(line * min(block, count - sent))


async def gzip_bomb(wire: Wire) -> None:
    """A quarter of a megabyte that unpacks to 256 MB."""
    body = bomb()
    fields = "Content-Type: text/html; charset=utf-8", "Content-Encoding: gzip", f"Content-Length: {len(body)}"
    await wire.head("200 OK", *fields)
    await wire.send(body)


async def truncated_gzip(wire: Wire) -> None:
    body = gzip.compress(page("压缩流中断", "压缩数据在传输中被截断") * 40, mtime=0)
    body = body[: len(body) * 2 // 3]
    fields = "Content-Type: text/html; charset=utf-8", "Content-Encoding: gzip", f"Content-Length: {len(body)}"
    await wire.head("200 OK", *fields)
    await wire.send(body)


async def empty(wire: Wire) -> None:
    await wire.head("200 OK", "Content-Type: text/html; charset=utf-8", "Content-Length: 0")


async def wrong_charset(wire: Wire) -> None:
    """GBK bytes that header and meta both call UTF-8."""
    text = f"{PAGE}<p>字符集声明与实际编码不符。{PARAGRAPH * 3}</body></html>".format("编码声明有误的页面", "就诊须知")
    body = text.encode("gb18030")
    await wire.head("200 OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}")
    await wire.send(body)


async def calendar(wire: Wire) -> None:
    """A month of an endless calendar: every month links the next, the one before and all its days."""
    year, month = (int(part) for part in wire.request.path.split("/")[2:4])
    ahead, back = f"{year + month // 12}/{month % 12 + 1:02}", f"{year - (month == 1)}/{(month - 2) % 12 + 1:02}"
    days = " ".join(f'<a href="/calendar/{year}/{month:02}/{day:02}/">{day}</a>' for day in range(1, 29))
    body = (
        f'<a href="/">首页</a> <a href="/calendar/{back}/">上月</a> <a href="/calendar/{ahead}/">下月</a><p>{days}</p>'
    )
    await wire.page(f"{year}年{month}月{_day_of(wire.request.path)}健康讲座日历", f"本期暂无安排。{body}")


async def _too_many(wire: Wire, *fields: str) -> None:
    body = "<html><head><title>429</title></head><body>访问过于频繁，请稍后再试。</body></html>".encode()
    head = "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}"
    await wire.head("429 Too Many Requests", *fields, *head)
    await wire.send(body)


def _day_of(path: str) -> str:
    parts = path.strip("/").split("/")
    return f"{int(parts[3])}日" if len(parts) > 3 else ""


def _linger_zero(writer: asyncio.StreamWriter) -> None:

    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@cache
def bomb() -> bytes:
    """A gzip stream of `BOMB_DECODED_BYTES` spaces: one deflated block, closed by a full flush, many times over."""
    block = b" " * MEGABYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    times = BOMB_DECODED_BYTES // MEGABYTE
    crc = 0
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    tail = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush(zlib.Z_FINISH)
    size = BOMB_DECODED_BYTES % 2**32
    return (
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + once * times + tail + crc.to_bytes(4, "little") + size.to_bytes(4, "little")
    )


BEHAVIOURS: dict[str, Behaviour] = {
    "slow": slow,
    "hang": hang,
    "drip": drip,
    "reset": reset,
    "reset-in-body": reset_in_body,
    "short-body": short_body,
    "server-error": server_error,
    "busy-once": busy_once,
    "busy-always": busy_always,
    "redirect-loop": redirect_loop,
    "redirect-away": redirect_away,
    "big-page": big_page,
    "gzip-bomb": gzip_bomb,
    "truncated-gzip": truncated_gzip,
    "empty": empty,
    "wrong-charset": wrong_charset,
    "calendar": calendar,
}
