"""How often a text names one product or one institution: who names a thing again and again means to place it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from classifier.matcher import Hit

_NO_NAME = frozenset("的了这该种款些类用和或等此本各")
"""Characters before a product noun after which no name has been given."""
_NO_PART = frozenset("的了这那该哪是在到去或等此本各让找选，。、；：？！")
"""Characters that are no part of the name of an institution."""
_BEFORE_AND = frozenset("院所部科室馆者生士家员")
"""Characters behind which 和 joins two things; behind others it is part of a name (仁和医院)."""
_INSTITUTION_NAME = 4
"""Characters before the noun by which two institutions are told apart: two are often a kind (专科医院, 眼科医院)."""
_PUBLIC_REACH = 10
"""Code points before the end of an institution's name in which a word tells it public (某大学附属第三医院)."""


@dataclass(frozen=True, slots=True)
class NameWords:
    """Numbers of the literals that end names of products and of institutions, and of those that tell an institution public or unnamed."""

    products: frozenset[int] = frozenset()
    institutions: frozenset[int] = frozenset()
    no_private_institution: frozenset[int] = frozenset()


def most_named_product(text: str, hits: Sequence[Hit], nouns: Collection[int]) -> int:
    """How often the product that the text names most is named: a product noun behind the same two letters or characters."""
    names = Counter(
        [
            text[start - 2 : end]
            for start, end, literal in hits
            if literal in nouns and start > 1 and text[start - 2 : start].isalnum() and text[start - 1] not in _NO_NAME
        ]
    )
    return max(names.values(), default=0)


def most_named_institution(text: str, hits: Sequence[Hit], words: NameWords) -> tuple[int, tuple[int, int] | None]:
    """How often the private institution that the text names most is named, and where first: a noun behind the same four characters.
    `hits` are in the order of their ends.

    An institution counts as private when no word of public ones, and none that leaves it unnamed, stands in or just before its name.
    """
    places = [
        (start, end) for start, end, literal in hits if literal in words.institutions and start >= _INSTITUTION_NAME
    ]
    if not places:
        return 0, None
    others = [(start, end) for start, end, literal in hits if literal in words.no_private_institution]
    ends = [end for _, end in others]  # in order, as the automaton finds them
    names: Counter[str] = Counter()
    first: dict[str, tuple[int, int]] = {}
    for start, end in places:
        name = text[start - _INSTITUTION_NAME : end]
        if not name.isalpha() or not _NO_PART.isdisjoint(name) or _joins_two(name):
            continue
        near = others[bisect_right(ends, end - _PUBLIC_REACH) : bisect_right(ends, end)]
        if all(low < end - _PUBLIC_REACH for low, _ in near):
            names[name] += 1
            first.setdefault(name, (start - _INSTITUTION_NAME, end))
    if not names:
        return 0, None
    name, times = names.most_common(1)[0]
    return times, first[name]


def _joins_two(name: str) -> bool:
    at = name.find("和")
    return at == 0 or (at > 0 and name[at - 1] in _BEFORE_AND)
