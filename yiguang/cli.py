"""The command line."""

import typer

app = typer.Typer(no_args_is_help=True, help="医广哨兵：发现涉嫌违法医疗广告的线索并固定证据。")


@app.callback()
def root() -> None:
    """Common to every command."""


@app.command()
def version() -> None:
    """显示版本号。"""
    from importlib.metadata import version as installed

    typer.echo(installed("yiguang"))


def main() -> None:
    app()
