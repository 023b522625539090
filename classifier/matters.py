"""What a finding is called where people outside read of it: in words of the law, never by the title of our own rule."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classifier.errors import LexiconError, shape_of

FILE = Path("letters", "matters.toml")


@dataclass(frozen=True, slots=True)
class Matter:
    """`said` completes 涉嫌事项：…; `why` is one sentence on what of the page it is and what nobody has checked. Both Chinese."""

    said: str
    why: str


@dataclass(frozen=True, slots=True)
class Matters:
    """By rule and by family. An empty one knows none."""

    rules: Mapping[str, Matter] = field(default_factory=dict)
    families: Mapping[str, Matter] = field(default_factory=dict)

    def of(self, rule: str, family: str) -> Matter | None:
        """That of the rule or, for a rule that stands nowhere, of its family."""
        return self.rules.get(rule) or self.families.get(family)


def load_matters(lexicons: Path) -> Matters:
    """Empty where there is no such file. Raises `classifier.errors.LexiconError` for one that says nothing of a matter, or that has a rule or a family
    twice."""
    path = lexicons / FILE
    if not path.exists():
        return Matters()
    rules: dict[str, Matter] = {}
    families: dict[str, Matter] = {}
    with shape_of(path):
        for key, entry in tomllib.loads(path.read_text("utf-8")).items():
            matter = Matter(str(entry["said"]).strip(), str(entry["why"]).strip())
            if not matter.said or not matter.why:
                raise LexiconError(path, f"`said` and `why` of {key} say something")
            _enter(path, rules, entry.get("rules", ()), matter)
            _enter(path, families, entry.get("families", ()), matter)
    return Matters(rules, families)


def _enter(path: Path, known: dict[str, Matter], names: Iterable[object], matter: Matter) -> None:
    for name in map(str, names):
        if name in known:
            raise LexiconError(path, f"key {name} stands here twice")
        known[name] = matter
