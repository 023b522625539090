"""The wordings by which pages are read: data of `lexicons/web`, compiled once and handed to every reader."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.literals import Literals
from crawler.qr import CodeKind, code_kinds_of
from crawler.unfolding_words import Unfolding, unfolding_of
from domain.outcome import Outcome


class BadWordings(Exception):
    """A file of `lexicons/web` is missing or not as it must be; the message names the file."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that stands in for the page asked for; see the head of `notices.toml`. Words are lower case."""

    outcome: Outcome
    detail: str
    max_chars: int
    between_links: bool
    site: str
    title_is: tuple[str, ...]
    in_title: tuple[str, ...]
    in_text: tuple[str, ...]
    body_clauses: frozenset[str]
    greetings: tuple[str, ...]
    clauses: frozenset[str]
    labels: frozenset[str]
    title_clauses: frozenset[str]
    in_markup: tuple[str, ...]
    markup_has_all: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Wordings:
    """Loaded once; equal only to itself, so that readings can be remembered for it.

    `region_names` maps a part of a class or id name to `footer`, `header`, `nav` or `aside`; those of `region_last_words`
    count only as the last part of a name.

    `challenge_parameters` and `challenge_cookies` are names, in lower case, by which a round of redirects shows that a firewall
    wants to be answered by a script.

    `calls` and `link_calls` match in lower-cased text; `widget_of` gives the Chinese name for a mark in lower-cased
    source. In `institution_cut` the group `cut` is set for words that cannot be the front of a name.
    """

    notices: tuple[Notice, ...]
    challenge_parameters: frozenset[str]
    challenge_cookies: frozenset[str]
    region_names: Mapping[str, str]
    region_last_words: frozenset[str]
    region_prefixes: tuple[tuple[str, str], ...]
    footer_marks: re.Pattern[str]
    footer_lines: re.Pattern[str]
    body_selectors: frozenset[str]
    article_ends: re.Pattern[str]
    article_closers: re.Pattern[str]
    article_neighbours: re.Pattern[str]
    article_lists: re.Pattern[str]
    calls: re.Pattern[str]
    link_calls: re.Pattern[str]
    widget_of: Mapping[str, str]
    widget_marks: Literals
    site_ending: re.Pattern[str]
    institution_ending: re.Pattern[str]
    institution_cut: re.Pattern[str]
    institution_generic: frozenset[str]
    code_kinds: tuple[CodeKind, ...]
    unfolding: Unfolding


def load_wordings(folder: Path) -> Wordings:
    """Read `lexicons/web` (the folder itself). Raises `BadWordings`."""
    regions, calls = _toml(folder / "regions.toml"), _toml(folder / "calls.toml")
    institutions, notices = _toml(folder / "institutions.toml"), _toml(folder / "notices.toml")
    try:
        body, redirects = regions["body"], notices["redirects_of_challenges"]
        widget_of = {
            mark.lower(): row["name"] for row in _toml(folder / "widgets.toml")["widget"] for mark in row["marks"]
        }
        return Wordings(
            notices=tuple(_notice(row) for row in notices["notice"]),
            challenge_parameters=frozenset(_lower(redirects["parameters"])),
            challenge_cookies=frozenset(_lower(redirects["cookies"])),
            region_names={name: region for region, names in regions["names"].items() for name in names},
            region_last_words=frozenset(regions["last_words"]["words"]),
            region_prefixes=tuple(
                (prefix, region) for region, prefixes in regions["names_prefix"].items() for prefix in prefixes
            ),
            footer_marks=_any_of(regions["footer_marks"]["words"]),
            footer_lines=_any_of(regions["footer_marks"]["lines_before"]),
            body_selectors=frozenset(body["selectors"]),
            article_ends=_any_of([*body["neighbours"], *body["related"]]),
            article_neighbours=_any_of(body["neighbours"]),
            article_closers=re.compile(f"[（(\\[【]?(?:{_alternatives(body['closers'])})\\s?[:：]"),
            article_lists=re.compile(
                f"(?:{_alternatives([*body['related'], *body['more_related']])})(?:[^，。！？]{{0,12}}|\\W{{0,3}}[A-Za-z ]{{1,30}})$"
                f"|(?:{_alternatives(body['statements'])})"
            ),
            calls=_any_of(calls["phrases"]),
            link_calls=_any_of([*calls["phrases"], *calls["link_only"]]),
            widget_of=widget_of,
            widget_marks=Literals(widget_of),
            site_ending=re.compile(f"(?:{_alternatives(institutions['site_endings'])})[】\\])）]*$"),
            institution_ending=_any_of(institutions["suffixes"]),
            institution_cut=re.compile(
                f"(?:{_alternatives(institutions['keep'])})|(?P<cut>{_alternatives(institutions['cut_after'])})"
            ),
            institution_generic=frozenset(institutions["generic"]),
            code_kinds=code_kinds_of(_toml(folder / "qr.toml")),
            unfolding=unfolding_of(_toml(folder / "unfolding.toml")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadWordings(f"{folder}: {error!r}") from error


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadWordings(f"{path}: {error}") from error


def _notice(row: Mapping[str, Any]) -> Notice:
    return Notice(
        outcome=Outcome(row["outcome"]),
        detail=row["detail"],
        max_chars=row["max_chars"],
        between_links=row.get("between_links", False),
        site=row.get("site", ""),
        title_is=_lower(row.get("title_is", ())),
        in_title=_lower(row.get("in_title", ())),
        in_text=_lower(row.get("in_text", ())),
        body_clauses=frozenset(_lower(row.get("body_clauses", ()))),
        greetings=_lower(row.get("greetings", ())),
        clauses=frozenset(_lower(row.get("clauses", ()))),
        labels=frozenset(_lower(row.get("labels", ()))),
        title_clauses=frozenset(_lower(row.get("title_clauses", ()))),
        in_markup=_lower(row.get("in_markup", ())),
        markup_has_all=_lower(row.get("markup_has_all", ())),
    )


def _lower(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _alternatives(words: Sequence[str] | Mapping[str, str]) -> str:
    """Longest first, so that the longer of two words that begin alike is the one found."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _any_of(words: Sequence[str] | Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(_alternatives([word.lower() for word in words]))
