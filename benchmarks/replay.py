"""Other people's tools over real bundles: `wacz validate` on each, then a replay by pywb whose text is held against the captured one.

    python -m benchmarks.replay --tools FOLDER [PAGES...] [--home HOME...]

Bundles come from one night over the sample web, from a night over each folder of saved pages (see `benchmarks.real_night`) and from the
data folders given. `--tools` is a virtual environment with `benchmarks/outside-tools.txt`, made when it is not there. Prints a line for
every bundle that is refused or whose text differs, then sizes, and the CPU time that making and sealing a bundle takes besides the browser.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, create_server

from benchmarks.bundle_cost import seal_seconds
from benchmarks.kill_night import YIGUANG, sample_environment
from benchmarks.real_night import run_night
from benchmarks.replayed_text import Replay, captured_text, replays
from examples.web.server import SampleWeb

REQUIREMENTS = Path(__file__).with_name("outside-tools.txt")
TARGET_BYTES, TARGET_SECONDS = 5_000_000, 0.5


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs in a virtual environment of their own."""

    bin: Path

    @classmethod
    def at(cls, folder: Path) -> "Tools":
        if not (folder / "bin/wayback").exists():
            venv.create(folder, with_pip=True)
            command = [str(folder / "bin/python"), "-m", "pip", "install", "-q", "-r", str(REQUIREMENTS)]
            subprocess.run(command, check=True)
        return cls(folder / "bin")

    def validate(self, bundle: Path) -> str:
        """What `wacz validate` has against a bundle; empty when nothing."""
        done = subprocess.run(
            [self.bin / "wacz", "validate", "-f", bundle], capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}".strip()[-300:]

    @contextmanager
    def replayer(self, bundles: Sequence[Path], folder: Path) -> Iterator[str]:
        """A pywb on loopback with a collection for each bundle, `b0`, `b1` ...; gives its address."""
        folder.mkdir()
        for number, bundle in enumerate(bundles):
            for command in (["init", f"b{number}"], ["add", "--unpack-wacz", f"b{number}", str(bundle)]):
                subprocess.run([str(self.bin / "wb-manager"), *command], cwd=folder, check=True, capture_output=True)
        with create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [str(self.bin / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("pywb did not start")


def sample_night(home: Path) -> None:
    with SampleWeb(0) as web:
        environ = sample_environment(web, home)
        web.write_targets(home / "targets.csv")
        subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
        command = [*YIGUANG, "nightly", "--targets", str(home / "targets.csv")]
        subprocess.run(command, env=environ, check=False, stdout=subprocess.DEVNULL)


def print_costs(bundles: Sequence[Path]) -> None:
    sizes = sorted(bundle.stat().st_size for bundle in bundles)
    small = sum(size < TARGET_BYTES for size in sizes)
    print(
        f"size: median {statistics.median(sizes) / 1e6:.2f} MB, largest {sizes[-1] / 1e6:.2f} MB, "
        f"{small} of {len(sizes)} under {TARGET_BYTES / 1e6:g} MB"
    )
    seconds = sorted(seal_seconds(bundle.read_bytes()) for bundle in bundles)
    quick = sum(second < TARGET_SECONDS for second in seconds)
    print(
        f"CPU of making, sealing and writing: median {statistics.median(seconds):.3f} s, most {seconds[-1]:.3f} s, "
        f"{quick} of {len(seconds)} under {TARGET_SECONDS:g} s"
    )


def differs(replay: Replay, bundle: Path) -> bool:
    captured = captured_text(bundle)
    if replay.text == captured:
        return False
    print(
        f"{bundle.name}: {replay.fault or 'text differs'}; captured {len(captured)}, replayed {len(replay.text)} code points"
    )
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay")
    parser.add_argument("pages", type=Path, nargs="*", metavar="PAGES", help="folders of saved pages")
    parser.add_argument(
        "--home", type=Path, action="append", default=[], help="a data folder whose bundles to take as well"
    )
    parser.add_argument("--tools", type=Path, required=True)
    options = parser.parse_args()
    tools = Tools.at(options.tools)
    with tempfile.TemporaryDirectory() as name:
        homes = list(options.home)
        if not homes:
            homes = [Path(name, f"home-{number}") for number in range(len(options.pages) + 1)]
            sample_night(homes[0])
            for folder, home in zip(options.pages, homes[1:], strict=True):
                run_night(folder, home)
        bundles = sorted(bundle for home in homes for bundle in home.glob("evidence/*/*.wacz"))
        if not bundles:
            print("no bundle")
            return 1
        refused = [(bundle, fault) for bundle in bundles if (fault := tools.validate(bundle))]
        for bundle, fault in refused:
            print(f"{bundle.name}: refused by wacz validate: {fault}")
        with tools.replayer(bundles, Path(name, "pywb")) as address:
            different = sum(
                differs(replay, bundle) for replay, bundle in zip(replays(address, bundles), bundles, strict=True)
            )
        print(f"{len(bundles)} bundles: {len(bundles) - len(refused)} accepted by wacz validate, ", end="")
        print(f"{len(bundles) - different} replayed by pywb with the captured text")
        print_costs(bundles)
    return 1 if refused or different else 0


if __name__ == "__main__":
    sys.exit(main())
