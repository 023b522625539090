"""Quality floors: the model belongs to the rules and corpora that lie here, and none of its figures has sunk.

    python -m benchmarks.gate                        exit 1 when a floor is not reached or the model is stale
    python -m benchmarks.gate --propose [--lower N]  print floors.toml for today's figures

Every figure is made anew by cross-validation over the committed corpora: each text is scored by a model that saw no text
of its group (contrast pair, source). `family_f1` says whether the findings of rules name the labelled families; rules
were written looking at a part of these texts, so it is no figure about unseen ones.
"""

import argparse
import hashlib
import json
import math
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier.engine import Analyser
from classifier.evaluation import Evaluation, cross_validated, evaluate, live_families
from classifier.rule_files import lexicons_sha256
from classifier.train import Row, Settings, read_rows

ROOT = Path(__file__).parent.parent
LEXICONS = ROOT / "lexicons"
FLOORS = Path(__file__).with_name("floors.toml")
DECISIONS = ROOT / "docs" / "decisions"
KINDS = ("page", "snippet")
AT_LEAST = ("auc", "ap", "recall_fpr5", "recall_fpr1", "recall", "family_f1", "f1", "precision")
AT_MOST = ("ece", "brier", "false_positive_rate")
FEWEST_ROWS = 30
"""Genres and families with fewer rows have no floor of their own: one text more or less would break it."""

Figures = Mapping[str, Mapping[str, float]]
"""By section (`page`, `genre.news`, `family.privacy` …), by name."""


