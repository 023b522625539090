"""The gates of one page: what the page settles is settled once, what a sentence says is read once."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from classifier.gates import Gate, GateTest, Place


class _Open(NamedTuple):
    """A gate as far as the page and a family settle it: silencing whatever the place (`always`), or by `tests` there."""

    name: str
    always: bool
    tests: list[GateTest]
    exceptions: tuple[re.Pattern[str], ...]


class PageGates:
    """Which gates silence findings on one page, whose folded text all places are of."""

    def __init__(self, gates: Mapping[str, Gate], facts: frozenset[str]) -> None:
        self._gates = gates
        self._facts = facts
        self._settled: dict[tuple[tuple[str, ...], str], tuple[_Open, ...]] = {}
        self._sentences: dict[tuple[int, int, int], bool] = {}

    def silencing(self, names: tuple[str, ...], place: Place) -> tuple[str, ...]:
        """Those of the gates `names` that silence a finding at `place`, in the order given."""
        key = names, place.family
        settled = self._settled.get(key)
        if settled is None:
            settled = self._settled[key] = tuple(self._settle(names, place.family))
        return tuple([gate.name for gate in settled if self._silences(gate, place)])

    def _settle(self, names: tuple[str, ...], family: str) -> list[_Open]:
        settled = []
        for name in names:
            gate = self._gates[name]
            always, local = False, []
            for test in gate.tests:
                if test.families and family not in test.families or not test.condition.holds(self._facts):
                    continue
                if test.kind == "page":
                    always = True
                    break
                local.append(test)
            if always or local:
                settled.append(_Open(name, always, local, gate.exceptions))
        return settled

    def _silences(self, gate: _Open, place: Place) -> bool:
        if not gate.always:
            for test in gate.tests:
                if self._in_sentence(test, place) if test.kind == "sentence" else test.holds_at(place):
                    break
            else:
                return False
        if not gate.exceptions:
            return True
        low, high = max(place.sentence[0], place.start - 6), min(place.sentence[1], place.end + 4)
        return not any(pattern.search(place.text, low, high) for pattern in gate.exceptions)

    def _in_sentence(self, test: GateTest, place: Place) -> bool:
        """A sentence says the same to all findings in it."""
        low, high = test.reach(place)
        key = id(test), low, high
        if key not in self._sentences:
            self._sentences[key] = test.enough(place.text, low, high)
        return self._sentences[key]
