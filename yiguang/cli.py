"""The command line: exit code 0 well, 1 something failed, 2 wrong usage; errors on stderr as one line."""

import os
import sys
from io import TextIOWrapper

import typer
from typer.exceptions import Abort, TyperException

from yiguang.commands import (
    accounts,
    alerts,
    backup,
    cases,
    decisions,
    evidence,
    init,
    intake,
    lexicon,
    metrics,
    model,
    night,
    nightly,
    outbox,
    pages,
    recheck,
    refer,
    registry,
    report_form,
    rescore,
    respond,
    scan,
    schedule,
    serve,
    stats,
    targets,
    tips,
    tokens,
    version,
    worker,
)
from yiguang.complaints import in_chinese
from yiguang.errors import CommandFailed, UsageError
from yiguang.faults import in_words
from yiguang.help_pages import USAGE, use_chinese

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="医广哨兵：发现涉嫌违法医疗广告的线索并固定证据。",
    epilog="数据目录由环境变量 YIGUANG_HOME 指定，默认 ./var。",
)
for part in (
    init,
    targets,
    intake,
    tips,
    nightly,
    worker,
    schedule,
    night,
    scan,
    registry,
    cases,
    pages,
    evidence,
    refer,
    report_form,
    outbox,
    respond,
    recheck,
    stats,
    rescore,
    lexicon,
    model,
    version,
    accounts,
    tokens,
    decisions,
    serve,
    backup,
    metrics,
    alerts,
):
    part.add_to(app)


use_chinese()


@app.callback()
def root() -> None:
    """Common to every command."""


def main() -> None:
    """Run one command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Pages hold what GBK, the encoding of many machines, has not; a question mark is better than no answer.
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one command line."""
    try:
        outcome = app(arguments, prog_name="yiguang", standalone_mode=False)
    except TyperException as fault:
        message = fault.format_message()
        if message.startswith(USAGE):  # a command group called without a command
            print(message, file=sys.stderr)
        else:
            _complain(message)
        return fault.exit_code
    except UsageError as fault:
        _complain(str(fault))
        return 2
    except CommandFailed as fault:
        _complain(str(fault))
        return 1
    except (Abort, KeyboardInterrupt):
        _complain("已中断")
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`); give the interpreter somewhere to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as fault:
        if (said := in_words(fault)) is None:
            raise
        _complain(said)
        return 1
    return outcome if isinstance(outcome, int) else 0


def _complain(message: str) -> None:
    print(f"错误：{in_chinese(message)}", file=sys.stderr)
