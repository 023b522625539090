"""How often a text names one institution: who names a thing again and again means to place it. Products are named in `product_names`."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

from classifier.matcher import Hit

_NO_PART = frozenset("的了这那该哪是在到去或等此本各让找选，。、；：？！")
"""Characters that are no part of the name of an institution."""
_BEFORE_AND = frozenset("院所部科室馆者生士家员")
"""Characters behind which 和 joins two things; behind others it is part of a name (仁和医院)."""
_INSTITUTION_NAME = 4
"""Characters before the noun by which two institutions are told apart: two are often a kind (专科医院, 眼科医院)."""
_PUBLIC_REACH = 10
"""Code points before the end of an institution's name in which a word tells it public (某大学附属第三医院)."""
_LONGEST_KIND = 12
"""Code points of words of kinds before the noun that are stepped over (整形美容外科医院)."""
_OWN_NAME = 2
"""Characters before a kind that are a name of its own (艺美整形美容医院)."""
_NO_NAME_ENDS = frozenset("省市县区州与及和或跟为做像些种")
"""Before a kind these end no name: the institution of a place is public (某市口腔医院), the others join or ask."""
Named = tuple[int, tuple[int, int] | None]
"""How often something is named, and where first in the text ([start, end)); None where nothing is."""


@dataclass(frozen=True)
class NameWords:
    """Numbers of the literals that end names of products and of institutions, and of those that say something of such a name."""

    products: frozenset[int] = frozenset()
    product_kinds: frozenset[int] = frozenset()
    """Words that name a kind of goods and no product (灵芝孢子粉)."""
    any_maker: frozenset[int] = frozenset()
    """Words before a product noun for which no name has been given (普通喷剂)."""
    dwelling: frozenset[int] = frozenset()
    """Words that dwell on a product that has been named (其主要成分)."""
    brand_followers: frozenset[int] = frozenset()
    """Words that goods have behind their brand: it is called one, or said to be made of something (velora采用…)."""
    latin_kinds: frozenset[int] = frozenset()
    """Words in Latin letters that name a kind of thing and no brand (dha胶囊)."""
    institutions: frozenset[int] = frozenset()
    no_private_institution: frozenset[int] = frozenset()
    """Words that tell an institution public, or leave it unnamed."""
    kinds: frozenset[int] = frozenset()
    """Words that say what kind of institution it is: they are no name, a name may stand before them."""
    no_name: frozenset[int] = frozenset()
    """Words behind which the noun, or its kind, has not been named (所有医院)."""
    no_institution: frozenset[int] = frozenset()
    """Words that begin like the noun and mean no institution (口腔溃疡)."""

    @cached_property
    def _all(self) -> frozenset[int]:
        return frozenset().union(*(getattr(self, field.name) for field in fields(self)))

    def among(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits that are words of names at all, in their order: a small part, and all that is asked below."""
        words = self._all
        return [hit for hit in hits if hit[2] in words]


def most_often(names: Counter[str], first: Mapping[str, tuple[int, int]]) -> Named:
    """The name that is given most often; `first` says where each is given first."""
    if not names:
        return 0, None
    name, times = names.most_common(1)[0]
    return times, first[name]


def most_named_institution(text: str, hits: Sequence[Hit], words: NameWords) -> Named:
    """How often the private institution that the text names most is named, and where first: a noun behind the same four characters.
    `hits` are those of words of names, in the order of their ends.

    An institution counts as private when no word of public ones, and none that leaves it unnamed, stands in or just before its name.
    """
    nouns: dict[int, int] = {}  # by their ends the longest: 中医馆 and not 医馆
    for start, end, literal in hits:
        if literal in words.institutions:
            nouns[end] = min(start, nouns.get(end, start))
    places = [(start, end) for end, start in nouns.items() if start >= _INSTITUTION_NAME]
    if not places:
        return 0, None
    others = [(start, end) for start, end, literal in hits if literal in words.no_private_institution]
    ends = [end for _, end in others]  # in order, as the automaton finds them
    kinds: dict[int, int] = {}
    for start, end, literal in hits:
        if literal in words.kinds:
            kinds[end] = min(start, kinds.get(end, start))
    unnamed = {end for _, end, literal in hits if literal in words.no_name}
    no_places = {start for start, _, literal in hits if literal in words.no_institution}
    names: Counter[str] = Counter()
    first: dict[str, tuple[int, int]] = {}
    for start, end in places:
        kind = _start_of_kind(start, kinds)
        low = start - _INSTITUTION_NAME
        if kind <= low:
            low = max(0, kind - _OWN_NAME)
            if text[kind - 1 : kind] in _NO_NAME_ENDS:
                continue
        name = text[low:end]
        if (
            start in no_places
            or kind in unnamed
            or not name.isalpha()
            or not _NO_PART.isdisjoint(name)
            or _joins_two(name)
        ):
            continue
        reach = max(_PUBLIC_REACH, end - low)
        near = others[bisect_right(ends, end - reach) : bisect_right(ends, end)]
        if low < kind and all(start_of_word < end - reach for start_of_word, _ in near):
            names[name] += 1
            first.setdefault(name, (low, end))
    return most_often(names, first)


def _start_of_kind(noun: int, kinds: Mapping[int, int]) -> int:
    """Where the words begin that say of which kind the institution is whose noun begins at `noun`; there, if none does."""
    at = noun
    while at > noun - _LONGEST_KIND and at in kinds:
        at = kinds[at]
    return at


def _joins_two(name: str) -> bool:
    at = name.find("和")
    return at == 0 or (at > 0 and name[at - 1] in _BEFORE_AND)
