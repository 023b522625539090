"""How an article is cited on paper: 广告法16(1)(2) of the rules is 《广告法》第十六条第一款第（二）项, and a guide is no law that anybody offends against."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from classifier.errors import shape_of

FILE = Path("letters", "citations.toml")
_ARTICLE = re.compile(r"(?P<article>\d+)(?:-(?P<after>\d+))?(?P<parts>(?:\(\d+\))*)")
_DIGITS = "〇一二三四五六七八九"


class ArticleKind(StrEnum):
    """What an article does: lays a duty on somebody, says how others are applied, or what follows."""

    DUTY = "duty"
    GUIDE = "guide"
    LIABILITY = "liability"


@dataclass(frozen=True, slots=True)
class Citations:
    """`paragraphs` are bases whose one number in brackets is a paragraph, 款; without it is an item, 项. `guides` are short names of
    laws, `liability` articles by them. `follows` has by law and article on liability the articles that it speaks of."""

    paragraphs: frozenset[str] = frozenset()
    guides: frozenset[str] = frozenset()
    liability: Mapping[str, frozenset[str]] = field(default_factory=dict)
    follows: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def number(self, law: str, article: str) -> str:
        """第十六条第一款第（二）项 for 16(1)(2) of the law of that short name; empty for a law as a whole."""
        match = _ARTICLE.fullmatch(article)
        if match is None:
            return article
        said = f"第{han_number(int(match['article']))}条"
        if match["after"]:
            said += f"之{han_number(int(match['after']))}"
        parts = [han_number(int(part)) for part in re.findall(r"\d+", match["parts"])]
        if len(parts) == 1 and f"{law}{article}" not in self.paragraphs:
            return f"{said}第（{parts[0]}）项"
        if parts:
            said += f"第{parts[0]}款"
        return said + "".join(f"第（{part}）项" for part in parts[1:])

    def kind(self, law: str, article: str) -> ArticleKind:
        if law in self.guides:
            return ArticleKind.GUIDE
        return ArticleKind.LIABILITY if _whole(article) in self.liability.get(law, ()) else ArticleKind.DUTY

    def liabilities(self, law: str, article: str) -> list[str]:
        """Articles of the same law that say what follows from that one."""
        return [number for number, spoken_of in self.follows.get(law, {}).items() if _whole(article) in spoken_of]


def load_citations(lexicons: Path) -> Citations:
    """Empty where there is no such file. Raises `classifier.errors.LexiconError` for one of another shape."""
    path = lexicons / FILE
    if not path.exists():
        return Citations()
    with shape_of(path):
        data = tomllib.loads(path.read_text("utf-8"))
        return Citations(
            frozenset(map(str, data["paragraphs"])),
            frozenset(map(str, data["guides"])),
            {law: frozenset(map(str, articles)) for law, articles in data["liability"].items()},
            {
                law: {number: frozenset(map(str, articles)) for number, articles in each.items()}
                for law, each in data["follows"].items()
            },
        )


def han_number(number: int) -> str:
    """1 to 999 as articles are counted: 十六, 一百零一, 二百八十七."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        said += f"{'' if tens == 1 and not hundreds else _DIGITS[tens]}十"
    elif hundreds and ones:
        said += "零"
    return said + (_DIGITS[ones] if ones else "")


def _whole(article: str) -> str:
    """The article without paragraph and item."""
    return article.partition("(")[0]
