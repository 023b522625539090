"""A changed rule tried before anybody publishes it: its file, its examples, and what it would find on recent pages."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from classifier.engine import Analyser
from classifier.errors import LexiconError
from domain.findings import Document
from review.web.proposals import TrialResult
from yiguang.judgement.lexicon_check import example_faults, in_chinese

_READ = ("rules", "terms", "laws", "gates", "adtest", "fold")


class RuleTrial:
    """Tries changes against the lexicons of one folder, which is never written to."""

    def __init__(self, lexicons: Path) -> None:
        self._lexicons = lexicons

    def __call__(self, rule: str, text: str, documents: Sequence[Document]) -> TrialResult:
        with _copy(self._lexicons) as copy:
            (copy / "rules" / f"{rule}.yml").write_text(text, encoding="utf-8", newline="\n")
            try:
                after = Analyser(copy)
            except LexiconError as fault:
                return TrialResult((in_chinese(fault, copy),))
            own = f"{rule}："
            faults = tuple(fault for fault in example_faults(after, copy) if fault.startswith(own))
        return _compared(rule, Analyser(self._lexicons), after, documents, faults)


def _compared(
    rule: str, before: Analyser, after: Analyser, documents: Sequence[Document], faults: tuple[str, ...]
) -> TrialResult:
    gained: list[str] = []
    lost: list[str] = []
    kept = 0
    for document in documents:
        old, new = (dict(_places(analyser, document, rule)) for analyser in (before, after))
        gained += [quote for place, quote in new.items() if place not in old]
        lost += [quote for place, quote in old.items() if place not in new]
        kept += len(old.keys() & new.keys())
    return TrialResult(faults, len(documents), tuple(gained), tuple(lost), kept)


def _places(analyser: Analyser, document: Document, rule: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Where the rule has a finding that no gate silences, also one on trial."""
    for item in analyser.analyse(document).located:
        finding = item.finding
        if finding.rule == rule and set(finding.gates) <= {"shadow"}:
            yield (finding.start, finding.end), finding.quote


@contextmanager
def _copy(lexicons: Path) -> Iterator[Path]:
    """What analysing reads of the lexicons, in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="yiguang-rule-") as folder:
        for name in _READ:
            shutil.copytree(lexicons / name, Path(folder) / name)
        yield Path(folder)
