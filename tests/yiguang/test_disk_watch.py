"""A disk that stays full ends the process with one line; one that has room again does not."""

import subprocess
import sys
from pathlib import Path

import pytest

_SLEEP = """
import sys, time
from pathlib import Path
from yiguang.nights.disk_watch import ends_when_full

left = iter([int(number) for number in sys.argv[1].split(",")])
last = [0]

def free(folder):
    last[0] = next(left, last[0])
    return last[0]

with ends_when_full(Path("/srv/home"), "yiguang nightly", lambda: print("stopped", flush=True), free, 0.02):
    time.sleep(float(sys.argv[2]))
print("ended")
"""


@pytest.mark.parametrize(
    ("free", "seconds", "code", "said"),
    [("5000000,0,0,0,0,0", 60, 1, "stopped\n"), ("0,0,0,5000000,0,0,0,5000000", 0.5, 0, "ended\n")],
)
def test_only_a_disk_that_stays_full_ends_it(free: str, seconds: float, code: int, said: str) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _SLEEP, free, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50, cwd=root)
    assert (done.returncode, done.stdout) == (code, said)
    line = "错误：磁盘已满（/srv/home）；已完成的部分不受影响，腾出空间后再次运行 yiguang nightly 会接着做"
    assert done.stderr.strip() == (line if code else "")
