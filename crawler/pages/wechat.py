"""Articles and other posts of WeChat's public platform, in their shapes of 2018, 2020 and 2025.

Values stand in script literals (`var ct = "…"`, `window.cgiDataNew = {…}`) more reliably than in the visible page, which
scripts fill. `item_show_type` is 0 for an article, 5 video, 6 and 7 audio, 8 pictures, 10 and 17 a text without article.
"""

import html as entities
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crawler.pages.main_body import Layout
from crawler.pages.page_time import read_time
from crawler.pages.page_walk import walk_html
from crawler.pages.walked import Walk
from crawler.wordings import Wordings

MARKED_IDS = frozenset(
    {"js_article", "js_content", "activity-name", "js_name", "publish_time", "js_text_desc", "js_image_desc"}
)
#: Rows that the platform adds to every article: tags, recommendations, the row of 赞 and 在看.
_NOISE_IDS = frozenset({
    "js_top_ad_area", "js_tags_preview_toast", "content_bottom_area", "js_pc_qr_code", "wx_stream_article_slide_tip",
    "js_tags", "js_pc_close_btn", "js_sponsor_ad_area", "js_bottom_ad_area", "js_toobar3", "article_bottom_bar",
    "js_article_bottom_bar", "meta_content", "js_ip_wording_wrp", "unlogin_bottom_bar", "js_novel_card",
})  # fmt: skip
ALL_MARKED_IDS = MARKED_IDS | _NOISE_IDS
_PAGE_TYPES = {
    "0": "wx-article",
    "5": "wx-video",
    "6": "wx-audio",
    "7": "wx-audio",
    "8": "wx-picture",
    "10": "wx-text",
    "17": "wx-text",
}
# = "" || "MzA4…" ;  = htmlDecode("…") ;  = '…'.html(false)
_LITERAL = re.compile(
    r"""[\s|(]{0,40}(?:htmlDecode\s?\(\s?)?(?:'((?:[^'\\\n]|\\.){0,4000})'|"((?:[^"\\\n]|\\.){0,4000})")"""
)
# var ct = 1709605200, window.ct = "1709605200", ori_create_time: "1709605200"
_EPOCH = re.compile(
    r"\b(?:ct|ori_?create_?time|create_?time|publish_?time)[\"']?\s{0,4}[=:]\s{0,4}(?:JsDecode\()?[\"']?(1[0-9]{9})(?![0-9])",
    re.IGNORECASE | re.ASCII,
)
_VAR = "var "
_VARIABLES = frozenset({
    "item_show_type", "ct", "oriCreateTime", "createTime", "publish_time", "biz", "mid", "idx", "sn", "user_name",
    "msg_source_url", "msg_title", "nickname", "author", "msg_desc",
    "ori_head_img_url", "round_head_img",
})  # fmt: skip
_NAME_CHARS = 40
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
_DECODED = r"{name}(?<!\w{name})\s{{0,4}}:\s{{0,4}}(?:JsDecode\()?'((?:[^'\\]|\\.)*)'"
# { cdn_url: JsDecode('https://…\x26amp;from=appmsg'), width: '1201' * 1, — the share cover has no width behind it
_PICTURE = re.compile(r"\{\s{0,80}cdn_url\s{0,4}:\s{0,4}(?:JsDecode\()?'((?:[^'\\]|\\.){1,1000})'\)?,\s{0,80}width")
_CGI_DATA = "window.cgiDataNew"


@dataclass(frozen=True, slots=True)
class WechatPost:
    """What the scripts of a post say of it; empty where they are silent. `ids` has biz, mid, idx, sn, user_name.
    `account_picture` is the address of the account's own picture."""

    page_type: str
    title: str
    account: str
    author: str
    published_at: datetime | None
    description: str
    own_text: str
    pictures: tuple[str, ...]
    ids: dict[str, str]
    account_picture: str = ""


