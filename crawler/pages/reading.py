"""The typed outcome of one response: content, or what stands in its place."""

import re
from dataclasses import replace

from crawler.pages.decode import decode_html
from crawler.pages.extract import read_page
from crawler.pages.feed import is_xml, xml_page
from crawler.pages.json_refusal import json_refusal
from crawler.pages.main_body import Layout
from crawler.pages.notices import notice_on
from crawler.pages.page_parts import page_of
from crawler.pages.script_alert import alert_of, turns_back
from crawler.pages.walked import Walk
from crawler.pages.wechat import has_article, is_wechat
from crawler.pages.wechat_lists import read_list_json
from crawler.pages.wechat_page import wechat_list_page
from crawler.wordings import Wordings
from domain.outcome import Outcome
from domain.page import ExtractedPage, Headers, Reading

_TEXTUAL = re.compile(
    r"^(?:text/(?!css|javascript)|application/(?:\w[\w.-]*\+)?(?:xml|json|xhtml)|application/(?:feed|rdf))"
)
_MAGIC = (
    (b"%PDF-", "PDF 文件"), (b"\x89PNG", "图片"), (b"\xff\xd8\xff", "图片"), (b"GIF8", "图片"), (b"PK\x03\x04", "压缩或 Office 文件"),
    (b"\xd0\xcf\x11\xe0", "Office 文件"), (b"Rar!", "压缩文件"), (b"\x1f\x8b", "压缩文件"), (b"7z\xbc\xaf", "压缩文件"), (b"ID3", "音频"),
    (b"\x1aE\xdf\xa3", "视频"), (b"OggS", "音频"), (b"wOFF", "字体"), (b"wOF2", "字体"), (b"MZ\x90", "程序"),
)  # fmt: skip
#: Control characters that no encoding of text has but UTF-16 and its like, except for a slip or two.
_NEVER_IN_TEXT = bytes({*range(9), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_MAX_STRAY_BYTES = 20
#: Statuses under which firewalls serve their challenges.
_CHALLENGE_STATUSES = frozenset({202, 400, 401, 403, 405, 406, 412, 418, 493, 503, 512, 521, 567})
# <div class="weui-msg weui-msg_warn">, <div class='mesg-block'>
_WECHAT_NOTICE = re.compile(r"class=[\"'](?:[\w\s-]{0,200}\s)?(?:weui-msg(?:__title)?|mesg-block)[\s\"']")
_LOGIN_PATH = re.compile(r"/wappoc_appmsgcaptcha|/antispider/|/sorry/index|/cdn-cgi/challenge")


def read_response(url: str, status: int, headers: Headers, body: bytes, wordings: Wordings) -> Reading:
    """Decide what a response is, and read it when it is content. Never raises.

    `url` is the final address; `body` has its content coding removed. A DOM out of a browser is read with status 200
    and its own bytes in UTF-8.
    """
    if status in (404, 410):
        return Reading(Outcome.HTTP_GONE, f"HTTP {status}")
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "").strip().lower()
    if not 200 <= status < 300:
        return _refused(url, status, content_type, body, wordings)
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return Reading(Outcome.UNKNOWN, f"响应为空（HTTP {status}）")
    if reason := _not_a_page(content_type, body):
        return Reading(Outcome.OUT_OF_SCOPE, reason)
    text, encoding = decode_html(body, content_type)
    if (page := _other_than_html(text, url, encoding, content_type, wordings)) is not None:
        return page
    return _read_html(text, url, encoding, wordings)


def _read_html(text: str, url: str, encoding: str, wordings: Wordings) -> Reading:
    wechat = is_wechat(url, text)
    page = read_page(text, url, encoding, wordings, wechat=wechat)
    if notice := notice_on(page, text, wordings, wechat=wechat):
        return Reading(notice.outcome, notice.detail)
    if message := alert_of(page, text):
        said = replace(page, text=message, body_start=0, body_end=len(message))
        if notice := notice_on(said, text, wordings, wechat=wechat):
            return Reading(notice.outcome, f"{notice.detail}：{message[:60]}")
        if turns_back(text):
            return Reading(Outcome.UNKNOWN, f"页面只弹出提示：{message[:60]}")
    if _LOGIN_PATH.search(url) and not has_article(text):
        return Reading(Outcome.CHALLENGE, "跳转到验证页面")
    if wechat and not has_article(text) and _WECHAT_NOTICE.search(text):
        return Reading(Outcome.UNKNOWN, f"微信提示页：{page.text[:60]}")
    if not page.text and not page.links and not page.images and "<script" not in text.lower():
        return Reading(Outcome.UNKNOWN, "页面没有任何内容")
    return Reading(Outcome.CONTENT, "", page)


def _refused(url: str, status: int, content_type: str, body: bytes, wordings: Wordings) -> Reading:
    said = ""
    if status in _CHALLENGE_STATUSES and body and not _not_a_page(content_type, body):
        text, encoding = decode_html(body, content_type)
        wechat = is_wechat(url, text)
        page = read_page(text, url, encoding, wordings, wechat=wechat)
        notice = notice_on(page, text, wordings, wechat=wechat)
        if notice is not None and notice.outcome is Outcome.CHALLENGE:
            return Reading(Outcome.CHALLENGE, f"{notice.detail}（HTTP {status}）")
        if notice is not None and notice.outcome is Outcome.UNKNOWN:  # who hosts a site says why nobody gets it
            said = f"（{notice.detail}）"
    if status in (401, 407):
        return Reading(Outcome.CHALLENGE, f"需要登录后查看（HTTP {status}）")
    if 300 <= status < 400:
        return Reading(Outcome.HTTP_ERROR, f"HTTP {status}，没有可跟随的地址")
    return Reading(Outcome.HTTP_ERROR, f"HTTP {status}{said}")


def _not_a_page(content_type: str, body: bytes) -> str:
    """Why a response is no page to read; empty when it is one. Servers mislabel both ways, so the bytes have a say."""
    for magic, name in _MAGIC:
        if body.startswith(magic):
            return f"不是网页（{name}）"
    mime = content_type.partition(";")[0].strip()
    starts_as_markup = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    if mime and not _TEXTUAL.match(mime) and not starts_as_markup:
        return f"不是网页（{mime[:60]}）"
    if mime == "image/svg+xml":
        return "不是网页（图片）"
    if (
        body[:2] not in (b"\xff\xfe", b"\xfe\xff")
        and len(head := body[:2000]) - len(head.translate(None, delete=_NEVER_IN_TEXT)) > _MAX_STRAY_BYTES
        and not starts_as_markup
        and (body[1:2] != b"\x00" or body[:2] == b"\x00\x00")
    ):
        return "不是网页（二进制内容）"
    return ""


def _other_than_html(text: str, url: str, encoding: str, content_type: str, wordings: Wordings) -> Reading | None:
    """Feeds, JSON and plain text as content; None for HTML."""
    if "html" not in content_type and is_xml(text):
        return Reading(Outcome.CONTENT, "", xml_page(text, url, encoding, wordings))
    start = text[:200].lstrip("\ufeff \t\r\n")
    if start[:1] == "{" and (listed := read_list_json(text)) is not None:
        if not listed.posts and listed.message and listed.message.lower() != "ok":
            return Reading(Outcome.UNKNOWN, f"微信接口答复：{listed.message[:60]}")
        return Reading(Outcome.CONTENT, "", wechat_list_page(listed, url, encoding, len(text), wordings))
    if start[:1] == "{" and (refusal := json_refusal(text)) is not None:
        return refusal
    is_plain = content_type.startswith("text/plain") or "json" in content_type
    if is_plain and not start.lower().startswith(("<!doctype html", "<html", "<head", "<body")):
        return Reading(Outcome.CONTENT, "", _plain_page(text, url, encoding, wordings))
    return None


def _plain_page(text: str, url: str, encoding: str, wordings: Wordings) -> ExtractedPage:
    lines = [squeezed for line in text.split("\n") if (squeezed := " ".join(line.split()))]
    walk = Walk(lines=lines, link_chars=[0] * len(lines))
    return page_of(walk, Layout(("",) * len(lines), 0, len(lines), 0.0), url, encoding, len(text), wordings)
