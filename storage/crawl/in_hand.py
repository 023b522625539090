"""Which URLs a crawl process has in hand, noted so that it survives the process: who was there when it broke off.

A file a worker and night, to which short lines are appended. It is not synced to disk: it has to outlive the process,
not the machine, and a machine that goes down says nothing about a page. Sample lines: `+ 12` URL 12 begun, `- 12` ended,
`! 12` broke something and lived to be noted.
"""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_FOLDER = "in-hand"


class InHandFile:
    """`domain.visits.InHand` in a file. Opening it counts what an earlier process of the worker had in hand at its end."""

    def __init__(self, home: Path, night_id: str, worker: str) -> None:
        path = _path(home, night_id, worker)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._broken_off = broken_off(home, night_id, worker)
        part = path.with_suffix(".part")
        part.write_text("".join(f"! {url}\n" * times for url, times in self._broken_off.items()), encoding="ascii")
        part.replace(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def begin(self, frontier_id: int) -> None:
        self._append("+", frontier_id)

    def end(self, frontier_id: int) -> None:
        self._append("-", frontier_id)

    def note_fault(self, frontier_id: int) -> int:
        self._broken_off[frontier_id] += 1
        self._append("!", frontier_id)
        return self._broken_off[frontier_id]

    def broken_off(self, frontier_id: int) -> int:
        return self._broken_off[frontier_id]

    def close(self) -> None:
        os.close(self._file)

    def _append(self, mark: str, frontier_id: int) -> None:
        os.write(self._file, f"{mark} {frontier_id}\n".encode("ascii"))  # one write: whole or not there


def broken_off(home: Path, night_id: str, worker: str) -> Counter[int]:
    """How often each URL (frontier id) of a worker broke something or was in hand when its process ended."""
    try:
        lines = _path(home, night_id, worker).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return Counter()
    return _count(lines)


def excuse_in_hand(home: Path, night_id: str, worker: str = "*") -> None:
    """Forget what was in hand when a night, or one of its workers, was stopped from outside: that was no page's doing. None of
    these workers may be alive."""
    for path in (home / _FOLDER).glob(f"{night_id}.{worker}.log"):
        lines = path.read_text(encoding="ascii").splitlines()
        path.write_text("".join(f"{line}\n" for line in lines if line.startswith("!")), encoding="ascii")


def forget_in_hand(home: Path, night_id: str) -> None:
    """Remove the notes of a night that has ended."""
    for path in (home / _FOLDER).glob(f"{night_id}.*.log"):
        path.unlink()


def _count(lines: Iterable[str]) -> Counter[int]:
    counts: Counter[int] = Counter()
    begun: set[int] = set()
    for line in lines:
        mark, _, number = line.partition(" ")
        match mark:
            case "+":
                begun.add(int(number))
            case "-":
                begun.discard(int(number))
            case "!":
                counts[int(number)] += 1
            case _:
                raise ValueError(f"not a line of this file: {line!r}")
    counts.update(begun)
    return counts


def _path(home: Path, night_id: str, worker: str) -> Path:
    return home / _FOLDER / f"{night_id}.{worker}.log"
