"""How often a text names one product or brand, and whether a product has been worked into it."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from classifier.matcher import Hit
from classifier.naming import Named, NameWords, most_often

_NO_NAME = frozenset("的了这该种款些类用和或等此本各")
"""Characters before a product noun after which no name has been given."""
_BRANDS = 6
"""Brands of one text whose mentions are counted."""
_BRAND_BEFORE = re.compile(
    r"(?:[“\"「『]([^\s“”\"「」『』《》,，、。:：;；!！?？()]{1,8})[”\"」』]|([a-z][a-z0-9-]{2,15}))[®™]?牌?$"
)
"""A brand that ends where a word begins that goods have behind them: in quotes (“安”牌喷剂), or in Latin letters (velora胶囊)."""
_BRAND_LOOK_BACK = 20
_LATIN_BRAND = 4
"""Letters of a Latin word behind which a word that tells goods makes it a brand; before a product noun three will do."""
_OPENING = 60
"""Code points at the beginning of a text that say what it is about: a product named only behind them has been worked in."""
_DWELT_ON_BEFORE, _DWELT_ON_AFTER = 20, 70
"""Code points before and after a product's name in which a word that dwells on it (其主要成分, 该产品) must begin."""
_SIGN = 3
"""Length of a name that ends in a noun of one sign (安禾霜): such a noun may end other words, so it has to come again."""


def most_named_product(text: str, hits: Sequence[Hit], words: NameWords) -> Named:
    """How often the product that the text names most is named, and where first: a product noun behind the same two letters or characters,
    which are no kind of goods (灵芝孢子粉, 纳豆激酶)."""
    names: Counter[str] = Counter()
    first: dict[str, tuple[int, int]] = {}
    for start, end in _products(text, hits, words):
        names[name := text[start:end]] += 1
        first.setdefault(name, (start, end))
    return most_often(names, first)


def planted_product(text: str, title: str, hits: Sequence[Hit], words: NameWords) -> Named:
    """How many products are planted in the text, and where the first is: neither its title nor its opening names it, as one that
    explains it would, and where it comes up the text dwells on it."""
    dwelling = sorted(start for start, _, literal in hits if literal in words.dwelling)
    if not dwelling:
        return 0, None
    opening = f"{title}\n{text[:_OPENING]}"
    places = list(_products(text, hits, words))
    times = Counter(text[start:end] for start, end in places)
    of_any_maker = {start for start, _, literal in hits if literal in words.any_maker}
    first: dict[str, tuple[int, int]] = {}
    for start, end in places:
        if text[start] in _NO_NAME or start in of_any_maker:
            continue
        if end - start == _SIGN and times[text[start:end]] == 1:
            continue
        at = bisect_left(dwelling, start - _DWELT_ON_BEFORE)
        if at < len(dwelling) and dwelling[at] < end + _DWELT_ON_AFTER and (name := text[start:end]) not in opening:
            first.setdefault(name, (start, end))
    return len(first), min(first.values(), default=None)


def _products(text: str, hits: Sequence[Hit], words: NameWords) -> Iterator[tuple[int, int]]:
    kinds = {(start, end) for start, end, literal in hits if literal in words.product_kinds}
    for start, end, literal in hits:
        if literal not in words.products or start < 2:
            continue
        before = text[start - 2 : start]
        if before.isalnum() and before[1] not in _NO_NAME and kinds.isdisjoint(((start - 2, start), (start - 2, end))):
            yield start - 2, end


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
    return most_often(Counter({brand: _mentions(text, brand) for brand in first}), first)


def _mentions(text: str, brand: str) -> int:
    if len(brand) == 1:
        return sum(text.count(f"{opening}{brand}{closing}") for opening, closing in ("“”", '""', "「」", "『』"))
    return text.count(brand)
