"""Is it an advertisement? `lexicons/adtest/ad.yml`: what excludes it, what makes it one, with the article of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import LexiconError, shape_of
from classifier.facts import ConditionReader, PageView, Test
from classifier.fold import Folder
from classifier.rules import STAGE_TWO_FACTS
from classifier.yaml_file import line_of, load_mapping


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for or against: `basis` cites the article, `title` says it in Chinese."""

    basis: str
    title: str
    test: Test


@dataclass(frozen=True, slots=True)
class AdFinding:
    """The result: an advertisement when a ground holds and no exclusion does."""

    is_ad: bool
    grounds: tuple[Ground, ...]
    exclusions: tuple[Ground, ...]

    @property
    def basis(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ground.basis for ground in (self.grounds if self.is_ad else self.exclusions)))


@dataclass(frozen=True, slots=True)
class AdTest:
    grounds: tuple[Ground, ...]
    exclusions: tuple[Ground, ...]
    residual: tuple[Ground, ...]

    def catch_all(self, view: PageView, found: AdFinding) -> AdFinding:
        """For a page that the model flags: the residual clauses (其他情形), unless an exclusion holds."""
        if found.is_ad or found.exclusions:
            return found
        grounds = tuple(ground for ground in self.residual if ground.test(view))[:1]
        return AdFinding(bool(grounds), grounds, ())

    def decide(self, view: PageView) -> AdFinding:
        """`view` must have its facts and the families of live findings."""
        exclusions = tuple(ground for ground in self.exclusions if ground.test(view))
        grounds = tuple(ground for ground in self.grounds if ground.test(view))
        return AdFinding(bool(grounds) and not exclusions, grounds, exclusions)


def load_ad_test(folder: Path, folder_of_text: Folder, groups: Iterable[str], facts: Iterable[str]) -> AdTest:
    path = folder / "ad.yml"
    data = load_mapping(path)
    if set(data) != {"ad", "not_ad", "residual"}:
        raise LexiconError(path, "expected `ad`, `not_ad` and `residual`")
    reader = ConditionReader(path, frozenset(groups), folder_of_text)
    reader.known_facts.update(facts)
    reader.known_facts.update(STAGE_TWO_FACTS - {"is-ad"})

    def read(key: str) -> tuple[Ground, ...]:
        return tuple(_ground(path, reader, entry, key, index) for index, entry in enumerate(data[key]))

    with shape_of(path):
        return AdTest(read("ad"), read("not_ad"), read("residual"))


def _ground(path: Path, reader: ConditionReader, entry: Any, key: str, index: int) -> Ground:
    if not isinstance(entry, dict) or set(entry) != {"basis", "title", "when"}:
        raise LexiconError(path, "expected `basis`, `title`, `when`", line_of(path, key, index))
    return Ground(str(entry["basis"]), str(entry["title"]), reader.test(entry["when"], key, index, "when"))
