"""How far the night is, on a terminal; nothing in a pipe."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.outcome import Outcome
from storage.crawl.nights import NightProgress


@dataclass(slots=True)
class SparingCount:
    """Shows what `count` says, and asks it for no more than a twentieth of the time: a frontier of millions of URLs takes seconds
    to count."""

    count: Callable[[], NightProgress]
    show: Callable[[NightProgress], None]
    monotonic: Callable[[], float] = time.monotonic
    _not_before: float = 0.0

    def look(self) -> None:
        """Count and show, or leave it when it is too early."""
        begun = self.monotonic()
        if begun < self._not_before:
            return
        self.show(self.count())
        ended = self.monotonic()
        self._not_before = ended + 19 * (ended - begun)


@contextmanager
def night_display(console: Console) -> Iterator[Callable[[NightProgress], None]]:
    """A function to call with the newest counts."""
    if not console.is_terminal:
        yield lambda _progress: None
        return
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),  # `?` for pages that are not counted yet
        TextColumn("页"),
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
        MofNCompleteColumn(),  # `?` for pages that are not counted yet
        TextColumn("页"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, in_all: bars.update(task, completed=done, total=in_all)
