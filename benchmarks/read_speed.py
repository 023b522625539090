"""What reading and scanning saved pages costs beside a bare loop of the same libraries, in one run.

    python -m benchmarks.read_speed FOLDER

Every file of the folder but .tsv is a page as received. Rounds are interleaved, so that a busy machine slows all ways
alike; figures are process CPU time, medians over the rounds. The bare loop parses a page, takes all its text and looks
for every anchor of the rules in it. The stock way (trafilatura, jieba over all text, pyahocorasick, tf-idf of
character n-grams) is measured when trafilatura and pyahocorasick are installed; the project does not need them.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from classifier.engine import Analyser, Classifier
from crawler.pages.decode import decode_html
from crawler.pages.extract import extract_page
from crawler.pages.reading import read_response
from crawler.wordings import load_wordings
from domain.documents import document_of
from yiguang.judgement.scan import Scanner, dump_row

LEXICONS = Path(__file__).parent.parent / "lexicons"
URL = "http://www.demo.example/a/b.html"
HEADERS = (("Content-Type", "text/html"),)
ROUNDS = 7
KB_128 = 128 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    html: str
    line: bytes


def load_pages(folder: Path) -> list[Page]:
    """Every page of the folder as received, as text, and as a line of `yiguang scan --jsonl`."""
    pages = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix != ".tsv":
            body = path.read_bytes()
            html, _ = decode_html(body, "text/html")
            row = {"id": path.name, "html": html, "url": URL}
            pages.append(Page(body, html, json.dumps(row, ensure_ascii=False).encode()))
    return pages


def ways(pages: list[Page]) -> dict[str, Callable[[], object]]:
    """Each way does all pages once."""
    wordings = load_wordings(LEXICONS / "web")
    classifier = Classifier.load(LEXICONS)
    scanner = Scanner(classifier.judge, lambda html, url: document_of(extract_page(html, url, "utf-8", wordings)))
    documents = [document_of(extract_page(page.html, URL, "utf-8", wordings)) for page in pages]
    rules = Analyser(LEXICONS).rules
    literals = sorted({anchor for rule in rules for item in rule.words for anchor in item.anchors})
    measured: dict[str, Callable[[], object]] = {
        "bare loop": bare_loop(pages, literals),
        "decode": lambda: [decode_html(page.body, "text/html") for page in pages],
        "extract": lambda: [extract_page(page.html, URL, "utf-8", wordings) for page in pages],
        "read response": lambda: [read_response(URL, 200, HEADERS, page.body, wordings) for page in pages],
        "judge": lambda: [classifier.judge(document) for document in documents],
        "scan": lambda: [dump_row(scanner.answer_line(page.line)) for page in pages],
    }
    if find_spec("trafilatura") and find_spec("ahocorasick"):
        measured["stock way"] = stock_way(pages, literals, [document.text for document in documents])
    return measured


def bare_loop(pages: list[Page], literals: Iterable[str]) -> Callable[[], object]:
    automaton = import_module("daachorse").CharwiseDoubleArrayAhoCorasick(list(literals))

    def loop() -> list[int]:
        found = []
        for page in pages:
            tree = LexborHTMLParser(json.loads(page.line)["html"])
            tree.strip_tags(["script", "style"])
            found.append(len(automaton.find_overlapping(tree.root.text() if tree.root else "")))
        return found

    return loop


def stock_way(pages: list[Page], literals: Iterable[str], texts: list[str]) -> Callable[[], object]:
    trafilatura, jieba = import_module("trafilatura"), import_module("jieba")
    vectorizer = import_module("sklearn.feature_extraction.text").TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    vectorizer.fit(texts)
    automaton = import_module("ahocorasick").Automaton()
    for literal in literals:
        automaton.add_word(literal, literal)
    automaton.make_automaton()
    jieba.initialize()

    def loop() -> None:
        for page in pages:
            text = trafilatura.extract(json.loads(page.line)["html"]) or ""
            list(jieba.cut(text))
            list(automaton.iter(text))
            vectorizer.transform([text])

    return loop


def cpu_seconds(measured: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median process CPU seconds of each way, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in measured}
    for round_number in range(ROUNDS + 1):
        for name, way in measured.items():
            before = time.process_time()
            way()
            if round_number:
                seconds[name].append(time.process_time() - before)
    return {name: statistics.median(times) for name, times in seconds.items()}


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    pages = load_pages(Path(sys.argv[1]))
    seconds = cpu_seconds(ways(pages))
    size = sum(len(page.body) for page in pages)
    print(f"{len(pages)} pages, {size / len(pages) / 1024:.0f} KiB each, {ROUNDS} rounds")
    print(f"{'':14} {'ms/page':>8} {'ms/128 KiB':>11} {'pages/s':>8} {'x bare loop':>12}")
    for name, time_taken in seconds.items():
        print(
            f"{name:14} {1000 * time_taken / len(pages):8.2f} {1000 * time_taken / (size / KB_128):11.2f} "
            f"{len(pages) / time_taken:8.0f} {time_taken / seconds['bare loop']:12.2f}"
        )
    print(f"scan reaches {seconds['bare loop'] / seconds['scan']:.2f} of the bare loop's speed", end="")
    print(f", {seconds['stock way'] / seconds['scan']:.1f} x the stock way" if "stock way" in seconds else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
