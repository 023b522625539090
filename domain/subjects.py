"""Licensed subjects (诊疗科目): the official list with the names that people use for them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_BETWEEN = re.compile(r"[/、，,；;。:：()（）\s|+\\*]+")
_CODE = re.compile(r"\d{2}(?:\.\d{2}){0,2}", re.ASCII)
_ENDINGS = ("专业", "项目", "门诊", "科")


@dataclass(frozen=True, slots=True)
class SubjectBook:
    """Names of subjects by code (`03.04`), and codes by every plain name; a code's parent is the code without its last part."""

    names: Mapping[str, str]
    codes: Mapping[str, str]

    def code_of(self, name: str) -> str | None:
        """The code of a subject as a list or an advertisement writes it, None when it is no known subject."""
        plain = re.sub(r"[\s*＊]|[(（][^)）]*[)）]", "", name)
        if _CODE.fullmatch(plain):
            return plain if plain in self.names else None
        return self.codes.get(plain) or self.codes.get(_stem(plain))

    def read_list(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Codes of a list such as `内科、外科；妇产科专业`, and the parts that are no known subject."""
        codes: dict[str, None] = {}
        unknown: list[str] = []
        for part in filter(None, _BETWEEN.split(text)):
            code = self.code_of(part)
            if code is None:
                unknown.append(part)
            else:
                codes[code] = None
        return tuple(codes), tuple(unknown)

    def covers(self, licensed: tuple[str, ...], code: str) -> bool:
        """Whether a subject is licensed itself or as a part of a licensed one (内科 covers 心血管内科专业)."""
        return any(code == known or code.startswith(known + ".") for known in licensed)


def subject_book(rows: Iterable[Mapping[str, str]]) -> SubjectBook:
    """From rows of `registry/subjects.csv`. Raises KeyError for a missing column."""
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for row in rows:
        names[row["code"]] = row["name"]
        if row["name"] == "其他":
            continue
        for name in (row["name"], *filter(None, row["also_known_as"].split("|"))):
            codes.setdefault(name, row["code"])
            codes.setdefault(_stem(name), row["code"])
    return SubjectBook(names, codes)


def _stem(name: str) -> str:
    for ending in _ENDINGS:
        if len(name) > len(ending) + 1 and name.endswith(ending):
            name = name.removesuffix(ending)
    return name
