"""Quality floors: the model belongs to the rules and corpora that lie here, and none of its figures has sunk.

python -m benchmarks.gate
"""

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from classifier.rules import lexicons_sha256

ROOT = Path(__file__).parent.parent
LEXICONS = ROOT / "lexicons"
FLOORS = Path(__file__).with_name("floors.toml")


def stale(card: Mapping[str, Any]) -> Iterator[str]:
    """What has changed since the model was trained."""
    if card["rules_sha256"] != lexicons_sha256(LEXICONS):
        yield "the rules have changed since the model was trained: run `yiguang model train`"
    for name, digest in card["corpora"].items():
        if hashlib.sha256((LEXICONS / "corpus" / name).read_bytes()).hexdigest() != digest:
            yield f"{name} has changed since the model was trained: run `yiguang model train`"


def sunk(figures: Mapping[str, float], floors: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The figures that do not reach their floor, or pass their ceiling."""
    for name, floor in floors["at_least"].items():
        print(f"{name:20} {figures[name]:.4f}  at least {floor}")
        if figures[name] < floor:
            yield f"{name} is {figures[name]:.4f}, below {floor}"
    for name, ceiling in floors["at_most"].items():
        print(f"{name:20} {figures[name]:.4f}  at most  {ceiling}")
        if figures[name] > ceiling:
            yield f"{name} is {figures[name]:.4f}, above {ceiling}"


def main() -> int:
    card = json.loads((LEXICONS / "model.json").read_text(encoding="utf-8"))
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    faults = [*sunk(card["cross_validated_by_group"], floors), *stale(card)]
    for fault in faults:
        print(f"gate: {fault}", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
