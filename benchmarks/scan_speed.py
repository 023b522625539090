"""How fast `yiguang scan --jsonl` answers, start-up and memory included.

    python -m benchmarks.scan_speed [LINES]

The texts are the examples of the rules, repeated; each is about as long as a short post.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

YIGUANG = (sys.executable, "-c", "from yiguang.cli import main; main()")


def example_texts(rules: Path) -> list[str]:
    """Every little text that a rule gives as its example."""
    from classifier.yaml_file import load_mapping

    def texts(row: dict[str, object]) -> Iterator[str]:
        for name in ("fires_on", "silent_on"):
            examples = row.get(name, [])
            assert isinstance(examples, list)
            for example in examples:
                yield example if isinstance(example, str) else str(example["text"])

    return [text for path in sorted(rules.glob("*.yml")) for text in texts(load_mapping(path))]


def scan(lines: list[bytes]) -> float:
    """Seconds of wall-clock time for one run of the command."""
    before = time.perf_counter()
    done = subprocess.run([*YIGUANG, "scan", "--jsonl", "-"], input=b"".join(lines), capture_output=True, check=True)
    assert done.stdout.count(b"\n") == len(lines)
    return time.perf_counter() - before


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    texts = example_texts(Path(__file__).parent.parent / "lexicons" / "rules")
    posts = ["\n".join(islice(cycle(texts[start:] + texts), 8)) for start in range(len(texts))]
    lines = [
        json.dumps({"id": str(number), "text": text}, ensure_ascii=False).encode() + b"\n"
        for number, text in enumerate(islice(cycle(posts), count))
    ]
    start_up = scan(lines[:1])
    seconds = scan(lines)
    megabytes = sum(map(len, lines)) / 1e6
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"start-up {start_up:.2f} s; {count} lines ({megabytes:.1f} MB) in {seconds:.1f} s")
    print(f"{count / seconds:.0f} lines/s, peak {peak:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
