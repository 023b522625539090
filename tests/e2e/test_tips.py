"""Tips are registered, answered in time, and who sent them is in nothing that leaves."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from openpyxl import load_workbook

from domain.beijing import BEIJING
from tests.e2e.command_line import Run

NAME, CONTACT = "举报人赵某", "000-00009999"


def test_a_tip_from_taking_in_to_answer(yiguang: Run, home: Path, tmp_path: Path) -> None:
    def run(*arguments: str | Path, code: int = 0) -> str:
        done = yiguang(*arguments)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode()

    run("init")
    run("accounts", "add", "wang", "--role", "officer")
    run("accounts", "add", "zhang", "--role", "analyst")
    url = "http://clinic.example/ad"
    earlier = datetime.now(BEIJING) - timedelta(days=3)
    who = ("--reporter", NAME, "--contact", CONTACT)
    assert "48" not in run("tips", "add", "--text", "称包治百病", "--by", "zhang", code=1)  # may not
    said = run("tips", "add", url, "--source", "hotline", "--reference", "12345-88", "--text", "称包治百病", *who)
    assert "首接响应" in said and "处理投诉举报并告知" in said
    late = run("tips", "add", "--text", "街边传单", "--at", earlier.isoformat()[:16])
    assert "已登记：2" in late
    assert "逾期" in run("tips", "late", code=1)
    run("tips", "add", code=2)
    run("tips", "add", "ftp://clinic.example/", code=2)
    run("tips", "answer", "2", "--text", "已受理")
    run("tips", "answer", "9", "--text", "已受理", code=1)
    assert run("tips", "late") == ""
    run("tips", "answer", "1", "--text", "已纳入监测")
    listed = [json.loads(line) for line in run("tips", "list", "--json").splitlines()]
    assert [(row["id"], row["source"], bool(row["answered_at"])) for row in listed] == [
        (2, "public", True),
        (1, "hotline", True),
    ]
    assert json.loads(run("targets", "list", "--json").splitlines()[0])["url"] == url  # it is watched from now on

    run("tips", "show", "1", "--reporter", code=2)  # no reason
    assert NAME in run("tips", "show", "1", "--reporter", "--reason", "电话核实")
    assert "匿名" in run("tips", "show", "2", "--reporter", "--reason", "核实")
    run("decisions", "log", "--export", tmp_path / "log.jsonl")
    log = (tmp_path / "log.jsonl").read_text("utf-8")
    assert "reporter-opened" in log and "电话核实" in log

    day = datetime.now(BEIJING).date().isoformat()
    run("stats", "--from", earlier.date().isoformat(), "--to", day, "--out", tmp_path / "s.xlsx")
    table = {row[0]: row[-1] for row in load_workbook(tmp_path / "s.xlsx")["统计表"].iter_rows(values_only=True)}
    assert (table["受理举报、转办线索"], table["48 小时响应率"]) == (2, 0.5)

    run("backup", "--out", tmp_path / "backup")
    leaving = [tmp_path / "s.xlsx", *home.rglob("*"), *(tmp_path / "backup").rglob("*")]
    for path in (each for each in leaving if each.is_file()):
        data = path.read_bytes()
        assert NAME.encode() not in data and CONTACT.encode() not in data, path
    assert NAME not in log
    assert not list((tmp_path / "backup").rglob("reporters.key"))
    (home / "keys" / "reporters.key").chmod(0o644)
    run("tips", "show", "1", "--reporter", "--reason", "核实", code=1)
