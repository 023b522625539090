"""How far the night is, on a terminal; nothing in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.outcome import OUTCOME_ZH, Outcome
from storage.nights import NightProgress


@contextmanager
def night_display(console: Console) -> Iterator[Callable[[NightProgress], None]]:
    """A function to call with the newest counts."""
    if not console.is_terminal:
        yield lambda _progress: None
        return
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=30),
        TextColumn("{task.completed}/{task.total} 页"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("准备", total=None)

        def show(progress: NightProgress) -> None:
            bars.update(
                task,
                completed=progress.done,
                total=progress.waiting + progress.leased + progress.done,
                description=in_words(progress),
            )

        yield show


def in_words(progress: NightProgress) -> str:
    """`线索 3 · 正常内容 40 · 超时 2`"""
    counts = sorted(progress.outcomes.items(), key=lambda item: (item[0] is not Outcome.CONTENT, -item[1]))
    return " · ".join([f"线索 {progress.leads}", *(f"{OUTCOME_ZH[outcome]} {count}" for outcome, count in counts)])
