"""`yiguang registry logos`: the signs of well-known hospitals, as the user had them from their owners."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.system_words import file_fault
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.told_time import told_day_or_today

if TYPE_CHECKING:
    from crawler.pictures.ocr import PictureOcr
    from domain.site_logos import OfficialLogo

HELP = """\
导入权利人的官方标志（一个文件夹里的图片，文件名为权利人名称，可加序号，如 青屿中心医院.png、青屿中心医院-2.jpg），
以后采集时与各网站的站标、公众号头像比对；不给文件夹时列出已有的标志。

只保存比对所需的特征，不保存图片。同一来源再次导入时，以这一次为准；有文件读不出的权利人，原有标志保留。站标相似只是旁证：名称也相似时加重“傍名牌”线索，
单独出现时只写待核；医院标志多为圆环、十字、蛇杖，相似不等于仿冒。

\b
例：
  yiguang registry logos 官方标志/ --source 各院官网 --as-of 2026-11-01
  yiguang registry logos
  yiguang registry logos --forget 各院官网
"""
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
_NUMBER = re.compile(r"[-_ ]?\d+$")
_MOST_BYTES = 20_000_000
_PICTURE_SECONDS, _WHOLE_SECONDS, _MEMORY_BYTES = 45.0, 3600.0, 3_000_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is no sign; `reason` is Chinese. `owner` is empty when the name does not say it."""

    name: str
    owner: str
    reason: str


def add_to(app: typer.Typer) -> None:
    app.command("logos", help=HELP)(logos)


def logos(
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="图片所在的文件夹")] = None,
    source: Annotated[str, typer.Option("--source", help="来源，默认为文件夹名")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="取得标志的日期，默认为今天")] = "",
    forget: Annotated[str, typer.Option("--forget", metavar="SOURCE", help="删除一个来源的全部标志")] = "",
) -> None:
    from storage.operators.logos import forget_logos, import_logos, official_logos
    from yiguang.home import open_home, utc_now
    from yiguang.lexicon_books import load_brand_book

    settings = read_settings()
    if forget and folder is not None:
        raise UsageError("--forget 与文件夹不能同时给出")
    if folder is None and (source or as_of):
        raise UsageError("--source、--as-of 用于导入：请给出图片所在的文件夹")
    if folder is None:
        engine = open_home(settings)
        if forget:
            if not (count := forget_logos(engine, forget)):
                raise CommandFailed(f"没有来源为“{forget}”的标志")
            typer.echo(f"已删除 {count} 个标志")
        else:
            _list(official_logos(engine))
        return
    day = told_day_or_today(as_of, "--as-of", utc_now())
    if not folder.is_dir():
        raise UsageError(f"找不到文件夹：{folder}")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _PICTURES and file.is_file())
    if not files:
        raise UsageError(f"{folder} 中没有图片（{'、'.join(sorted(_PICTURES))}）")
    engine = open_home(settings)
    name = source or folder.resolve().name
    read = asyncio.run(_read_all(files, name, day))
    good = [logo for logo in read if not isinstance(logo, Refused)]
    refused = [item for item in read if isinstance(item, Refused)]
    counts = import_logos(engine, good, name, {item.owner for item in refused})
    typer.echo(f"新增 {counts.new}，已有 {counts.known}" + (f"，不再有 {counts.gone}，已删除" if counts.gone else ""))
    known = {known for brand in load_brand_book(settings.lexicons).brands for known in brand.names}
    if strangers := sorted({logo.owner for logo in good} - known):
        typer.echo(f"不在权利人表（lexicons/brands.csv）中，站标相似时只写待核：{'、'.join(strangers)}", err=True)
    for item in refused:
        typer.echo(f"{item.name}：{item.reason}", err=True)
    if refused:
        raise CommandFailed(f"{len(refused)} 个文件不能用作标志，未导入")


async def _read_all(files: Sequence[Path], source: str, day: date) -> list["OfficialLogo | Refused"]:
    """In a process of its own, as all pictures are read."""
    from crawler.pictures.ocr import OcrLimits, PictureOcr

    reader = PictureOcr(OcrLimits(_WHOLE_SECONDS, _PICTURE_SECONDS, _MEMORY_BYTES))
    try:
        return [await _read(reader, file, source, day) for file in files]
    finally:
        await reader.close()


async def _read(reader: "PictureOcr", file: Path, source: str, day: date) -> "OfficialLogo | Refused":
    from domain.pictures import PICTURE_FATE_ZH, PictureFate
    from domain.site_logos import OfficialLogo

    owner = _NUMBER.sub("", file.stem).strip()
    if not owner:
        return Refused(file.name, "", "文件名不含权利人名称")
    try:
        if file.stat().st_size > _MOST_BYTES:
            return Refused(file.name, owner, f"超过 {_MOST_BYTES // 1_000_000} MB")
        body = file.read_bytes()
    except OSError as fault:
        return Refused(file.name, owner, f"无法读取：{file_fault(fault)}")
    answer = await reader.marks(body, 1.0)
    if answer.fate is not PictureFate.READ:
        return Refused(file.name, owner, answer.detail or PICTURE_FATE_ZH[answer.fate])
    if not answer.marks:
        return Refused(file.name, owner, "图中没有可供比对的图形")
    return OfficialLogo(owner, hashlib.sha256(body).hexdigest(), answer.marks, source, day)


def _list(known: Sequence["OfficialLogo"]) -> None:
    from yiguang.terminal import printable

    for logo in known:
        typer.echo(f"{printable(logo.owner)}  {printable(logo.source)}  {logo.as_of}  {logo.sha256[:12]}")
    typer.echo(f"共 {len(known)} 个标志" if known else "没有标志；用 yiguang registry logos 文件夹 导入")
