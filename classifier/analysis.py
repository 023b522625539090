"""Everything that is decided about a page before it is scored."""

from dataclasses import dataclass

from classifier.adtest import AdFinding
from classifier.findings import Located
from classifier.reading import Read


@dataclass(frozen=True, slots=True)
class Analysis:
    """`located` are findings in text order, silenced ones among them; `title_families` those of claims in the title.

    `relevance` (0..1) is how far the page is about bodies and medicine at all.
    """

    read: Read
    genre: str
    facts: frozenset[str]
    ad: AdFinding
    located: tuple[Located, ...]
    title_families: frozenset[str] = frozenset()
    relevance: float = 1.0

    @property
    def live(self) -> tuple[Located, ...]:
        return tuple(item for item in self.located if not item.finding.silenced)
