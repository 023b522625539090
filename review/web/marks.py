"""Captured text made harmless and honest to look at: escaped, and with a visible mark for each character that is none."""

import re
import unicodedata

from markupsafe import Markup, escape

_NAMED: dict[int, tuple[str, str]] = {
    0x00AD: ("SHY", "软连字符"),
    0x034F: ("CGJ", "组合连接符"),
    0x061C: ("ALM", "阿拉伯方向标记"),
    0x180E: ("MVS", "蒙古文分隔符"),
    0x200B: ("ZWSP", "零宽空格"),
    0x200C: ("ZWNJ", "零宽不连字"),
    0x200D: ("ZWJ", "零宽连字"),
    0x200E: ("LRM", "左至右标记"),
    0x200F: ("RLM", "右至左标记"),
    0x2028: ("LS", "行分隔符"),
    0x2029: ("PS", "段分隔符"),
    0x202A: ("LRE", "左至右嵌入"),
    0x202B: ("RLE", "右至左嵌入"),
    0x202C: ("PDF", "方向结束"),
    0x202D: ("LRO", "强制左至右"),
    0x202E: ("RLO", "强制右至左"),
    0x2060: ("WJ", "零宽不断行"),
    0x2061: ("FA", "不可见函数符"),
    0x2062: ("IT", "不可见乘号"),
    0x2063: ("IS", "不可见分隔符"),
    0x2064: ("IP", "不可见加号"),
    0x2066: ("LRI", "左至右隔离"),
    0x2067: ("RLI", "右至左隔离"),
    0x2068: ("FSI", "自动方向隔离"),
    0x2069: ("PDI", "隔离结束"),
    0x3164: ("HF", "韩文填充符"),
    0xFEFF: ("BOM", "零宽不断空格"),
    0xFFA0: ("HF", "韩文半角填充符"),
    0xFFF9: ("IAA", "注音起始"),
    0xFFFA: ("IAS", "注音分隔"),
    0xFFFB: ("IAT", "注音结束"),
}
#: More marks than this upon one letter are there to cover the lines above and below.
_MAX_COMBINING = 3
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
    r"|(?:[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff"
    r"\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f])"
    f"{{{_MAX_COMBINING + 1},}}"
)


def marked(text: str) -> Markup:
    """The text escaped, each hidden character replaced by a mark that names it."""
    parts: list[str] = []
    last = 0
    for match in _HIDDEN.finditer(text):
        parts += [str(escape(text[last : match.start()])), _mark(match.group())]
        last = match.end()
    parts.append(str(escape(text[last:])))
    return Markup("".join(parts))  # noqa: S704  # every part is escaped


def one_line(text: str, longest: int = 120) -> Markup:
    """A title or the like: line breaks are blanks, and what is longer is cut."""
    flat = " ".join(text.split())
    return marked(flat if len(flat) <= longest else f"{flat[: longest - 1]}…")


def plain(text: str, longest: int = 120) -> str:
    """For where no markup can be, as a page's title: hidden characters are written by number."""
    flat = " ".join(text.split())
    flat = flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
    return _HIDDEN.sub(lambda match: "".join(f"[U+{ord(letter):04X}]" for letter in match.group()[:2]), flat)


def _mark(hidden: str) -> str:
    if len(hidden) > 1:
        return f'<span class="ctl" title="叠加符号 {len(hidden)} 个">◌×{len(hidden)}</span>'
    code = ord(hidden)
    name, meaning = _NAMED.get(code, ("", ""))
    number = f"U+{code:04X}"
    if not name:
        name, meaning = number, "异体选择符" if 0xFE00 <= code <= 0xFE0F else _kind(hidden)
    return f'<span class="ctl" title="{number} {meaning}">{name}</span>'


def _kind(letter: str) -> str:
    return {"Cc": "控制字符", "Cs": "残缺字符", "Cn": "未定义字符"}.get(unicodedata.category(letter), "不可见字符")
