"""Packages as the desk shows them: texts that whoever opens the desk has made of what is on record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term that runs, in Chinese, and whether it is over."""

    text: str
    late: bool


@dataclass(frozen=True, slots=True)
class PackageLine:
    """A package as the desk shows it; every text is Chinese. `cases` are the pages of its leads, `rescinded` those of them that were
    taken back; `next` is what is to be done, empty when nothing is."""

    number: str
    recipient: str
    stage: str
    supervised: bool
    terms: tuple[TermLine, ...]
    steps: tuple[str, ...]
    cases: tuple[int, ...]
    rescinded: tuple[int, ...]
    next: str

    @property
    def late(self) -> bool:
        return any(term.late for term in self.terms)


#: Every package as of now, newest first.
Outbox = Callable[[], Sequence[PackageLine]]
