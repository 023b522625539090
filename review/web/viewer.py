"""Captured pages to look at, at an origin of their own: no log-in is known here, and nothing that is shown can run or ask for anything.

A link from the desk names a bundle and is good for minutes. The page as a browser had it stands in a frame that takes no
script, no click and no key; other files of the bundle are handed out as files.
"""

import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from markupsafe import escape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from review.shots import EvidenceUnreadable
from review.web.headers import SafeHeaders
from review.web.pictures import encode
from review.web.settings import WebSettings
from review.web.viewer_links import link_holds
from storage.evidence.package import DOM, FINDINGS, LOOK, MANIFEST, PROVENANCE, SCREENSHOT, TEXT, WARC

_BUNDLE = re.compile(r"evidence/[0-9A-Za-z-]{1,32}/([0-9a-f]{64})\.wacz")
_MAX_BYTES = 64 << 20
#: Elements that would fetch, move or run something; renamed, they are boxes that mean nothing.
_ACTIVE = re.compile(
    r"<(/?)(?=(?:script|link|meta|base|iframe|frame|frameset|object|embed|applet|portal|fencedframe|form|video|audio|source|track)\b)",
    re.IGNORECASE,
)
_ADDRESSES = re.compile(
    r"\b(href|src|srcset|action|formaction|ping|poster|background|data|cite|manifest|longdesc|usemap)(\s*=)",
    re.IGNORECASE,
)
_INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
_FRAME = "default-src 'none'; frame-src 'self'; img-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_CLAIMS = (("仍在", "left"), ("不再出现", "dropped"), ("新出现", "added"))
_PARTS: dict[str, tuple[str, str]] = {
    "text": (TEXT, "页面文字.txt"),
    "findings": (FINDINGS, "判定与提取.json"),
    "look": (LOOK, "复测记录.json"),
    "provenance": (PROVENANCE, "取证记录.json"),
    "manifest": (MANIFEST, "清单.json"),
    "warc": (WARC, "原始响应.warc.gz"),
    "bundle": ("", "证据包.wacz"),
}


def viewer_app(folder: Path, settings: WebSettings, clock: Callable[[], datetime]) -> ASGIApp:
    """The viewer over one data folder; only links signed with `settings.viewer_key` open anything."""
    viewer = _Viewer(folder, settings, clock)
    app = Starlette(
        routes=[
            Route("/", viewer.index),
            Route("/page", viewer.page),
            Route("/shot.jpg", viewer.shot),
            Route("/part/{part}", viewer.part),
            Route("/viewer.css", viewer.style),
        ],
        exception_handlers={HTTPException: _nothing_there},
    )
    return SafeHeaders(app, settings.https)


class _Refused(Exception):
    """The link opens nothing; the message is Chinese."""


