"""Which words of a long list occur in a text, found in one pass."""

from collections.abc import Iterable

import daachorse


class Literals:
    """Every word that occurs in a text, those inside or across others too. Raises `ValueError` on an empty word."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(dict.fromkeys(words))
        self._known = frozenset(self._words)
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(self._words)

    def words_in(self, text: str) -> frozenset[str]:
        # Only the longest word that ends at a character: of a, aa, aaa, … there would be as many as their lengths
        longest = {self._words[index] for _, _, index in self._automaton.find_overlapping_no_suffix(text)}
        return self._known.intersection(word[start:] for word in longest for start in range(len(word)))
