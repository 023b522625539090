"""What a process that takes part in a night is set up for. One that lacks something leaves it to others."""

from collections.abc import Iterable
from enum import StrEnum


class Ability(StrEnum):
    """`crawl`: visit sites that nobody has visited yet this night. `show`: show pages in a browser and photograph them.
    `read`: read words in pictures."""

    CRAWL = "crawl"
    SHOW = "show"
    READ = "read"


ABILITY_ZH: dict[Ability, str] = {Ability.CRAWL: "采集", Ability.SHOW: "显示网页", Ability.READ: "识别图片"}
EVERYTHING = frozenset(Ability)


def abilities_in(text: str) -> frozenset[Ability]:
    """Names separated by commas or blanks, as `written` gives them. Raises ValueError naming the one that there is not."""
    return frozenset(Ability(name) for name in text.replace(",", " ").split())


def written(abilities: Iterable[Ability]) -> str:
    """`crawl,show,read`, always in this order; empty for none."""
    able = set(abilities)
    return ",".join(ability.value for ability in Ability if ability in able)


def in_chinese(abilities: Iterable[Ability]) -> str:
    """`采集、显示网页、识别图片`, always in this order; `无` for none."""
    able = set(abilities)
    return "、".join(ABILITY_ZH[ability] for ability in Ability if ability in able) or "无"
