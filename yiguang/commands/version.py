"""`yiguang version`."""

import typer

HELP = """\
显示版本号。

\b
例：
  yiguang version
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(version)


def version() -> None:
    from importlib.metadata import version as installed

    typer.echo(installed("yiguang"))