class _Viewer:
    def __init__(self, folder: Path, settings: WebSettings, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock

    async def index(self, request: Request) -> Response:
        return await self._answer(request, self._index)

    async def page(self, request: Request) -> Response:
        return await self._answer(request, self._page)

    async def shot(self, request: Request) -> Response:
        return await self._answer(request, self._shot)

    async def part(self, request: Request) -> Response:
        return await self._answer(request, self._part)

    async def style(self, request: Request) -> Response:  # noqa: ARG002  # as Starlette calls it
        return Response(_STYLE, media_type="text/css")

    async def _answer(self, request: Request, handler: Callable[[Request, str], Response]) -> Response:
        try:
            return await run_in_threadpool(handler, request, self._bundle(request))
        except _Refused as refused:
            return _plain(HTTPStatus.FORBIDDEN, str(refused))
        except EvidenceUnreadable as fault:
            return _plain(HTTPStatus.NOT_FOUND, str(fault))

    def _bundle(self, request: Request) -> str:
        """The bundle that the link is for. Raises _Refused."""
        query = request.query_params
        bundle, until, sign = query.get("bundle", ""), query.get("until", ""), query.get("sign", "")
        if not (until.isascii() and until.isdigit() and len(until) < 12) or not _BUNDLE.fullmatch(bundle):
            raise _Refused("链接不正确")
        if not link_holds(self._settings.viewer_key, bundle, int(until), sign, self._clock()):
            raise _Refused("链接已过期或不正确，请从审核台重新打开")
        return bundle

    def _index(self, request: Request, bundle: str) -> Response:
        query = escape(urlencode(request.query_params.multi_items()))
        is_look = self._has(bundle, LOOK)
        left_out = "findings" if is_look else "look"
        files = "".join(
            f'<a href="/part/{part}?{query}" download>{label}</a>'
            for part, (_, label) in _PARTS.items()
            if part != left_out
        )
        title = escape(bundle.rpartition("/")[2])
        head = (
            f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>证据查看 · 医广哨兵</title>'
            f'<link rel="stylesheet" href="/viewer.css"><header><b>证据查看（隔离）</b><code>{title}</code>'
            f"<nav>{files}</nav></header>"
        )
        if is_look:
            return HTMLResponse(head + self._look(bundle), headers={"content-security-policy": _FRAME})
        markup = (
            f"{head}<p>左为取证时的截图，右为当时的页面结构：不运行脚本，不访问网络，不能点击。</p>"
            f'<main><section><img alt="取证时的截图" src="/shot.jpg?{query}"></section>'
            f'<section><iframe title="当时的页面" sandbox inert src="/page?{query}"></iframe></section></main></html>'
        )
        return HTMLResponse(markup, headers={"content-security-policy": _FRAME})

    def _look(self, bundle: str) -> str:
        """What a look found, as text: there is no page that a browser showed."""
        said = json.loads(self._member(bundle, LOOK))
        claims = said["claims"]
        status = "没有收到应答" if said["http_status"] is None else f"HTTP {said['http_status']}"
        rows = [
            ("结果", f"{said['grade_zh']}{'；曾下线或改正，现又出现' if said['reappeared'] else ''}"),
            ("所见", f"{said['outcome_zh']}，{status}"),
            ("说明", said["detail"]),
            ("网址", said["url"]),
            ("时间", f"{said['looked_at']['beijing']}，移送后第 {said['days']} 日，第 {said['number']} 次"),
            *((title, row["quote"]) for title, name in _CLAIMS for row in claims[name]),
            *(("同一内容另见", url) for url in said["copies"]),
        ]
        listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows if text)
        text = escape(self._member(bundle, TEXT).decode("utf-8", "replace"))
        body = f"<h2>当时的正文</h2><pre>{text}</pre>" if text else ""
        shot = said["shot_bundle_sha256"]
        where = f"截图在同一次访问的另一份证据包中（{escape(shot)}）" if shot else "没有截图"
        return f"<p>这是移送后的一次复测，{where}；收到的应答原样在 WARC 中。</p><dl>{listed}</dl>{body}</html>"

    def _has(self, bundle: str, name: str) -> bool:
        try:
            with zipfile.ZipFile(self._folder / bundle) as archive:
                return name in archive.namelist()
        except (OSError, zipfile.BadZipFile) as fault:
            raise EvidenceUnreadable("证据包无法读取") from fault

    def _page(self, request: Request, bundle: str) -> Response:
        """Only for the frame: opened alone, its links could be followed."""
        if request.headers.get("sec-fetch-dest", "iframe") != "iframe":
            raise _Refused("只在查看页中显示")
        body = harmless(self._member(bundle, DOM).decode("utf-8", "replace"))
        headers = {
            "content-security-policy": _INERT,
            "x-frame-options": "SAMEORIGIN",
            "x-dns-prefetch-control": "off",
        }
        return HTMLResponse(body, headers=headers)

    def _shot(self, request: Request, bundle: str) -> Response:  # noqa: ARG002  # as all handlers
        return Response(encode(self._member(bundle, SCREENSHOT)).jpeg, media_type="image/jpeg")

    def _part(self, request: Request, bundle: str) -> Response:
        """A file to keep, never to open here. Its name is ours: nothing captured gets into a header."""
        part = str(request.path_params["part"])
        if part not in _PARTS:
            raise _Refused("没有这个文件")
        member, _ = _PARTS[part]
        digest = bundle.rpartition("/")[2].removesuffix(".wacz")
        suffix = Path(member).suffix if member else ".wacz"
        body = self._member(bundle, member) if member else self._whole(bundle)
        headers = {
            "content-disposition": f'attachment; filename="{digest[:16]}-{part}{suffix}"',
            "content-security-policy": "sandbox; default-src 'none'",
        }
        return Response(body, media_type="application/octet-stream", headers=headers)

    def _member(self, bundle: str, name: str) -> bytes:
        try:
            with zipfile.ZipFile(self._folder / bundle) as archive:
                if archive.getinfo(name).file_size > _MAX_BYTES:
                    raise EvidenceUnreadable("文件过大，请取出证据包查看")
                return archive.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as fault:
            raise EvidenceUnreadable("证据包无法读取") from fault

    def _whole(self, bundle: str) -> bytes:
        try:
            return (self._folder / bundle).read_bytes()
        except OSError as fault:
            raise EvidenceUnreadable("证据包无法读取") from fault


def harmless(markup: str) -> str:
    """The markup with nothing left that runs, fetches or leads anywhere. The policy and the frame forbid all that too."""
    return _ADDRESSES.sub(r"data-was-\1\2", _ACTIVE.sub(r"<\1x-", markup))


def _nothing_there(request: Request, fault: Exception) -> Response:  # noqa: ARG001  # as Starlette calls it
    """From here nothing leads back: the desk is another origin, and is not known here."""
    status, headers = HTTPStatus.NOT_FOUND, {}
    if isinstance(fault, HTTPException):
        status, headers = HTTPStatus(fault.status_code), dict(fault.headers or {})
    said = "没有这个地址" if status is HTTPStatus.NOT_FOUND else "此地址不接受这种请求"
    response = _plain(status, f"{said}，请从审核台重新打开")
    response.headers.update(headers)
    return response


def _plain(status: HTTPStatus, message: str) -> Response:
    return Response(message, status, media_type="text/plain; charset=utf-8")


_STYLE = """
:root { color-scheme: light dark; font: 14px/1.6 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
body { margin: 0; } header { display: flex; gap: 16px; align-items: center; padding: 10px 16px; border-bottom: 1px solid #8884; flex-wrap: wrap; }
header code { font-size: 12px; opacity: .7; overflow-wrap: anywhere; } nav { display: flex; gap: 12px; margin-left: auto; flex-wrap: wrap; }
p { margin: 8px 16px; opacity: .75; font-size: 13px; } main { display: grid; grid-template-columns: 1fr 1fr; gap: 1px; }
section { min-width: 0; } img { width: 100%; display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 8px 16px; } dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 14px; margin: 16px 16px 4px; } pre { margin: 8px 16px; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
iframe { width: 100%; height: 6000px; border: 0; pointer-events: none; background: #fff; color-scheme: light; }
"""
