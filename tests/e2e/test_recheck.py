"""Referred pages are visited again: gone, softened, moved, unchanged, unreachable, forbidden, and back again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from domain.routing import Recipient
from domain.takedown import Grade
from referral.register import record_package, reserve_number
from storage.database import open_engine
from storage.tables import desk_items, nights, pages, takedown_looks
from tests.e2e.changing_site import HOST, SOFT, ChangingSite, hours_pass, page_of, site
from tests.e2e.command_line import Run
from tests.e2e.databases import database_url, postgresql_url
from tests.e2e.handed_out import handed_out

__all__ = ["database_url", "postgresql_url", "site"]


def refer(url: str, cases: Mapping[str, int]) -> None:
    """What `yiguang refer` leaves in the register."""
    engine = open_engine(url)
    number = reserve_number(engine, Recipient.AMR, list(cases.values()), "wang", {}, datetime.now(UTC))
    record_package(engine, number, "0" * 64)
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_ladder_over_a_site_that_changes(
    yiguang: Run, database_url: str, site: ChangingSite, tmp_path: Path
) -> None:
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
    refer(database_url, cases)
    assert "下一次到期" in yiguang("recheck", "--due", environ=environ).stderr.decode()

    def recheck(*arguments: str) -> dict[str, dict[str, object]]:
        done = yiguang("recheck", "--json", *arguments, environ=environ)
        assert done.returncode == 0, done.stderr.decode()
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["url"].rsplit("/", 1)[1]: row for row in rows}

    hours_pass(database_url, 25)
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

    hours_pass(database_url, 7)
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
    seen: dict[str, Any] = {}
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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_that_is_interrupted_names_the_command_that_takes_it_up(
    yiguang: Run, home: Path, database_url: str, site: ChangingSite, tmp_path: Path
) -> None:
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 {HOST}\n")
    environ = {"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1"}

    def visit_every(seconds: int) -> None:
        row = f"示例医馆,http://{HOST}:{site.port}/,{seconds},2,1"
        targets.write_text(f"name,url,delay_seconds,depth,local\n{row}\n", "utf-8")
        assert yiguang("targets", "import", targets).returncode == 0

    yiguang("init")
    visit_every(0)
    assert yiguang("nightly", environ=environ).returncode == 0
    listed = [json.loads(line) for line in yiguang("cases", "list", "--json").stdout.splitlines()]
    refer(database_url, {row["url"]: row["id"] for row in listed})
    visit_every(1)
    first, second = (str(row["id"]) for row in listed[:2])  # not due yet: without numbers there is nothing to do

    site.asked.clear()
    begun = subprocess.Popen(
        [Path(sys.executable).with_name("yiguang"), "recheck", first, second],
        env={**os.environ, **environ, "YIGUANG_HOME": str(home)},
        stderr=subprocess.PIPE,
    )
    while not site.asked:
        assert begun.poll() is None
        time.sleep(0.05)
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate()
    assert begun.returncode == 130
    assert said.decode().splitlines()[-1] == f"已中断；再次运行 yiguang recheck {first} {second} 会接着做完"
    again = yiguang("recheck", first, second, environ=environ)
    assert again.returncode == 0, again.stderr.decode()
    engine = open_engine(database_url)
    with engine.connect() as connection:
        (recheck,) = connection.execute(select(nights).where(nights.c.kind == "recheck")).all()
    engine.dispose()
    assert recheck.ended_at is not None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_another_command_left_is_ended_as_what_it_is(
    yiguang: Run, home: Path, database_url: str, site: ChangingSite, tmp_path: Path
) -> None:
    """The engine hands a recheck that was killed to the night that comes next, and a night to a recheck."""
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 {HOST}\n")
    environ = {"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1", "YIGUANG_AUDIT_PAGES": "0"}

    def run(*arguments: str | Path) -> list[dict[str, Any]]:
        done = yiguang(*arguments, environ=environ)
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line) for line in done.stdout.splitlines()] if "--json" in arguments else []

    def visit_every(seconds: int) -> None:
        row = f"示例医馆,http://{HOST}:{site.port}/,{seconds},2,1"
        targets.write_text(f"name,url,delay_seconds,depth,local\n{row}\n", "utf-8")
        run("targets", "import", targets)

    run("init")
    visit_every(0)
    run("nightly")
    cases = {row["url"].rsplit("/", 1)[1]: row["id"] for row in run("cases", "list", "--json")}
    refer(database_url, cases)
    hours_pass(database_url, 25)
    visit_every(1)

    engine = open_engine(database_url)
    _kill_after_two_pages(["recheck", "--due"], {**environ, "YIGUANG_HOME": str(home)}, engine)
    run("nightly")
    with engine.connect() as connection:
        ended = {row.kind: row.ended_at for row in connection.execute(select(nights).order_by(nights.c.started_at))}
        assert ended["recheck"] is not None
        assert connection.scalar(select(func.count()).select_from(takedown_looks)) == len(cases)
        items = connection.scalar(select(func.count()).select_from(desk_items))

    for name in cases:
        site.pages[f"/{name}"] = (site.pages[f"/{name}"] or b"").replace("皮肤".encode(), "肝病".encode())
    _kill_after_two_pages(["nightly"], {**environ, "YIGUANG_HOME": str(home)}, engine)
    run("recheck", str(cases["same"]), "--json")
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).where(nights.c.ended_at.is_(None))) == 0
        assert connection.scalar(select(func.count()).select_from(takedown_looks)) == len(cases) + 1
        assert connection.scalar(select(func.count()).select_from(desk_items)) == (items or 0) + len(cases)
    engine.dispose()


def _kill_after_two_pages(command: list[str], environ: Mapping[str, str], engine: Engine) -> None:
    begun = subprocess.Popen([Path(sys.executable).with_name("yiguang"), *command], env={**os.environ, **environ})
    stored = select(func.count()).where(pages.c.night_id == nights.c.id, nights.c.ended_at.is_(None))
    while True:
        with engine.connect() as connection:
            if (connection.scalar(stored) or 0) >= 2:
                break
        assert begun.poll() is None
        time.sleep(0.05)
    begun.kill()
    begun.wait()
