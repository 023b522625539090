"""How far the night is, on a terminal; nothing in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.outcome import Outcome
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
    """`线索 3 · 正常内容 40 · 其他 2`; short, because a terminal may have 80 columns."""
    content = progress.outcomes.get(Outcome.CONTENT, 0)
    counts = {"线索": progress.leads, "正常内容": content, "其他": sum(progress.outcomes.values()) - content}
    return " · ".join(f"{name} {count}" for name, count in counts.items())


@contextmanager
def pages_display() -> Iterator[Callable[[int, int], None]]:
    """A function to call with the pages done and in all; the display goes to stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _all: None
        return
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=30),
        TextColumn("{task.completed}/{task.total} 页"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, in_all: bars.update(task, completed=done, total=in_all)
