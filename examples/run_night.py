"""What `make run` does: one night over a targets file, or over the sample web served on loopback meanwhile."""

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from examples.web.server import SampleWeb

SAMPLE_PORT = 8950
#: The sample web answers at once or not at all, so its night need not wait as long as one on the real web.
SAMPLE_PACE = {"YIGUANG_TIMEOUT_SECONDS": "5", "YIGUANG_RETRY_SECONDS": "1"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.run_night")
    parser.add_argument("--targets", type=Path, help="targets file; without it the sample web is served and visited")
    options = parser.parse_args()
    if options.targets:
        return run(options.targets, os.environ)
    home = Path(os.environ.get("YIGUANG_HOME") or "var/sample")
    home.mkdir(parents=True, exist_ok=True)
    targets, hosts = home / "targets.csv", home / "hosts"
    with SampleWeb(SAMPLE_PORT if _is_free(SAMPLE_PORT) else 0) as web:
        web.write_targets(targets)
        web.write_hosts(hosts)
        print(f"样例网站：{len(web.hosts)} 个主机，在 127.0.0.1:{web.port}；这一夜约需 1-3 分钟", file=sys.stderr)
        return run(targets, {**os.environ, **SAMPLE_PACE, "YIGUANG_HOME": str(home), "YIGUANG_HOSTS": str(hosts)})


def run(targets: Path, environ: Mapping[str, str]) -> int:
    """Initialise and run the night; the exit code of the night."""
    yiguang = str(Path(sys.executable).with_name("yiguang"))
    made = subprocess.run([yiguang, "init"], env=environ, stderr=subprocess.DEVNULL, check=False)
    if made.returncode:
        return made.returncode
    night = subprocess.run([yiguang, "nightly", "--targets", str(targets)], env=environ, check=False)
    home = environ.get("YIGUANG_HOME") or "var"
    prefix = f"YIGUANG_HOME={home} .venv/bin/yiguang"
    _export_first_lead(yiguang, Path(home) / "export", environ)
    print(
        f"\n接下来：\n  {prefix} cases list              线索一览"
        f"\n  {prefix} cases show 编号         一条线索的内容与依据"
        f"\n  {prefix} evidence verify --all   再次核验全部证据"
        f"\n  {prefix} evidence export 编号 --out 目录"
        "\n确认与移送要三个账号：初审员 analyst、复审员 reviewer（两人都确认才算确认）、移送员 officer"
        f"\n  {prefix} accounts add 名字 --role analyst   另两个同样建立，然后"
        f"\n  {prefix} serve                   打开审核台；两人确认之后，由移送员用 refer 制作移送材料"
        "\n证据包（.wacz）可在 https://replayweb.page 打开，文件不会上传。"
    )
    return night.returncode


def _export_first_lead(yiguang: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Write the masked copy of the first lead and say where: what circulates while nobody has confirmed anything."""
    listed = subprocess.run([yiguang, "cases", "list", "--json"], env=environ, stdout=subprocess.PIPE, check=False)
    lines = listed.stdout.splitlines()  # one lead a line, most suspicious first
    if listed.returncode or not lines:
        return
    case = json.loads(lines[0])["id"]
    print(f"\n线索 {case} 的脱敏副本：{folder}（移送材料须经两人确认后用 refer 制作）", flush=True)
    subprocess.run([yiguang, "evidence", "export", str(case), "--out", str(folder)], env=environ, check=False)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # The server will reuse the address too, so one that only lingers from the last night counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
