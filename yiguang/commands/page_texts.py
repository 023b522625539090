"""`yiguang pages versions|copies`: what a page said through the nights, and where else the same is said."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING
from domain.versions import VERSION_STATE_ZH, PageVersion, TextChange, VersionState, text_changes
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from storage.pages.clusters import PageCopy

VERSIONS_HELP = """\
列出一个网址正文的各个版本：何时起、何时止、见到几次。

改动连续两次见到才算确认；来回轮换的内容不算改动。--diff 逐句列出每个版本与前一个有效版本的差别。

\b
例：
  yiguang pages versions http://www.some-clinic.example/promo.html
  yiguang pages versions --diff http://www.some-clinic.example/promo.html
"""
COPIES_HELP = """\
列出正文与一个网址相同或几乎相同的其他网址；原页消失之后才出现的标为“疑似搬迁”。

\b
例：
  yiguang pages copies http://www.some-clinic.example/promo.html
  yiguang pages copies --json http://www.some-clinic.example/promo.html
"""


def add_to(app: typer.Typer) -> None:
    app.command("versions", help=VERSIONS_HELP)(versions)
    app.command("copies", help=COPIES_HELP)(copies)


def versions(
    url: Annotated[str, typer.Argument(metavar="URL", help="要查的网址")],
    diff: Annotated[bool, typer.Option("--diff", help="逐句列出差别")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from storage.pages.versions import versions_of

    engine, wanted = _opened(url)
    found = versions_of(engine, wanted)
    if not found:
        raise CommandFailed(f"没有 {printable(url)} 的正文记录（去向见 yiguang pages why）")
    before: PageVersion | None = None
    for number, version in enumerate(found, 1):
        changes = _changes(engine, before, version) if diff and before is not None else ()
        if as_json:
            typer.echo(json.dumps(_version_row(number, version, changes if diff else None), ensure_ascii=False))
        else:
            typer.echo("\n".join(version_lines(number, version, changes)))
        if version.state in (VersionState.FIRST, VersionState.CONFIRMED):
            before = version


def copies(
    url: Annotated[str, typer.Argument(metavar="URL", help="要查的网址")],
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from storage.pages.clusters import copies_of

    engine, wanted = _opened(url)
    try:
        found = copies_of(engine, wanted)
    except KeyError:
        raise CommandFailed(f"没有 {printable(url)} 的正文记录（去向见 yiguang pages why）") from None
    if not found and not as_json:
        typer.echo("没有发现正文相同或几乎相同的其他网址")
    for copy in found:
        typer.echo(json.dumps(_copy_row(copy), ensure_ascii=False) if as_json else copy_in_words(copy))


def _opened(url: str) -> "tuple[Engine, str]":
    """The database, and the URL as the frontier writes it. Raises UsageError for what is no URL."""
    from crawler.addresses.urls import frontier_url
    from yiguang.home import open_home

    try:
        wanted = frontier_url(url)
    except ValueError:
        raise UsageError(f"不是完整的网址：{printable(url)}") from None
    return open_home(read_settings()), wanted


def _changes(engine: "Engine", before: PageVersion, after: PageVersion) -> tuple[TextChange, ...]:
    from storage.pages.versions import version_text

    return text_changes(version_text(engine, before), version_text(engine, after))


def _version_row(number: int, version: PageVersion, changes: Sequence[TextChange] | None) -> dict[str, object]:
    times = {"first_seen": version.first_seen.isoformat(), "last_seen": version.last_seen.isoformat()}
    row = {"number": number, **asdict(version), **times}
    return row if changes is None else {**row, "changes": [asdict(change) for change in changes]}


def version_lines(number: int, version: PageVersion, changes: Sequence[TextChange]) -> Iterator[str]:
    """A version for a person, then the sentences that went and came."""
    between = f"{_day(version.first_seen)} 至 {_day(version.last_seen)}（北京时间）"
    yield f"版本 {number}  {between}，见到 {version.sightings} 次，{VERSION_STATE_ZH[version.state]}"
    for change in changes:
        yield from (f"  - {printable(sentence)}" for sentence in change.removed)
        yield from (f"  + {printable(sentence)}" for sentence in change.added)


def _copy_row(copy: "PageCopy") -> dict[str, object]:
    return {**asdict(copy), "first_seen": copy.first_seen.isoformat(), "last_seen": copy.last_seen.isoformat()}


def copy_in_words(copy: "PageCopy") -> str:
    """A copy for a person, in one line."""
    kind = "相同" if copy.exact else "几乎相同"
    notes = [note for note, holds in (("疑似搬迁", copy.moved), ("线索", copy.flagged)) if holds]
    return "\t".join(
        [kind, f"{_day(copy.first_seen)} 至 {_day(copy.last_seen)}", "、".join(notes) or "-", printable(copy.url)]
    )


def _day(time: datetime) -> str:
    return f"{time.astimezone(BEIJING):%Y-%m-%d %H:%M}"
