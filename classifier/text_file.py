"""Text files that people bring: UTF-8, with or without a byte order mark."""

from pathlib import Path

from classifier.errors import LexiconError


def read_text(path: Path) -> str:
    """Raises `LexiconError` with the line for bytes that are not UTF-8."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LexiconError(path, f"not UTF-8: {error.reason} at byte {error.start}", line) from error
