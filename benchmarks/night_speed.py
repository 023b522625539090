"""How fast a night over the sample web fetches, judges and records, browser and evidence included.

    python -m benchmarks.night_speed

What a page costs by stage, without the browser and the network, is shown by `benchmarks.page_stages`.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.kill_night import YIGUANG, sample_environment
from examples.web.server import SampleWeb
from storage.database import open_engine
from storage.tables import pages


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, SampleWeb(0) as web:
        home = Path(folder, "home")
        environ = sample_environment(web, home)
        web.write_targets(home / "targets.csv")
        subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
        before = time.perf_counter()
        command = [*YIGUANG, "nightly", "--targets", str(home / "targets.csv"), "--json"]
        night = json.loads(subprocess.run(command, env=environ, check=False, capture_output=True).stdout)
        seconds = time.perf_counter() - before
        engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
        with engine.connect() as connection:
            visited = connection.execute(select(func.count()).select_from(pages)).scalar_one()
        engine.dispose()
        size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6
    print(
        f"a night of {visited} visits and {night['leads']} leads in {seconds:.1f} s: {visited / seconds:.1f} visits/s, {size:.1f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
