"""A lock on the data folder that the kernel gives back when its holder dies, however it dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing_evidence(folder: Path) -> Iterator[None]:
    """Held while files come into being that the database does not know yet, or that are not whole yet; any number of writers at a time."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def cleaning(folder: Path) -> Iterator[None]:
    """Held alone: what the database does not know now was left behind by a dead process."""
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".evidence.lock").open("ab") as file:
        fcntl.flock(file, kind)
        yield
