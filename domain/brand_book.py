"""What is known of well-known hospitals' names: who owns them, where, under which domains, and words to weigh names by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Brand:
    """One lawful owner of a brand word; several may own the same word in different places."""

    token: str
    owner: str
    also_known_as: tuple[str, ...] = ()
    province: str = ""
    city: str = ""
    official_domains: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.owner, *self.also_known_as)


@dataclass(frozen=True, slots=True, eq=False)  # the same only as itself: what follows from it and a host is remembered
class BrandBook:
    """Brands by token, and the word lists of `lexicons/brand_names/words.toml` by their key there.

    `pinyin` and `homes` (places where the token is a place name) are by token; a token in neither is a common word or a
    general name, by which nobody is judged. `weights` (0..1) is what a name gets for the token alone. `spellings` maps a
    disguised token to the token; `part_of_other_word` has the characters in front of which a token is none.
    """

    brands: tuple[Brand, ...]
    pinyin: Mapping[str, str]
    homes: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, float]
    part_of_other_word: Mapping[str, tuple[str, ...]]
    spellings: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    hosts: Mapping[str, tuple[str, ...]]
    confusable: Mapping[str, str]

    def owners_of(self, token: str) -> tuple[Brand, ...]:
        return tuple(brand for brand in self.brands if brand.token == token)


def brand_book(rows: Iterable[dict[str, str]], data: Mapping[str, Any]) -> BrandBook:
    """From rows of `brands.csv` and from `brand_names/words.toml`. Raises ValueError or KeyError when they do not hold what they should."""
    brands = tuple(_brand(row) for row in rows)
    places = data["place_words"]
    hosts = dict(data["hosts"])
    confusable = hosts.pop("confusable")
    return BrandBook(
        brands=brands,
        pinyin=data["distinctive"] | {token: fact["pinyin"] for token, fact in places.items()},
        homes={token: tuple(fact["home"]) for token, fact in places.items()},
        weights=dict.fromkeys(data["distinctive"], 0.4) | {token: fact["weight"] for token, fact in places.items()},
        part_of_other_word={token: tuple(before) for token, before in data["not_brand_after_character"].items()},
        spellings=data["lookalike_spellings"],
        words={key: tuple(words) for key, words in data["words"].items()},
        hosts={key: tuple(words) for key, words in hosts.items()},
        confusable=confusable,
    )


def _brand(row: Mapping[str, str]) -> Brand:
    return Brand(
        token=row["token"],
        owner=row["lawful_owner"],
        also_known_as=_several(row["also_known_as"]),
        province=row["province"],
        city=row["city"],
        official_domains=_several(row["official_domains"]),
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)
