"""Everything that `make bench` measures, one after the other.

    python -m benchmarks.bench [FOLDER]

FOLDER holds real pages as received; without it the pages of the sample web are read.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SITES = Path(__file__).parent.parent / "examples" / "web" / "sites"


def flat_copy(sites: Path, into: Path) -> None:
    """Every page of the sample web in one folder."""
    for path in sorted(sites.rglob("*.html")):
        shutil.copyfile(path, into / "_".join(path.relative_to(sites).parts))


def main() -> int:
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and not Path(sys.argv[1]).is_dir()):
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as copied:
        folder = Path(sys.argv[1]) if len(sys.argv) == 2 else Path(copied)
        if len(sys.argv) == 1:
            flat_copy(SITES, folder)
        parts = (
            ("texts", "text_speed", ()),
            ("pages", "read_speed", (str(folder),)),
            ("the command `yiguang scan --jsonl`", "scan_speed", ("5000",)),
            ("a night", "night_speed", ()),
        )
        failed = 0
        for title, module, arguments in parts:
            print(f"\n== {title}", flush=True)
            failed += (
                subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], check=False).returncode != 0
            )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
