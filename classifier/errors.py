"""What is wrong with a lexicon, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LexiconError(ValueError):
    """A file under lexicons/ does not say what its schema allows. `line` counts from 1; 0 when it is not known."""

    def __init__(self, path: Path, message: str, line: int = 0) -> None:
        self.path = path
        self.line = line
        self.message = message
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


@contextmanager
def shape_of(path: Path) -> Iterator[None]:
    """Names the file when its reader meets a list where a mapping should be, no number, or lacks a key: whoever edits it is told
    which file it is, if not the line."""
    try:
        yield
    except LexiconError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        said = f"no {fault}" if isinstance(fault, KeyError) else str(fault)
        raise LexiconError(path, f"not of the shape expected: {said}") from fault
