"""`yiguang lexicon check`."""

import typer

from yiguang.errors import CommandFailed
from yiguang.settings import read_settings

CHECK_HELP = """\
检查词库：每个规则文件的格式与法律依据，以及规则自带的每个例子（fires_on 应命中，silent_on 不应命中）。

\b
例：
  yiguang lexicon check
"""
GROUP_HELP = """\
词库与规则。

\b
例：
  yiguang lexicon check
"""

lexicon_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(lexicon_app, name="lexicon")


@lexicon_app.callback()
def group() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@lexicon_app.command("check", help=CHECK_HELP)
def check() -> None:
    from yiguang.lexicon_check import check_rules
    from yiguang.wiring import load_analyser

    analyser = load_analyser(read_settings())
    faults = list(check_rules(analyser))
    for fault in faults:
        typer.echo(fault)
    examples = sum(len(rule.fires_on) + len(rule.silent_on) for rule in analyser.rules)
    if faults:
        raise CommandFailed(f"{len(analyser.rules)} 条规则的 {examples} 个例子中有 {len(faults)} 个不符")
    typer.echo(f"{len(analyser.rules)} 条规则，{examples} 个例子全部相符")
