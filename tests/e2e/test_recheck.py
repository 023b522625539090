"""Referred pages are visited again: gone, softened, moved, unchanged, unreachable, forbidden, and back again."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from domain.routing import Recipient
from domain.takedown import Grade
from referral.register import record_package, reserve_number
from storage.database import open_engine
from tests.e2e.changing_site import HOST, SOFT, ChangingSite, hours_pass, page_of, site
from tests.e2e.command_line import Run
from tests.e2e.handed_out import handed_out

__all__ = ["site"]


def refer(home: Path, cases: Mapping[str, int]) -> None:
    """What `yiguang refer` leaves in the register."""
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    number = reserve_number(engine, Recipient.AMR, list(cases.values()), "wang", {}, datetime.now(UTC))
    record_package(engine, number, "0" * 64)
    engine.dispose()


def test_the_ladder_over_a_site_that_changes(yiguang: Run, home: Path, site: ChangingSite, tmp_path: Path) -> None:
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    start = f"http://{HOST}:{site.port}/"
    targets.write_text(f"name,url,delay_seconds,depth,local\n示例医馆,{start},0,2,1\n", "utf-8")
    hosts.write_text(f"127.0.0.1 {HOST}\n")
    environ = {"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1", "YIGUANG_RETRY_SECONDS": "0.1"}
    yiguang("init")
    night = yiguang("nightly", "--targets", targets, environ=environ)
    assert night.returncode == 0, night.stderr.decode()
    listed = [json.loads(line) for line in yiguang("cases", "list", "--json").stdout.splitlines()]
    cases = {row["url"].rsplit("/", 1)[1]: row["id"] for row in listed}
    assert set(cases) == {"down", "soft", "same", "back", "shut", "moved"}

    nothing = yiguang("recheck", "--due", environ=environ)
    assert (nothing.returncode, nothing.stdout) == (0, b"")
    assert "没有等待复测的线索" in nothing.stderr.decode()
    assert yiguang("recheck", str(cases["down"]), environ=environ).returncode == 1
    refer(home, cases)
    assert "下一次到期" in yiguang("recheck", "--due", environ=environ).stderr.decode()

    def recheck(*arguments: str) -> dict[str, dict[str, object]]:
        done = yiguang("recheck", "--json", *arguments, environ=environ)
        assert done.returncode == 0, done.stderr.decode()
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["url"].rsplit("/", 1)[1]: row for row in rows}

    hours_pass(home, 25)
    kept = site.pages.copy()
    site.pages |= {"/down": None, "/back": None, "/moved": None}
    site.pages["/soft"] = page_of("皮肤专科", SOFT)
    site.robots = "User-agent: *\nDisallow: /shut\n"
    first = recheck("--due")
    assert {name: row["grade"] for name, row in first.items()} == {
        "down": "gone-once",
        "soft": "softened",
        "same": "unchanged",
        "back": "gone-once",
        "shut": "unknown",
        "moved": "gone-once",
    }
    assert first["soft"]["left"] == []
    assert ["cure-rate", "治愈率高达99.8%"] in first["soft"]["dropped"]  # type: ignore[operator]

    hours_pass(home, 7)
    site.robots = ""
    site.pages["/"] = kept["/moved"]
    again = yiguang("nightly", environ=environ)  # the text of /moved is met at another address
    assert again.returncode in (0, 1), again.stderr.decode()
    second = recheck(*(str(cases[name]) for name in ("down", "back", "shut", "moved")))
    assert {name: row["grade"] for name, row in second.items()} == {
        "down": "gone",
        "back": "gone",
        "shut": "unchanged",
        "moved": "moved",
    }
    assert second["moved"]["copies"] == [start]

    site.pages["/back"] = kept["/back"]
    third = recheck(str(cases["back"]))["back"]
    assert (third["grade"], third["reappeared"]) == ("unchanged", True)
    assert len(third["looks"]) == 3  # type: ignore[arg-type]
    site.broken = {"/same"}
    assert recheck(str(cases["same"]))["same"]["grade"] == "unreachable"
    shown = yiguang("cases", "show", str(cases["back"])).stdout.decode()
    assert "现又出现" in shown
    nights = yiguang("night", "list").stdout.decode()
    assert "recheck" not in nights
    verified = yiguang("evidence", "verify", "--all")
    assert verified.returncode == 0, verified.stdout.decode()

    listed_looks = [json.loads(line) for line in yiguang("evidence", "looks", "--json").stdout.splitlines()]
    assert {row["grade"] for row in listed_looks} == set(Grade), "every outcome there is"
    assert all(row["verified"] and row["seal"] for row in listed_looks)
    assert len({row["bundle"] for row in listed_looks}) == len(listed_looks) == 12
    seen = {}
    for name in ("down", "soft", "same", "moved"):
        seen |= handed_out(yiguang, cases[name], tmp_path / name)
    assert {look["grade"] for look in seen.values()} == set(Grade) - {Grade.UNKNOWN}
    gone = next(look for look in seen.values() if look["grade"] == "gone")
    assert (gone["outcome"], gone["http_status"], gone["control"]["result"]) == ("http-gone", 404, "alive")
    assert gone["earlier"][0]["grade"] == "gone-once"
    soft = next(look for look in seen.values() if look["grade"] == "softened")
    assert "治愈率高达99.8%" in [row["quote"] for row in soft["claims"]["dropped"]]
    broken = next(look for look in seen.values() if look["grade"] == "unreachable")
    assert (broken["outcome"], broken["http_status"]) == ("http-error", 503)
