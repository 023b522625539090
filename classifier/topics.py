"""What a page speaks of, taken out: characters are to tell how something is said, not which illness it is said about."""

from bisect import bisect_left
from collections.abc import Sequence, Set
from operator import itemgetter

from classifier.matcher import Hit

_WORD = "\ue000"
"""Stands for any word of a topic; of the private use area, so that no text has it."""
_end_of = itemgetter(1)


def without_topics(text: str, hits: Sequence[Hit], topics: Set[int], low: int, high: int) -> str:
    """`text[low:high]` with every word of the topics as one character.

    `hits` are those of a scan of `text`, `topics` the numbers of the topics' literals. Of words that overlap the first
    counts, of those that begin together the longest.
    """
    words = []
    for start, end, literal in hits[bisect_left(hits, low, key=_end_of) :]:
        if end > high:
            break
        if literal in topics and start >= low:
            words.append((start, -end))
    pieces: list[str] = []
    for start, negative_end in sorted(words):
        if start >= low:
            pieces += (text[low:start], _WORD)
            low = -negative_end
    pieces.append(text[low:high])
    return "".join(pieces)
