"""Word boundaries by jieba, asked only where something matched; the one door to jieba."""

import logging
import os
import tempfile
from functools import lru_cache
from pathlib import Path

import jieba

_REACH = 30
"""Code points to each side of the words that are segmented: enough context for jieba's dictionary words."""


class Segmenter:
    """A quiet jieba with its dictionary cache in a folder that only this user can write."""

    def __init__(self) -> None:
        self._ready = False

    def on_boundaries(self, text: str, start: int, end: int) -> bool:
        """Whether both ends of text[start:end] fall between two words of the surrounding text."""
        low, high = max(0, start - _REACH), min(len(text), end + _REACH)
        ends = self._word_ends(text[low:high])
        return (start == low or start - low in ends) and (end == high or end - low in ends)

    def _word_ends(self, text: str) -> frozenset[int]:
        if not self._ready:
            self._prepare()
        return _cut_ends(text)

    def _prepare(self) -> None:
        jieba.setLogLevel(logging.WARNING)
        folder = _private_cache()
        if folder is None:
            with (
                tempfile.TemporaryDirectory() as passing
            ):  # made for this process, so nobody else can have put a file there
                jieba.dt.tmp_dir = passing
                jieba.initialize()
        else:
            jieba.dt.tmp_dir = str(folder)
            jieba.initialize()
        self._ready = True


@lru_cache(maxsize=2048)
def _cut_ends(text: str) -> frozenset[int]:
    position, ends = 0, []
    for word in jieba.cut(text, HMM=False):
        position += len(word)
        ends.append(position)
    return frozenset(ends)


def _private_cache() -> Path | None:
    """The user's cache folder, mode 700; None where there is no home or it cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("HOME") and str(Path.home() / ".cache"))
    if not base:
        return None
    folder = Path(base) / "yiguang"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
