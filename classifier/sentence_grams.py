"""Sentences of a page as bags of hashed character n-grams, in one pass over its code points.

Digits all count as one, so that a phone number or a rate is a shape and not a value; n-grams of digits only say nothing
and are left out. No n-gram reaches across the end of a sentence.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 15
# the marks that close a quotation belong to the sentence before: “能治好吗?”他问 is two sentences, not three
_SENTENCE = re.compile(r"[^\s。!?;…”’」』)\]】》][^。!?;…\n]*")
_ZERO, _NINE = 0x30, 0x39


@dataclass(frozen=True, slots=True)
class Grams:
    """`spans[s]` is sentence s as [start, end); its n-grams are `buckets[first[s] : first[s + 1]]`, repeats kept."""

    spans: tuple[tuple[int, int], ...]
    buckets: NDArray[np.int64]
    first: NDArray[np.int64]

    def sums(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """Per sentence the rows of `table` (BUCKETS, k) over its n-grams, divided by the root of their number."""
        totals = np.zeros((len(self.spans), table.shape[1]), dtype=np.float32)
        counts = np.diff(self.first)
        filled = np.flatnonzero(counts)
        if len(filled):
            totals[filled] = np.add.reduceat(table[self.buckets], self.first[filled], axis=0)
            totals[filled] /= np.sqrt(counts[filled, None], dtype=np.float32)
        return totals


def grams_of(text: str) -> Grams:
    """The sentences of folded text, those of nothing but space left out."""
    spans = tuple(match.span() for match in _SENTENCE.finditer(text))
    if not spans:
        return Grams((), np.empty(0, dtype=np.int64), np.zeros(1, dtype=np.int64))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    owners = np.full(len(codes), -1, dtype=np.int64)
    for index, (start, end) in enumerate(spans):
        owners[start:end] = index
    digits = (codes >= _ZERO) & (codes <= _NINE)
    codes = np.where(digits, np.uint64(_ZERO), codes)
    hashes, owned = zip(*(_of_length(length, codes, owners, digits) for length in (1, 2, 3)), strict=True)
    owner = np.concatenate(owned)
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(len(spans) + 1))
    return Grams(spans, _bucket(np.concatenate(hashes)[order]), first.astype(np.int64))


def _of_length(
    length: int, codes: NDArray[np.uint64], owners: NDArray[np.int64], digits: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of the n-grams of one length and the sentence each stands in."""
    count = len(codes) - length + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    hashes = np.full(count, length, dtype=np.uint64)
    numeric = np.ones(count, dtype=np.bool_)
    for offset in range(length):
        hashes = (hashes ^ codes[offset : offset + count]) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(31)
        numeric &= digits[offset : offset + count]
    owner = owners[:count]
    kept = (owner >= 0) & (owner == owners[length - 1 :])
    if length > 1:
        kept &= ~numeric
    return hashes[kept], owner[kept]


def _bucket(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    mixed = hashes * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(49)).astype(np.int64)
