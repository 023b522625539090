"""Help pages in Chinese. The library writes their frame in English, counts a Chinese character as one column, and breaks
and shortens text at blanks, of which Chinese has none."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

from typer._click import Context, HelpFormatter  # the library's copy of click; it has no public name for them

from yiguang.told_numbers import GREATEST_NUMBER

USAGE = "用法："
_HEADINGS = {"Arguments": "参数", "Options": "选项", "Commands": "命令"}
_PLACES = {"[OPTIONS]": "[选项]", "COMMAND": "命令", "[ARGS]...": "[参数]..."}
_TYPES = {"str": "文字", "int": "整数", "int range": "整数", "float": "数", "float range": "数", "path": "路径"}
_OF_HELP = "Show this message and exit."
#: More than any page has: what is said of a command is broken into lines here, not cut off there.
_ENDLESS = 10_000
_MARKS = "（《「【，。；：、！？）》」】"
#: What may not begin or end a line goes with what stands before or after it.
_PIECE = re.compile(r"\s+|[（“《〔「【]*(?:[!-~]+|.)[，。；：、！？）”》〕」】…]*")


class ChinesePages(HelpFormatter):
    """Lines of as many columns as the terminal has, 100 at most."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        super().__init__(indent_increment, width, max_width or 100)
        self.columns, self.width = self.width, _ENDLESS

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        head = f"{USAGE if prefix is None else prefix}{prog} "
        pieces = " ".join(_place(piece) for piece in args.split(" "))
        self._write_lines(head, " " * _columns(head), pieces)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{_HEADINGS.get(heading, heading)}：\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = [part for part in re.split(r"\n{2,}", text.expandtabs()) if part.strip()]
        for number, paragraph in enumerate(paragraphs):
            if number:
                self.write("\n")
            if paragraph.startswith("\b"):  # examples, which stay as they are
                self.write("".join(f"{indent}{line}\n" for line in paragraph.splitlines()[1:]))
            else:
                self._write_lines(indent, indent, _run_on(paragraph))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        told = [(_typed(first), _marked(second)) for first, second in rows]
        wide = min(max((_columns(first) for first, _ in told), default=0), col_max) + col_spacing
        indent = " " * (self.current_indent + wide)
        for first, second in told:
            head = f"{'':>{self.current_indent}}{first}"
            if second and _columns(first) > col_max:
                self.write(f"{head}\n")
                head = ""
            self._write_lines(head + " " * (len(indent) - _columns(head)), indent, second)

    def _write_lines(self, first: str, rest: str, text: str) -> None:
        lines = _wrapped(text, max(self.columns - _columns(rest), 20))
        self.write("".join(f"{rest if number else first}{line}".rstrip() + "\n" for number, line in enumerate(lines)))


def choices(words: Mapping[Any, str]) -> str:
    """What each of the values that may be typed means."""
    return "；".join(f"{value} {chinese}" for value, chinese in words.items())


def use_chinese() -> None:
    """Every help page from now on."""
    Context.formatter_class = ChinesePages


def _place(piece: str) -> str:
    """A part of the usage; what must be given stands there without the braces that the library puts around it."""
    return _PLACES.get(piece, re.sub(r"^\{(.+)\}", r"\1", piece))


def _typed(name: str) -> str:
    """`CASE <int range>` as `CASE <整数>`."""
    inner = re.sub(r"<list\[(.+)\]>$", r"<\1>", name)
    return re.sub(r"<([\w ]+)>$", lambda found: f"<{_TYPES.get(found[1].lower(), found[1])}>", inner)


def _marked(text: str) -> str:
    """What is said of an option, with the marks at its end."""
    if text == _OF_HELP:
        return "显示这一页"
    if not (found := re.fullmatch(r"(.*?)(?:^|  )\[([^\[\]]+)\]", text, re.DOTALL)):
        return _run_on(text)
    marks = "；".join(mark for part in found[2].split("; ") if (mark := _mark(part)))
    return f"{_run_on(found[1])}（{marks}）" if marks else _run_on(found[1])


def _mark(part: str) -> str:
    if part == "required":
        return "必填"
    if part.startswith("default: "):
        return f"默认 {part.removeprefix('default: ')}"
    if found := re.fullmatch(r"(\d+)<=x<=(\d+)", part):
        # The greatest number that the database knows is nobody's limit.
        return "" if int(found[2]) == GREATEST_NUMBER else f"{found[1]} 至 {found[2]}"
    if found := re.fullmatch(r"x>=(\d+)", part):
        return f"不小于 {found[1]}"
    return part


def _run_on(text: str) -> str:
    """Lines of a paragraph as one; no blank between two Chinese characters, or beside a mark that is as wide as one."""
    return re.sub(r"(.)\s+(?=(.))", lambda found: found[1] + _blank(found[1], found[2]), text.strip())


def _blank(before: str, after: str) -> str:
    joined = _columns(before) + _columns(after) == 4 or before in _MARKS or after in _MARKS
    return "" if joined else " "


def _wrapped(text: str, columns: int) -> list[str]:
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1].strip() and _columns((lines[-1] + piece).rstrip()) > columns:
            lines.append("")
        lines[-1] += piece if lines[-1] or piece.strip() else ""
    return lines


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in text)