def corpora() -> list[Path]:
    return sorted((LEXICONS / "corpus").glob("*.jsonl"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stale(card: Mapping[str, Any], floors: Mapping[str, Any]) -> Iterator[str]:
    """What has changed since the model was trained, or since the floors were set."""
    if card["rules_sha256"] != lexicons_sha256(LEXICONS):
        yield "the model is older than the rules: run `yiguang model train`"
    digests = {path.name: sha256(path) for path in corpora()}
    if card["corpora"] != digests:
        yield "the model was trained on other corpora: run `yiguang model train`"
    if floors["corpora"] != digests:
        yield "the floors were set for other corpora: `python -m benchmarks.gate --propose`, and see floors.toml"


def stale_sentences(card: Mapping[str, Any]) -> Iterator[str]:
    """The same of the sentence model."""
    digests = {path.name: sha256(path) for path in corpora()}
    if card["rules_sha256"] != lexicons_sha256(LEXICONS):
        yield "the sentence model is older than the rules: train it again"
    if any(card["corpora"].get(name) != digest for name, digest in digests.items()):
        yield "the sentence model was trained on other corpora: train it again"


def measure(threshold: float, sentences: Mapping[str, Any]) -> Figures:
    """Every figure that can have a floor; those of the sentence model are taken from its card, cross-validated there."""
    rows, kinds = labelled_rows()
    analyser = Analyser(LEXICONS)
    scores = cross_validated(analyser, rows, Settings())
    found = live_families(analyser, rows)
    by_sentence = sentences["cross_validated_by_group"]["rules_and_sentences"]
    figures: dict[str, Mapping[str, float]] = {
        "sentences": {name: by_sentence[name] for name in ("f1", "precision", "recall")}
    }

    def part(name: str, chosen: Sequence[int]) -> Evaluation:
        some = [rows[at] for at in chosen]
        measured = evaluate(some, scores[np.array(chosen)], [found[at] for at in chosen], threshold)
        figures[name] = {**measured.whole, "family_f1": round(measured.family_f1, 4)}
        return measured

    whole = part("whole", range(len(rows)))
    for kind in KINDS:
        part(kind, [at for at, one in enumerate(kinds) if one == kind])
    for genre, (lawful, unlawful) in whole.genres.items():
        figures[f"genre.{genre}"] = {
            **({"false_positive_rate": round(lawful.share, 4)} if lawful.count >= FEWEST_ROWS else {}),
            **({"recall": round(unlawful.share, 4)} if unlawful.count >= FEWEST_ROWS else {}),
        }
    for family, one in whole.families.items():
        if one.wanted >= FEWEST_ROWS:
            figures[f"family.{family}"] = {
                "recall": round(one.flagged / one.wanted, 4),
                "family_f1": round(one.f1, 4),
            }
    return figures


def labelled_rows() -> tuple[list[Row], list[str]]:
    """Rows of all corpora, and the kind of each."""
    rows = [row for path in corpora() for row in read_rows(path)]
    lines = (line for path in corpora() for line in path.read_text(encoding="utf-8").split("\n") if line.strip())
    return rows, [str(json.loads(line).get("kind", "")) for line in lines]


def sunk(figures: Figures, floors: Mapping[str, Any]) -> Iterator[str]:
    """The figures that do not reach their floor, or pass their ceiling. A floor without a figure has sunk too."""
    for bound, sign in (("at_least", 1.0), ("at_most", -1.0)):
        for section, limits in floors[bound].items():
            for name, limit in limits.items():
                value = figures.get(section, {}).get(name)
                if value is None:
                    yield f"{section} {name}: no figure any more"
                    continue
                held = sign * (value - limit) >= 0.0
                print(
                    f"{'  ' if held else '! '}{section:28} {name:20} {value:.4f}  {bound.replace('_', ' '):8} {limit}"
                )
                if not held:
                    yield f"{section} {name} is {value:.4f}, {bound.replace('_', ' ')} {limit} is wanted"


def proposal(figures: Figures, old: Mapping[str, Any], card: Mapping[str, Any], *, lower: bool) -> str:
    """floors.toml for these figures: a little under them, and unless `lower` never below the floors that were."""
    head = FLOORS.read_text(encoding="utf-8").split("[", 1)[0]
    lines = [head.rstrip(), "", "[corpora]"]
    lines += [f'"{path.name}" = "{sha256(path)}"' for path in corpora()]
    lines += ["", "[measured]", f'date = "{card["date"]}"', f'rules = "{lexicons_sha256(LEXICONS)}"']
    for bound, names, sign in (("at_least", AT_LEAST, 1.0), ("at_most", AT_MOST, -1.0)):
        for section, values in figures.items():
            limits = {name: _limit(value, sign) for name, value in values.items() if name in names}
            if not lower:
                before = old.get(bound, {}).get(section, {})
                limits = {
                    name: sign * max(sign * limit, sign * before.get(name, limit)) for name, limit in limits.items()
                }
            if limits:
                lines += ["", f'[{bound}."{section}"]', *(f"{name} = {limit:g}" for name, limit in limits.items())]
    return "\n".join(lines) + "\n"


def _limit(value: float, sign: float) -> float:
    """A little worse than the figure: three hundredths for shares that should be high, half that for those near zero."""
    if sign > 0:
        return max(0.0, math.floor((value - 0.03 * min(1.0, 4 * (1 - value) + 0.2)) * 100) / 100)
    return math.ceil((value + 0.005 + 0.25 * value) * 1000) / 1000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate")
    parser.add_argument("--propose", action="store_true", help="print floors.toml for today's figures")
    parser.add_argument("--lower", metavar="NNNN", help="the decision record in docs/decisions that lets floors sink")
    options = parser.parse_args()
    if options.lower and not list(DECISIONS.glob(f"{options.lower}-*.md")):
        parser.error(f"no decision record {options.lower} in {DECISIONS.relative_to(ROOT)}")
    card = json.loads((LEXICONS / "model.json").read_text(encoding="utf-8"))
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    sentences = json.loads((LEXICONS / "sentences.json").read_text(encoding="utf-8"))
    figures = measure(card["threshold"], sentences)
    if options.propose:
        print(proposal(figures, floors, card, lower=bool(options.lower)), end="")
        return 0
    faults = [*sunk(figures, floors), *stale(card, floors), *stale_sentences(sentences)]
    for fault in faults:
        print(f"gate: {fault}", file=sys.stderr)
    print(f"gate: {len(faults)} of the floors do not hold" if faults else "gate: all floors hold")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
