"""Doctors whom a page names, and whether a list of registered practitioners has them at the institution: always 待核.

Lists are late, doctors may practise at several places, and many share a name: a name that is missing is a question to ask.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_SEPARATED = r"[ \t\u3000、，,:：|/·（(]{0,3}"
_BEFORE = r"(?:(?<=[^\u4e00-\u9fa5])|(?<=专家)|(?<=医院)|(?<=团队)|^)"
_AFTER = r"(?=[^\u4e00-\u9fa5]|$|男|女|教授|擅长|从事|毕业|坐诊|出诊|亲诊|主诊|接诊)"
_MOST_NAMED = 40


@dataclass(frozen=True, slots=True)
class PractitionerBook:
    """`lexicons/registry/practitioners.toml`: forms of speech that name a doctor; `headings` maps a heading to its field."""

    title_first: re.Pattern[str]
    name_first: re.Pattern[str]
    in_row: re.Pattern[str]
    not_names: tuple[str, ...]
    not_in_names: tuple[str, ...]
    headings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamedPractitioner:
    """A doctor whom a text names with a title; `start`/`end` (code points) bound the name."""

    name: str
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PractitionerLists:
    """What lists have of one institution: (source, day, number of practitioners) of each, and which asked names are on one."""

    lists: tuple[tuple[str, date, int], ...]
    registered: frozenset[str]


@dataclass(frozen=True, slots=True)
class PractitionerSeen:
    """A doctor whom an operator's pages name; `registered` is None when no list has practitioners of the institution."""

    name: str
    title: str
    urls: tuple[str, ...]
    registered: bool | None


def practitioner_book(data: Mapping[str, Any]) -> PractitionerBook:
    """From `registry/practitioners.toml`. Raises ValueError or KeyError when it does not hold what it should."""
    speech = data["speech"]
    surname = f"(?:{'|'.join(speech['compound'])}|[{''.join(dict.fromkeys(speech['surnames']))}])"
    name = rf"(?P<name>{surname}[\u4e00-\u9fa5]{{1,2}}?)"
    titles = "|".join(speech["titles"])
    called = "|".join((*speech["titles"], *speech["after_name"]))
    return PractitionerBook(
        title_first=re.compile(rf"(?P<title>{titles}){_SEPARATED}{name}{_AFTER}", re.MULTILINE),
        name_first=re.compile(rf"{_BEFORE}{name}{_SEPARATED}(?P<title>{called})", re.MULTILINE),
        in_row=re.compile(
            rf"^{name}[ \t|]+(?:[^\s。，]{{1,12}}[ \t|]+){{1,4}}?(?P<title>{titles})(?=$|[ \t|])", re.MULTILINE
        ),
        not_names=tuple(speech["not_names"]),
        not_in_names=tuple(speech["not_in_names"]),
        headings={heading: field for field, listed in data["headings"].items() for heading in listed},
    )


def named_practitioners(text: str, book: PractitionerBook) -> tuple[NamedPractitioner, ...]:
    """Each name once, in text order; forms like 主任医师 张某某, 张某某（主治医师）, 张某某医生, and rows of a table."""
    found: dict[str, NamedPractitioner] = {}
    for match in sorted(_matches(text, book), key=lambda match: match.start("name")):
        name = match["name"]
        if name.startswith(book.not_names) or any(word in name for word in book.not_in_names):
            continue
        if len(found) < _MOST_NAMED:
            found.setdefault(name, NamedPractitioner(name, match["title"], *match.span("name")))
    return tuple(found.values())


def _matches(text: str, book: PractitionerBook) -> Iterator[re.Match[str]]:
    """A name between two titles (主任医师 张某某 主治医师 李某某) belongs to the one in front when titles come first."""
    yield from book.in_row.finditer(text)
    first = list(book.title_first.finditer(text))
    yield from first
    if not first:
        yield from book.name_first.finditer(text)
        return
    taken = [match.span() for match in first]
    for match in book.name_first.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            yield match


def in_words(named: Sequence[NamedPractitioner], known: PractitionerLists) -> str:
    """What to ask about the named doctors whom no list has at the institution; empty when there are none or no list covers it."""
    missing = [item for item in named if item.name not in known.registered]
    if not known.lists or not missing:
        return ""
    names = "、".join(f"{item.name}（{item.title}）" for item in missing[:6])
    more = f"等 {len(missing)} 人" if len(missing) > 6 else ""
    lists = "；".join(f"{source}，{day}，载 {count} 人" for source, day, count in known.lists)
    return f"页面所列{names}{more}未见于名录所载本机构医师（{lists}）；名录滞后、多机构执业均属可能"


def seen_on_pages(pages: Iterable[tuple[str, str]], book: PractitionerBook) -> dict[str, tuple[str, tuple[str, ...]]]:
    """From (url, text) of pages: title and addresses by name, in order of first sight."""
    seen: dict[str, tuple[str, dict[str, None]]] = {}
    for url, text in pages:
        for item in named_practitioners(text, book):
            seen.setdefault(item.name, (item.title, {}))[1][url] = None
    return {name: (title, tuple(urls)) for name, (title, urls) in seen.items()}
