"""`yiguang lexicon check|diff|ledger`."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.system_words import file_fault
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings, read_settings

if TYPE_CHECKING:
    from yiguang.judgement.lexicon_diff import Page

CHECK_HELP = """\
检查词库：每个文件的格式、法律依据、正则是否安全（可能极慢的写法会被拒绝），以及规则自带的每个例子
（fires_on 应命中，silent_on 不应命中）。所有问题逐条列出，带文件与行号；有问题时退出码为 1。

\b
例：
  yiguang lexicon check
"""
DIFF_HELP = """\
比较词库的旧版本（git 版本，如 HEAD、HEAD~3、main）与现在的词库：在同一批页面上，多了哪些线索、少了哪些，
各规则与类别各增减多少篇，并举例。旧版本连同当时的模型一起判断；程序用现在的。

页面来自 --data（JSON Lines，须有 id、text，可带 title、url、site_name、account、label），或 --night 某一夜存下的页面
（只用存下的正文、标题与联系方式），不给时用词库自带的语料。

\b
例：
  yiguang lexicon diff HEAD
  yiguang lexicon diff HEAD~1 --data 页面.jsonl
  yiguang lexicon diff HEAD --night 2026-11-25 --json
"""
LEDGER_HELP = """\
规则台账：按一份决定文件统计每条规则的命中页数、确认、排除与查准率（95% Wilson 区间）。

--data 为审核人员导出的决定（格式见 yiguang model train --help）。决定中有 rules 时按当时显示的规则统计，
否则用现在的词库重新判断。

用于别处或以往的决定、没有写明规则的决定，以及改了词库之后重新统计；本机审核台现有的决定，直接用 yiguang decisions ledger。

\b
例：
  yiguang lexicon ledger --data 决定.jsonl
  yiguang lexicon ledger --data 决定.jsonl --json
"""
GROUP_HELP = """\
词库与规则。

\b
例：
  yiguang lexicon check
  yiguang lexicon diff HEAD
"""

Data = Annotated[list[Path] | None, typer.Option("--data", metavar="FILE", help="JSON Lines，可多次给出")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]

lexicon_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(lexicon_app, name="lexicon")


@lexicon_app.command("check", help=CHECK_HELP)
def check() -> None:
    from yiguang.judgement.lexicon_check import example_faults, schema_faults
    from yiguang.wiring import load_analyser

    settings = read_settings()
    try:
        broken = schema_faults(settings.lexicons)
    except OSError as missing:
        raise CommandFailed(f"词库缺少文件或无法读取：{missing.filename}：{file_fault(missing)}") from missing
    if broken:
        for fault in broken:
            typer.echo(fault)
        raise CommandFailed(f"词库有 {len(broken)} 处格式问题，首先是 {broken[0]}")
    analyser = load_analyser(settings)
    faults = list(example_faults(analyser, settings.lexicons))
    for fault in faults:
        typer.echo(fault)
    examples = sum(len(rule.fires_on) + len(rule.silent_on) for rule in analyser.rules)
    if faults:
        raise CommandFailed(f"{len(analyser.rules)} 条规则的 {examples} 个例子中有 {len(faults)} 个不符")
    typer.echo(f"{len(analyser.rules)} 条规则，{examples} 个例子全部相符")


@lexicon_app.command("diff", help=DIFF_HELP)
def diff(
    revision: Annotated[str, typer.Argument(metavar="REV", help="git 版本")],
    data: Data = None,
    night: Annotated[str | None, typer.Option("--night", metavar="NIGHT", help="某一夜存下的页面")] = None,
    as_json: Json = False,
) -> None:
    from classifier.engine import Classifier
    from classifier.errors import LexiconError
    from yiguang.judgement.lexicon_diff import compare, in_words
    from yiguang.judgement.lexicon_revision import write_revision
    from yiguang.lexicon_words import said_of
    from yiguang.wiring import load_classifier

    if data and night:
        raise UsageError("--data 与 --night 只能选一个")
    settings = read_settings()
    with tempfile.TemporaryDirectory() as scratch:
        old = write_revision(settings.lexicons, revision, Path(scratch))
        try:
            before = Classifier.load(old)
        except (LexiconError, OSError, KeyError) as fault:
            raise CommandFailed(f"版本 {revision} 的词库不能用现在的程序载入：{said_of(fault)}") from fault
        found = compare(_pages(settings, data or [], night), before.judge, load_classifier(settings).judge)
    typer.echo(json.dumps(found.as_json(), ensure_ascii=False) if as_json else in_words(found))


def _pages(settings: Settings, data: list[Path], night: str | None) -> "Iterator[Page]":
    from yiguang.judgement.lexicon_diff import Page, read_pages
    from yiguang.judgement.model_training import corpora

    if night is None:
        for path in data or corpora(settings.lexicons):
            if not path.is_file():
                raise UsageError(f"找不到文件：{path}")
            yield from read_pages(path)
        return
    from storage.pages.stored_texts import stored_documents
    from yiguang.home import open_home

    pages = [Page(str(number), document) for number, document in stored_documents(open_home(settings), night)]
    if not pages:
        raise CommandFailed(f"{night} 这一夜没有存下的正文")
    yield from pages


@lexicon_app.command("ledger", help=LEDGER_HELP)
def ledger(data: Data = None, as_json: Json = False) -> None:
    from classifier.decisions import Decision, read_decisions
    from classifier.errors import LexiconError
    from classifier.ledger import ledger as count
    from classifier.reference import load_reference
    from yiguang.lexicon_words import said_of
    from yiguang.wiring import load_analyser

    if not data:
        raise UsageError("用 --data 给出审核决定")
    if missing := [path for path in data if not path.is_file()]:
        raise UsageError(f"找不到文件：{missing[0]}")
    try:
        decisions = [decision for path in data for decision in read_decisions(path)]
    except LexiconError as fault:
        raise CommandFailed(f"数据无法读取：{said_of(fault)}") from fault
    settings = read_settings()
    analyser = load_analyser(settings)
    reference = load_reference(settings.lexicons)
    status = {rule.id: rule.status for rule in analyser.rules}
    status |= dict.fromkeys([*reference.sentence_rules, *reference.other_titles], "live")

    def rules(decision: Decision) -> tuple[str, ...]:
        if decision.rules is not None:
            return decision.rules
        located = analyser.analyse(decision.row.document).located
        return tuple(item.finding.rule for item in located if set(item.finding.gates) <= {"shadow"})

    entries = count((decision.row.label, rules(decision)) for decision in decisions)
    if as_json:
        rows = {
            name: {
                "status": status.get(name, "unknown"), "hits": entry.hits, "confirmed": entry.confirmed,
                "dismissed": entry.dismissed, "precision": round(entry.precision, 4),
                "interval": [round(bound, 4) for bound in entry.interval],
            }
            for name, entry in entries.items()
        }  # fmt: skip
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    typer.echo(f"{len(decisions)} 份决定\n命中  确认  排除  查准率  95% 区间       规则")
    for name, entry in sorted(entries.items(), key=lambda item: (-item[1].hits, item[0])):
        low, high = entry.interval
        if name in reference.sentence_rules:
            kind = "（按句识别）"
        elif name in reference.other_titles:
            kind = "（名称与名录）"
        else:
            kind = {"live": "", "shadow": "（试用）"}.get(status.get(name, ""), "（已不存在）")
        typer.echo(
            f"{entry.hits:4}  {entry.confirmed:4}  {entry.dismissed:4}  {entry.precision:6.3f}  {low:.3f}–{high:.3f}   {name}{kind}"
        )
