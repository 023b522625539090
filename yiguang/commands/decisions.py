"""`yiguang decisions export|ledger|log`."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.terminal import say_none

#: More digits than any number of an entry has; Python refuses to read some thousands.
_NUMBER_DIGITS = 18
GROUP_HELP = """\
审核台的决定。

\b
例：
  yiguang decisions export 决定.jsonl
  yiguang decisions ledger
"""
EXPORT_HELP = """\
导出已有结论的决定（JSON Lines），供 yiguang model train --data 使用；已有的文件不覆盖。

只含已结的条目：两人确认的为 confirmed，排除与非广告的为 dismissed。文本未作遮蔽，不得外传。

\b
例：
  yiguang decisions export 决定.jsonl
"""
LEDGER_HELP = """\
规则台账：各规则命中的线索在审核台成立多少、排除多少，查准率及其 95% 区间。

按审核台现有的决定与当时显示的命中统计；要统计导出的或别处的决定，或按现在的词库重新判断，用 yiguang lexicon ledger --data。

\b
例：
  yiguang decisions ledger
  yiguang decisions ledger --json
"""
LOG_HELP = """\
核对审计日志的哈希链，以及每夜封存的日志末条摘要仍在其中；--export 另存为 JSON Lines，--head 另核对自己先前记下的序号与摘要。
--check 核对另存的文件，不需要数据库；有不符的逐条列出，退出码为 1。

\b
例：
  yiguang decisions log
  yiguang decisions log --export 审计日志.jsonl
  yiguang decisions log --head 128:3f0c…（64 位摘要）
  yiguang decisions log --check 审计日志.jsonl --head 128:3f0c…
"""

decisions_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(decisions_app, name="decisions")


@decisions_app.command("export", help=EXPORT_HELP)
def export(file: Annotated[Path, typer.Argument(metavar="FILE", help="写入的文件")]) -> None:
    from review.audit_log import AuditLog
    from review.training import training_rows
    from storage.durable_file import gone_if_broken_off
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    engine = open_home(settings)
    count = 0
    try:
        with file.open("x", encoding="utf-8", newline="\n") as target, gone_if_broken_off(file):
            for row in training_rows(engine):
                target.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
            target.flush()
    except FileExistsError as fault:
        raise CommandFailed(f"{file} 已存在") from fault
    except OSError as fault:
        raise CommandFailed(f"无法写入 {file}：{fault.strerror}") from fault
    by = f"命令行 {settings.operator}"
    AuditLog(engine, utc_now).record_alone(by, "decisions-exported", "decisions", {"rows": count, "file": file.name})
    typer.echo(f"已导出 {count} 条", err=True)


@decisions_app.command("ledger", help=LEDGER_HELP)
def ledger(as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False) -> None:
    from review.training import rule_ledger
    from yiguang.home import open_home

    entries = rule_ledger(open_home(read_settings()))
    if not entries:
        say_none("审核台还没有已结的线索；线索由两人确认或一人排除后计入")
    if as_json:
        rows = {
            rule: {"confirmed": entry.confirmed, "dismissed": entry.dismissed, "interval": entry.interval}
            for rule, entry in entries.items()
        }
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for rule, entry in entries.items():
        low, high = entry.interval
        typer.echo(
            f"{rule}\t成立 {entry.confirmed}\t排除 {entry.dismissed}\t查准率 {entry.precision:.0%}（{low:.0%}–{high:.0%}）"
        )


@decisions_app.command("log", help=LOG_HELP)
def log(
    export: Annotated[Path | None, typer.Option("--export", metavar="FILE", help="另存的文件")] = None,
    head: Annotated[str, typer.Option("--head", metavar="N:SHA256", help="先前记下的序号与摘要")] = "",
    check: Annotated[Path | None, typer.Option("--check", metavar="FILE", help="核对先前另存的文件")] = None,
) -> None:
    from review.audit_log import AuditLog
    from review.sealed_heads import sealed_heads
    from yiguang.home import open_home, utc_now

    if check is not None:
        if export is not None:
            raise UsageError("--check 与 --export 只能选一个")
        _check_export(check, *_heads(head))
        return
    engine = open_home(read_settings())
    audit = AuditLog(engine, utc_now)
    faults = audit.verify(*sealed_heads(engine), *_heads(head))
    for fault in faults:
        typer.echo(fault.message)
    if faults:
        raise CommandFailed(f"审计日志有 {len(faults)} 处不符")
    if export is not None:
        try:
            audit.export(export)
        except FileExistsError as fault:
            raise CommandFailed(f"{export} 已存在") from fault
        except OSError as fault:
            raise CommandFailed(f"无法写入 {export}：{fault.strerror}") from fault
    number, digest = audit.head()
    typer.echo(f"{number}:{digest}")
    typer.echo("审计日志核对无误；上面是末条的序号与摘要，请另行记下，日后用 --head 核对", err=True)


def _check_export(file: Path, *heads: tuple[int, str]) -> None:
    """Raises UsageError for a file that cannot be read, CommandFailed when something in it does not hold."""
    from review.audit_log import export_faults
    from storage.digests import sha256_hex

    count, digest = 0, ""

    def counted(lines: Iterable[str]) -> Iterator[str]:
        nonlocal count, digest
        for line in lines:
            count, digest = count + 1, sha256_hex(line.encode())
            yield line

    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            faults = export_faults(counted(lines), *heads)
    except OSError as fault:
        raise UsageError(f"{file} 无法读取：{fault.strerror}") from fault
    for each in faults:
        typer.echo(each.message)
    if faults:
        raise CommandFailed(f"{file} 有 {len(faults)} 处不符")
    if not count:
        raise CommandFailed(f"{file} 中没有记录")
    typer.echo(f"{count}:{digest}")
    typer.echo("文件前后相接；末条之后是否另有记录、末条是否改过，须以另行记下的序号与摘要核对（--head）", err=True)


def _heads(text: str) -> tuple[tuple[int, str], ...]:
    if not text:
        return ()
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(number) > _NUMBER_DIGITS or len(digest) != 64:
        raise typer.BadParameter("应为 序号:64 位摘要", param_hint="--head")
    return ((int(number), digest.lower()),)
