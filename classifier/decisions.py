"""Analysts' exported decisions: human labels, kept apart from texts that were written for training.

One JSON object a line: `id`, `text`, and `decision` (`confirmed` or `dismissed`) or `label` (1 or 0); optionally `by`, `at`,
`title`, `url`, `site_name`, `account`, `pair`, `genre`, `families`, and `rules`, the ids of the rules whose findings were shown.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any

from classifier.errors import LexiconError, not_json
from classifier.text_file import read_text
from classifier.train import Row
from domain.findings import FAMILIES, GENRES, Document

LABELS = {"confirmed": 1, "dismissed": 0}
_HELD_OUT_SHARE = 5
"""One group in five is never trained on, by its digest, so that models made at any time can be compared on it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One analyst's decision. `rules` is None when the export does not say which rules were shown."""

    row: Row
    by: str
    rules: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One text with both labels; `confirmed` and `dismissed` name its rows."""

    text: str
    confirmed: tuple[str, ...]
    dismissed: tuple[str, ...]


def read_decisions(path: Path) -> list[Decision]:
    """Raises `LexiconError` with the line for a row that is not a decision."""
    decisions: list[Decision] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            try:
                data = json.loads(line)
            except ValueError as fault:
                raise not_json(path, fault, number) from fault
            try:
                decisions.append(_decision(data))
            except ValueError as fault:
                raise LexiconError(path, str(fault), number) from fault
    return decisions


def _decision(data: Any) -> Decision:
    if not isinstance(data, dict) or not isinstance(data.get("text"), str) or "id" not in data:
        raise ValueError("a decision needs `id` and `text`")
    label = LABELS.get(str(data.get("decision")), data.get("label"))
    if isinstance(label, bool) or label not in (0, 1):
        raise ValueError("a decision is `confirmed` or `dismissed`, or has a `label` of 1 or 0")
    if not isinstance(data.get("families"), (list, NoneType)):
        raise ValueError("`families` is a list of strings")
    genre, families = str(data.get("genre") or ""), tuple(str(name) for name in data.get("families") or ())
    if genre not in ("", *GENRES) or not set(families) <= set(FAMILIES):
        raise ValueError("unknown genre or family")
    title, site_name, url, account = (str(data.get(key) or "") for key in ("title", "site_name", "url", "account"))
    document = Document(text=data["text"], title=title, site_name=site_name, url=url, account=account)
    weight, rules = data.get("weight", 1.0), data.get("rules")
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        raise ValueError("`weight` is a number")
    if not isinstance(rules, (list, NoneType)):
        raise ValueError("`rules` is a list of strings")
    group = str(data.get("pair") or data.get("repo") or f"text:{fingerprint(data['text'])}")
    row = Row(str(data["id"]), group, int(label), document, float(weight), genre, families)
    return Decision(row, str(data.get("by") or ""), None if rules is None else tuple(str(rule) for rule in rules))


def fingerprint(text: str) -> str:
    """Equal for texts that a person would call the same: widths, spaces and line breaks do not count."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def contradictions(rows: Iterable[Row]) -> list[Contradiction]:
    """Texts that carry both labels, in order of first appearance; for a person to settle, never averaged away."""
    by_text: dict[str, list[Row]] = {}
    for row in rows:
        by_text.setdefault(fingerprint(row.document.text), []).append(row)
    return [
        Contradiction(
            same[0].document.text,
            tuple(row.id for row in same if row.label == 1),
            tuple(row.id for row in same if row.label == 0),
        )
        for same in by_text.values()
        if {row.label for row in same} == {0, 1}
    ]


def new_rows(rows: Sequence[Row], known: Iterable[Row]) -> list[Row]:
    """Each text once, and none that is among `known`."""
    seen = {fingerprint(row.document.text) for row in known}
    fresh: list[Row] = []
    for row in rows:
        mark = fingerprint(row.document.text)
        if mark not in seen:
            seen.add(mark)
            fresh.append(replace(row, id=f"human:{row.id}"))
    return fresh


def is_held_out(row: Row) -> bool:
    """Whether the row belongs to the part of human labels that no model is ever trained on."""
    digest = hashlib.sha256(f"held-out\n{row.group}".encode("utf-8", "replace")).digest()
    return digest[0] % _HELD_OUT_SHARE == 0
