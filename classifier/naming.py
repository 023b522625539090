"""How often a text names one product or one institution: who names a thing again and again means to place it."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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
Named = tuple[int, tuple[int, int] | None]
"""How often something is named, and where first in the text ([start, end)); None where nothing is."""
_BRANDS = 6
"""Brands of one text whose mentions are counted."""
_BRAND_BEFORE = re.compile(
    r"(?:[“\"「『]([^\s“”\"「」『』《》,，、。:：;；!！?？()]{1,8})[”\"」』]|([a-z][a-z0-9-]{2,15}))[®™]?牌?$"
)
"""A brand that ends where a word begins that goods have behind them: in quotes (“安”牌喷剂), or in Latin letters (velora胶囊)."""
_BRAND_LOOK_BACK = 20
_LATIN_BRAND = 4
"""Letters of a Latin word behind which a word that tells goods makes it a brand; before a product noun three will do."""
_PUBLIC_REACH = 10
"""Code points before the end of an institution's name in which a word tells it public (某大学附属第三医院)."""
_LONGEST_KIND = 12
"""Code points of words of kinds before the noun that are stepped over (整形美容外科医院)."""
_OWN_NAME = 2
"""Characters before a kind that are a name of its own (艺美整形美容医院)."""
_NO_NAME_ENDS = frozenset("省市县区州与及和或跟为做像些种")
"""Before a kind these end no name: the institution of a place is public (某市口腔医院), the others join or ask."""


@dataclass(frozen=True, slots=True)
class NameWords:
    """Numbers of the literals that end names of products and of institutions, and of those that tell an institution public or unnamed."""

    products: frozenset[int] = frozenset()
    brand_followers: frozenset[int] = frozenset()
    """Words that goods have behind their brand: it is called one, or said to be made of something (velora采用…)."""
    latin_kinds: frozenset[int] = frozenset()
    """Words in Latin letters that name a kind of thing and no brand (dha胶囊)."""
    institutions: frozenset[int] = frozenset()
    no_private_institution: frozenset[int] = frozenset()
    kinds: frozenset[int] = frozenset()
    """Words that say what kind of institution it is: they are no name, a name may stand before them."""
    no_name: frozenset[int] = frozenset()
    """Words behind which the noun, or its kind, has not been named (所有医院)."""
    no_institution: frozenset[int] = frozenset()
    """Words that begin like the noun and mean no institution (口腔溃疡)."""


def most_named_product(text: str, hits: Sequence[Hit], nouns: Collection[int]) -> Named:
    """How often the product that the text names most is named, and where first: a product noun behind the same two letters or characters."""
    names: Counter[str] = Counter()
    first: dict[str, tuple[int, int]] = {}
    for start, end, literal in hits:
        if literal in nouns and start > 1 and text[start - 2 : start].isalnum() and text[start - 1] not in _NO_NAME:
            names[name := text[start - 2 : end]] += 1
            first.setdefault(name, (start - 2, end))
    return _most(names, first)


def most_named_brand(text: str, hits: Sequence[Hit], words: NameWords) -> Named:
    """How often the brand that the text names most is named, with or without its product noun, and where first: one in quotes or in Latin
    letters, which need not stand behind two characters. A brand of one sign counts in its quotes only."""
    kinds = {(start, end) for start, end, literal in hits if literal in words.latin_kinds}
    first: dict[str, tuple[int, int]] = {}
    for start, end, literal in hits:
        is_noun = literal in words.products
        if not (is_noun or literal in words.brand_followers):
            continue
        found = _BRAND_BEFORE.search(text, max(0, start - _BRAND_LOOK_BACK), start)
        if found is None or found.span(2) in kinds or (found[2] and not is_noun and len(found[2]) < _LATIN_BRAND):
            continue
        first.setdefault(found[1] or found[2], (found.start(), end if is_noun else found.end()))
        if len(first) == _BRANDS:
            break
    return _most(Counter({brand: _mentions(text, brand) for brand in first}), first)


def _mentions(text: str, brand: str) -> int:
    if len(brand) == 1:
        return sum(text.count(f"{opening}{brand}{closing}") for opening, closing in ("“”", '""', "「」", "『』"))
    return text.count(brand)


def _most(names: Counter[str], first: Mapping[str, tuple[int, int]]) -> Named:
    if not names:
        return 0, None
    name, times = names.most_common(1)[0]
    return times, first[name]


def most_named_institution(text: str, hits: Sequence[Hit], words: NameWords) -> Named:
    """How often the private institution that the text names most is named, and where first: a noun behind the same four characters.
    `hits` are in the order of their ends.

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
    return _most(names, first)


def _start_of_kind(noun: int, kinds: Mapping[int, int]) -> int:
    """Where the words begin that say of which kind the institution is whose noun begins at `noun`; there, if none does."""
    at = noun
    while at > noun - _LONGEST_KIND and at in kinds:
        at = kinds[at]
    return at


def _joins_two(name: str) -> bool:
    at = name.find("和")
    return at == 0 or (at > 0 and name[at - 1] in _BEFORE_AND)
