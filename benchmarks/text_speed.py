"""How fast texts are judged beside the least that could be done: one pass of the same automaton over the same text.

    python -m benchmarks.text_speed

Rounds are interleaved, so that a busy machine slows all alike; figures are process CPU time, medians over the rounds.
Plain text has no finding, though some of its characters anchor rules; dense text is advertisements, end to end, and as they come. The
advertisements are the examples on which rules fire.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.engine import Analyser, Classifier
from classifier.facts import load_facts
from classifier.fold import Folder
from classifier.matcher import Matcher
from domain.findings import Document

LEXICONS = Path(__file__).parent.parent / "lexicons"
ROUNDS = 5
PLAIN = (
    "那年秋天的雨下得很久，河边的芦苇一片一片地倒下去，谁也不肯先回家。老船工把缆绳绕了三圈，点起一支烟，"
    "看着对岸的灯火慢慢亮起来。山上的雾散得很晚，石阶湿漉漉的，挑担的人走几步便停一停，把竹扁担换到另一边。"
)
LONG, PAGE, SHORT = 300_000, 5_000, 1_000
"""Code points of a long document, a page and a short post."""


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    documents: tuple[Document, ...]

    @property
    def megabytes(self) -> float:
        return sum(len(document.text.encode()) for document in self.documents) / 1e6


def advertisements(analyser: Analyser) -> list[str]:
    """Examples on which live rules fire."""
    return [
        example.text
        for rule in analyser.rules
        if rule.status == "live"
        for example in rule.fires_on
        if len(example.text) > 10
    ]


def pieces(text: str, size: int, total: int) -> tuple[Document, ...]:
    """Documents of `size` code points, `total` in all, out of the text repeated."""
    endless = text * (total // len(text) + 2)
    return tuple(Document(text=endless[start : start + size]) for start in range(0, total, size))


def samples(analyser: Analyser) -> Iterator[Sample]:
    plain = PLAIN
    assert not analyser.analyse(Document(text=plain)).located, "a rule fires on the plain text by now: write another"
    texts = advertisements(analyser)
    dense = "\n".join(texts)
    yield Sample("plain, long", pieces(plain, LONG, 2 * LONG))
    yield Sample("plain, pages", pieces(plain, PAGE, LONG))
    yield Sample("plain, posts", pieces(plain, SHORT, LONG // 3))
    yield Sample("dense, long", pieces(dense, LONG, LONG))
    yield Sample("dense, pages", pieces(dense, PAGE, LONG // 3))
    yield Sample("dense, posts", pieces(dense, SHORT, LONG // 6))
    yield Sample("single examples", tuple(Document(text=text) for text in texts))


def cpu_seconds(ways: Sequence[Callable[[], object]]) -> list[float]:
    """Median process CPU seconds of each way, rounds interleaved, after one that is not counted."""
    seconds: list[list[float]] = [[] for _ in ways]
    for number in range(ROUNDS + 1):
        for way, times in zip(ways, seconds, strict=True):
            before = time.process_time()
            way()
            if number:
                times.append(time.process_time() - before)
    return [statistics.median(times) for times in seconds]


def main() -> int:
    analyser = Analyser(LEXICONS)
    classifier = Classifier.load(LEXICONS)
    literals = {anchor for rule in analyser.rules for item in rule.words for anchor in item.anchors}
    matcher = Matcher(
        enumerate(sorted(literals)), load_facts(LEXICONS / "adtest", Folder.load(LEXICONS / "fold")).groups
    )
    print(f"{'':16} {'MB/s':>7} {'ms each':>9} {'x bare pass':>12}")
    for sample in samples(analyser):
        documents = sample.documents

        def judge(documents: tuple[Document, ...] = documents) -> None:
            for document in documents:
                classifier.judge(document)

        def scan(documents: tuple[Document, ...] = documents) -> None:
            for document in documents:
                matcher.scan(document.text)

        judged, scanned = cpu_seconds((judge, scan))
        print(
            f"{sample.name:16} {sample.megabytes / judged:7.2f} {1000 * judged / len(documents):9.3f} {judged / scanned:12.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
