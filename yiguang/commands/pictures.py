"""`yiguang pages pictures`: what was read in the pictures of a page, and where in them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from domain.pictures import PICTURE_FATE_ZH, Box, PagePicture, PictureFate
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings, read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from storage.pages.pictures import ShownPicture

HELP = """\
列出一个网址最近一次取得的图片：读出的文字及其在图中的位置、二维码及其去向、没有读的图片和原因。

\b
例：
  yiguang pages pictures http://www.some-clinic.example/promo.html
  yiguang pages pictures --json http://www.some-clinic.example/promo.html
"""


def add_to(app: typer.Typer) -> None:
    app.command("pictures", help=HELP)(pictures)


def pictures(
    url: Annotated[str, typer.Argument(metavar="URL", help="要查的网址")],
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from yiguang.wiring import load_web_words

    settings = read_settings()
    kinds_zh = {kind.name: kind.zh for kind in load_web_words(settings).code_kinds}
    for shown in find(url, settings):
        typer.echo(json.dumps(_row(shown), ensure_ascii=False) if as_json else in_words(shown.picture, kinds_zh))


def find(url: str, settings: Settings) -> "list[ShownPicture]":
    """Raises UsageError for what is no URL, CommandFailed when no pictures of it are known."""
    from crawler.addresses.urls import frontier_url
    from storage.pages.pictures import pictures_of_url
    from yiguang.home import open_home

    try:
        wanted = frontier_url(url)
    except ValueError:
        raise UsageError(f"不是完整的网址：{printable(url)}") from None
    found = pictures_of_url(open_home(settings), wanted)
    if not found:
        raise CommandFailed(f"没有 {printable(url)} 的图片记录（去向见 yiguang pages why）")
    return found


def _row(shown: "ShownPicture") -> dict[str, object]:
    return {"night_id": shown.night_id, "page_id": shown.page_id, **asdict(shown.picture)}


def in_words(picture: PagePicture, kinds_zh: Mapping[str, str]) -> str:
    """A picture for a person: what became of it, then its lines and codes with the rectangle around each."""
    fate = PICTURE_FATE_ZH[picture.fate] + (f"（{printable(picture.detail)}）" if picture.detail else "")
    if picture.reading is None:
        state = fate if picture.fate is PictureFate.SMALL else f"未读：{fate}"
        return f"{printable(picture.url)}\n  {state}"
    reading = picture.reading
    source = "，文字取自另一张相似的图片" if picture.likeness else ""
    lines = [
        printable(picture.url),
        f"  {reading.width} × {reading.height} 像素，SHA-256 {reading.sha256}{source}",
        *(f"  {rectangle(line.box)}  {printable(line.text)}" for line in reading.lines),
    ]
    for code, kind in zip(reading.codes, picture.code_kinds, strict=True):
        lines.append(f"  {rectangle(code.box)}  二维码（{kinds_zh.get(kind, '其他')}）：{printable(code.payload)}")
    if not reading.lines and not reading.codes:
        lines.append("  没有读出文字")
    return "\n".join(lines)


def rectangle(box: Box) -> str:
    """The rectangle around a box: left, top, right, bottom in pixels."""
    across, down = [x for x, _ in box], [y for _, y in box]
    return f"[{min(across)},{min(down)} – {max(across)},{max(down)}]"
