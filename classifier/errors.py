"""What is wrong with a lexicon, and where."""

from pathlib import Path


class LexiconError(ValueError):
    """A file under lexicons/ does not say what its schema allows. `line` counts from 1; 0 when it is not known."""

    def __init__(self, path: Path, message: str, line: int = 0) -> None:
        self.path = path
        self.line = line
        self.message = message
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
