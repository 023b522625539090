"""Two nights of one day, and how the second is called."""

from datetime import UTC, datetime
from pathlib import Path

from domain.beijing import BEIJING
from tests.e2e.changing_site import HOST, ChangingSite, site
from tests.e2e.command_line import Run

__all__ = ["site"]


def test_a_second_night_of_a_day_says_what_it_is_called(yiguang: Run, site: ChangingSite, tmp_path: Path) -> None:
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    targets.write_text(f"name,url,delay_seconds,depth,local\n示例医馆,http://{HOST}:{site.port}/,0,0,1\n", "utf-8")
    hosts.write_text(f"127.0.0.1 {HOST}\n")
    environ = {"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1"}
    yiguang("init")
    day = datetime.now(UTC).astimezone(BEIJING).date().isoformat()
    first = yiguang("nightly", "--date", day, "--targets", targets, environ=environ).stderr.decode()
    second = yiguang("nightly", "--date", day, environ=environ).stderr.decode()
    told = f"{day} 已有巡查完的一夜；这是当天第 2 夜，编号 {day}-2"
    assert told not in first and told in second.splitlines()
    assert yiguang("night", "show").stdout.decode().startswith(f"{day}-2 夜间巡查（当天第 2 夜）：正常")
    assert yiguang("night", "show", day).stdout.decode().startswith(f"{day} 夜间巡查：正常")