def is_wechat(url: str, html: str) -> bool:
    """Whether a page is of the public platform: by its host, or for a copy elsewhere by the frame of its articles."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    if host.endswith(".weixin.qq.com") or host.startswith("mp.weixin."):
        return True
    return 'id="js_article"' in html and "rich_media" in html


def has_article(html: str) -> bool:
    """An article may quote any notice; the frame of an article is never around one."""
    return 'id="js_article"' in html or 'id="js_content"' in html or 'id="img-content"' in html


def read_post(html: str, scripts: Iterable[str]) -> WechatPost:
    """Read the script literals of a post. Of several literals in one statement the first non-empty one counts.

    Variables are looked for in `scripts`, the inline scripts of the page without its libraries.
    """
    variables = _variables("\n".join(scripts))
    data = _cgi_data(html)
    shown = variables["item_show_type"] or _cgi(data, "item_show_type") or "0"
    times = (
        variables["ct"],
        variables["oriCreateTime"],
        _cgi(data, "ori_create_time"),
        _cgi(data, "create_time"),
        variables["createTime"],
        variables["publish_time"],
    )
    ids = {
        name: variables[name] or _cgi(data, key)
        for name, key in (("biz", "bizuin"), ("mid", "mid"), ("idx", "idx"), ("sn", "sn"), ("user_name", "user_name"))
    }
    source = variables["msg_source_url"] or _cgi(data, "source_url")
    page_type = _PAGE_TYPES.get(shown, "wx-article")
    own = "" if page_type == "wx-article" else _own_text(data)
    return WechatPost(
        page_type=page_type,
        title=variables["msg_title"] or _cgi(data, "title"),
        account=variables["nickname"] or _cgi(data, "nick_name"),
        author=variables["author"] or _cgi(data, "author"),
        published_at=next((time for value in times if value and (time := read_time(value))), None) or _epoch(scripts),
        description=variables["msg_desc"] or _cgi(data, "desc"),
        own_text=own,
        pictures=tuple(dict.fromkeys(_plain(url) for url in _PICTURE.findall(data)))
        if own or page_type != "wx-article"
        else (),
        ids={name: value for name, value in {**ids, "source_url": source}.items() if value},
        account_picture=variables["ori_head_img_url"] or variables["round_head_img"] or _cgi(data, "round_head_img"),
    )


def _epoch(scripts: Iterable[str]) -> datetime | None:
    """The time of a post whose scripts give it as a number, or set it otherwise than by `var`."""
    match = next((match for script in scripts if (match := _EPOCH.search(script))), None)
    return read_time(match[1]) if match else None


def body_of_script(html: str, wordings: Wordings) -> Walk | None:
    """The walk over the copy of the body in the page's data, for a page whose visible body is empty."""
    data = _cgi_data(html)
    match = re.search(_DECODED.format(name="content_noencode"), data)
    if match is None or not match[1]:
        return None
    return walk_html(_unescaped(match[1]), wordings)


def lay_out_post(walk: Walk, post: WechatPost) -> Layout:
    """The body is `js_content`; the rows that the platform adds are aside. Posts of one text are all body."""
    regions = [""] * len(walk.lines)
    body, frame = (0, len(walk.lines)), (0, len(walk.lines))
    for block in walk.blocks:
        end = min(block.end_line, len(walk.lines))
        if block.element_id in _NOISE_IDS:
            regions[block.first_line : end] = ["aside"] * (end - block.first_line)
        elif block.element_id == "js_content":
            body = (block.first_line, end)
        elif block.element_id == "js_article":
            frame = (block.first_line, end)
    if body == (0, len(walk.lines)):
        body = frame
    for row in range(*body):
        regions[row] = ""
    title = post.title
    for row in range(len(walk.lines)):
        if not frame[0] <= row < frame[1] and not body[0] <= row < body[1] and walk.lines[row] != title:
            regions[row] = regions[row] or "aside"
    return Layout(tuple(regions), body[0], body[1], float(sum(map(len, walk.lines[body[0] : body[1]]))))


def _variables(script: str) -> defaultdict[str, str]:
    """The first non-empty literal of each `var name = "" || "…";` of `_VARIABLES`."""
    found: defaultdict[str, str] = defaultdict(str)
    place = 0
    for number, part in enumerate(script.split(_VAR)):
        name, is_set, _ = part[:_NAME_CHARS].partition(" =")
        if is_set and number and name in _VARIABLES and not found[name]:
            found[name] = _first_literal(script, place + len(name) + len(is_set))
        place += len(part) + len(_VAR)
    return found


def _first_literal(script: str, place: int) -> str:
    while literal := _LITERAL.match(script, place):
        if value := _plain(literal[1] or literal[2] or ""):
            return value
        place = literal.end()
    return ""


def _cgi_data(html: str) -> str:
    start = html.find(_CGI_DATA)
    return html[start : html.find("</script>", start)] if start >= 0 else ""


def _cgi(data: str, name: str) -> str:
    match = re.search(_DECODED.format(name=name), data) if data else None
    return _plain(match[1]) if match else ""


def _own_text(data: str) -> str:
    match = re.search(_DECODED.format(name="content_noencode"), data)
    raw = _unescaped(match[1]) if match else ""
    text = entities.unescape(re.sub(r"<br\s*/?>|</p>", "\n", raw))
    return re.sub(r"<[^>]{1,500}>", "", text).strip() or _cgi(data, "desc")


def _plain(literal: str) -> str:
    """A script literal as read: escapes resolved, then HTML entities (twice escaped ones too)."""
    text = _unescaped(literal) if "\\" in literal else literal
    return entities.unescape(entities.unescape(text)).strip() if "&" in text else text.strip()


def _unescaped(literal: str) -> str:
    def character(match: re.Match[str]) -> str:
        if code := match[1] or match[2]:
            return chr(int(code, 16))
        return _CONTROL.get(match[3], match[3])

    text = _ESCAPE.sub(character, literal)
    if "\\ud" in literal or "\\uD" in literal:  # halves of a character outside the basic plane, as emoji are
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
