"""From a night over the sample web to a fine: found, confirmed by two, packed for each authority, approved, sent, answered,
visited again, gone; another softens its claims, another comes back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from domain.reviews import Verdict
from domain.routing import Recipient
from examples.web.server import SampleWeb
from examples.web.targets import write_targets
from review.accounts import Accounts
from review.decisions import Decisions
from storage.database import open_engine
from storage.tables import desk_items
from tests.e2e.changing_site import hours_pass
from tests.e2e.command_line import Run
from tests.e2e.databases import database_url, postgresql_url
from tests.e2e.handed_out import handed_out

__all__ = ["database_url", "postgresql_url"]

DOWN, SOFTENED, BACK = "www.ankang-gangchang.example", "www.jiaojiaolu-yake.example", "www.ankang-fuke.example"


def confirm(url: str, cases: list[int]) -> None:
    """Two readers at the desk, one after the other."""
    engine = open_engine(url)

    def now() -> datetime:
        return datetime.now(UTC)

    readers = {account.name: account for account in Accounts(engine, now).list()}
    for case in cases:
        for name in ("zhang", "li"):
            with engine.connect() as connection:
                row = connection.execute(select(desk_items).where(desk_items.c.page_id == case)).one()
            Decisions(engine, now).decide(readers[name], row.id, Verdict.CONFIRM, expected_version=row.version)
    engine.dispose()


def told_again(folder: Path, case: int) -> None:
    """What a package says of a page that was gone and came back."""
    (lead,) = json.loads((folder / "清单.json").read_text("utf-8"))["leads"]
    assert [look["grade"] for look in lead["looks"]] == ["gone-once", "gone", "unchanged"]
    assert lead["looks"][-1]["reappeared"]
    sheet = (folder / f"线索{case}-复测记录.txt").read_text("utf-8")
    assert "共 3 次" in sheet and "此前曾下线或改正，现又出现" in sheet
    for look in lead["looks"]:
        assert look["bundle_sha256"] in sheet
        proof = json.loads((folder / f"线索{case}-复测{look['bundle_sha256']}.wacz.seal.json").read_text("utf-8"))
        assert look["bundle_sha256"] in proof["entry"]
    repeat = next(item["value"] for item in lead["present"] if item["label"] == "重复发布记录")
    assert "复测 3 次" in repeat and "曾下线或改正而再现" in repeat


@pytest.fixture
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as running:
        yield running


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_whole_way(yiguang: Run, database_url: str, web: SampleWeb, tmp_path: Path) -> None:
    targets, hosts = tmp_path / "targets.csv", tmp_path / "hosts"
    write_targets(
        targets, [row for row in web.target_rows() if urlsplit(row["url"]).hostname in (DOWN, SOFTENED, BACK)]
    )
    web.write_hosts(hosts)
    environ = {"YIGUANG_HOSTS": str(hosts), "YIGUANG_SHARDS": "1", "YIGUANG_RETRY_SECONDS": "0.1"}

    def run(*arguments: str, code: int = 0) -> str:
        done = yiguang(*arguments, environ=environ)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode()

    run("init")
    for name, role in (("zhang", "analyst"), ("li", "reviewer"), ("wang", "officer")):
        run("accounts", "add", name, "--role", role)
    run("nightly", "--targets", str(targets), code=0)
    listed = [json.loads(line) for line in run("cases", "list", "--json").splitlines()]
    cases = {
        host: row["id"] for row in listed for host in (DOWN, SOFTENED, BACK) if row["url"] == f"{web.base_url(host)}/"
    }
    assert set(cases) == {DOWN, SOFTENED, BACK}
    ids = [str(cases[name]) for name in (DOWN, SOFTENED, BACK)]

    run("refer", *ids, "--to", "amr", "--out", str(tmp_path / "out"), code=1)  # nobody has confirmed anything
    confirm(database_url, list(cases.values()))
    packages = {}
    for recipient in Recipient:
        which = ids if recipient is Recipient.AMR else ids[:1]
        note = ("--note", "样例：逐一制作各部门的材料")
        made = run("refer", *which, "--to", recipient.value, "--out", str(tmp_path / "out"), "--json", *note)
        packages[recipient] = json.loads(made)
    for made_package in packages.values():
        names = {path.name for path in Path(made_package["folder"]).iterdir()}
        assert {"清单.json", "校验值.txt", "网址清单.xlsx", "证据目录.csv", "verify.pyz"} <= names
        assert sum(name.endswith((".docx", ".pdf")) for name in names) == 2

    number, folder = packages[Recipient.AMR]["number"], packages[Recipient.AMR]["folder"]
    run("outbox", "approve", number, "--folder", folder, "--by", "wang", code=1)  # the one who made it
    run("outbox", "approve", number, "--folder", folder, "--by", "li")
    run("outbox", "send", number, "--folder", folder, "--channel", "机要交换", "--by", "wang")
    run("outbox", "step", number, "received", "--reference", "收文118", "--by", "wang")
    assert "线索核查、决定是否立案" in run("outbox", "list")

    for host, change in ((DOWN, "take-down"), (BACK, "delete"), (SOFTENED, "soften")):
        web.change(change, f"{web.base_url(host)}/")
    looked = [json.loads(line) for line in run("recheck", *ids, "--json").splitlines()]
    grades = {urlsplit(row["url"]).hostname: row["grade"] for row in looked}  # cases are numbered as pages came in
    assert grades == {DOWN: "gone-once", SOFTENED: "softened", BACK: "gone-once"}
    hours_pass(database_url, 7)
    looked = [json.loads(line) for line in run("recheck", ids[0], ids[2], "--json").splitlines()]
    assert [row["grade"] for row in looked] == ["gone", "gone"]
    web.change("restore", f"{web.base_url(BACK)}/")
    (back,) = (json.loads(line) for line in run("recheck", ids[2], "--json").splitlines())
    assert back["reappeared"] is True
    run(
        "refer", ids[2], "--to", "amr", "--out", str(tmp_path / "again"), code=1
    )  # it begins again with the first reader
    confirm(database_url, [cases[BACK]])
    found = {name: handed_out(yiguang, cases[name], tmp_path / f"originals-{name}", "wang") for name in cases}
    assert {name: [look["grade"] for look in sorted(looks.values(), key=lambda look: look["number"])] for name, looks in found.items()} == {
        DOWN: ["gone-once", "gone"], SOFTENED: ["softened"], BACK: ["gone-once", "gone", "unchanged"]
    }  # fmt: skip
    again = json.loads(run("refer", ids[2], "--to", "amr", "--out", str(tmp_path / "again"), "--json"))
    told_again(Path(again["folder"]), cases[BACK])

    run("outbox", "step", number, "filed", "--reference", "立案〔2026〕9号", "--by", "wang")
    run(
        "outbox",
        "step",
        number,
        "closed",
        "--measure",
        "fined",
        "--fine-yuan",
        "20000",
        "--measure",
        "removed",
        "--by",
        "wang",
    )
    run("respond", ids[1], "correction", "--text", "称已删除相关说法", "--by", "wang")
    assert "当事人称已更正" in run("cases", "show", ids[1])
    assert json.loads(run("outbox", "show", number, "--json"))["stage"] == "closed"
    today = datetime.now(UTC).astimezone().date()
    run("stats", "--from", f"{today.year}-01-01", "--to", f"{today.year + 1}-01-31", "--out", str(tmp_path / "s.xlsx"))
    table = load_workbook(tmp_path / "s.xlsx")["统计表"]
    year = {row[0]: max(cell for cell in row[1:] if isinstance(cell, int | float)) for row in table.iter_rows(min_row=2, values_only=True)
            if any(isinstance(cell, int | float) for cell in row[1:])}  # fmt: skip
    assert (year["移送市场监管（件）"], year["立案"], year["罚没金额（元）"], year["删除信息"]) == (1, 1, 20_000, 1)
    assert (year["复测：已下线"], year["复测：内容有改动"], year["复测：下线后再次出现"]) == (2, 1, 1)
    run("evidence", "verify", "--all")
