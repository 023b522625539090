"""What is wrong with a lexicon, and where."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LexiconError(ValueError):
    """A file under lexicons/ does not say what its schema allows. `line` and `column` count from 1; 0 when they are not known."""

    def __init__(self, path: Path, message: str, line: int = 0, column: int = 0) -> None:
        self.path = path
        self.line = line
        self.column = column
        self.message = message
        place = ":".join(str(part) for part in (path, line, column) if part)
        super().__init__(f"{place}: {message}")


def not_json(path: Path, fault: ValueError, line: int) -> LexiconError:
    """What `json` raised at a line of a file with an object on each."""
    if isinstance(fault, json.JSONDecodeError):
        return LexiconError(path, f"not JSON: {fault.msg}", line, fault.colno)
    return LexiconError(path, f"not JSON: {fault}", line)  # a number of thousands of digits


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
