"""`yiguang outbox` and `yiguang respond` as an officer uses them, on a package of a confirmed lead."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from shutil import copytree
from zipfile import ZipFile

import openpyxl
import pytest
from sqlalchemy import Engine, select, update

from domain.beijing import BEIJING
from domain.outbox import Step, StepTaken
from domain.retention import KeepClass, RecordKind
from domain.roles import Role
from domain.routing import Recipient
from referral.package import MANIFEST, listings, lists_of, rows_of, sizes_of, transmissions
from referral.register import record_package, reserve_number
from review.audit_log import AuditLog
from storage.crawl.nights import open_night
from storage.database import open_engine, writing
from storage.digests import sha256_hex
from storage.leads.outbox import take_step
from storage.sealing.keep_records import read_records
from storage.tables import desk_accounts, desk_items, referral_packages
from tests.referral.leads import confirm, consignment
from tests.review.desk import Clock, Page, desk, people
from yiguang.cli import run
from yiguang.home import utc_now
from yiguang.nights.closing import close
from yiguang.settings import read_settings

Printed = pytest.CaptureFixture[str]
#: Drafts that go with the letter of a transfer
PAPERS = ("涉嫌犯罪案件移送书（拟稿）", "涉案物品清单（拟稿）")


@dataclass(frozen=True)
class Office:
    """A lead confirmed by an analyst and a reviewer, and a package of it by the officer, with letters that are none."""

    engine: Engine
    case: int
    names: Mapping[Role, str]
    package: Path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, Mapping[Role, str], str]:
    """A data folder and a package beside it, to be copied: its folder, the case, accounts by role, and the number."""
    folder = tmp_path_factory.mktemp("model")
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("YIGUANG_HOME", str(home))
        patched.delenv("YIGUANG_DATABASE_URL", raising=False)
        assert run(["init"]) == 0
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    item = desk(engine, home, {"a": Page(0.9)})["a"]
    roles = (Role.ANALYST, Role.REVIEWER, Role.OFFICER)
    accounts = people(engine, Clock(), *roles)
    confirm(engine, item, accounts[:2])
    with engine.connect() as connection:
        case = int(connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one())
    number = reserve_number(engine, Recipient.AMR, [case], accounts[2].name, {}, utc_now())
    of = replace(consignment(), number=number)
    papers = {name: b"draft" for stem in PAPERS for name in (f"{stem}.docx", f"{stem}.pdf")}
    files = {"函.docx": b"word", "函.pdf": b"print", **papers, **lists_of(of)}
    files |= listings(rows_of(files), of)
    record_package(engine, number, sha256_hex(files[MANIFEST]))
    engine.dispose()
    (folder / number).mkdir()
    for name, data in files.items():
        (folder / number / name).write_bytes(data)
    for name, data in transmissions(files, sizes_of([], files), 20_000_000, number).items():
        (folder / name).write_bytes(data)
    return folder, case, {account.role: account.name for account in accounts}, number


@pytest.fixture
def office(
    model: tuple[Path, int, Mapping[Role, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    folder, case, names, number = model
    copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    engine = open_engine(f"sqlite:///{tmp_path}/home/yiguang.sqlite")
    yield Office(engine, case, names, tmp_path / number)
    engine.dispose()


@pytest.fixture
def package(office: Office) -> Path:
    return office.package


@pytest.fixture
def names(office: Office) -> Mapping[Role, str]:
    return office.names


def outbox(*arguments: str | Path) -> int:
    return run(["outbox", *map(str, arguments)])


def shown(package: Path, capsys: Printed) -> dict[str, object]:
    capsys.readouterr()
    assert outbox("show", package.name, "--json") == 0
    row: dict[str, object] = json.loads(capsys.readouterr().out)
    return row


def approve_and_send(package: Path, names: Mapping[Role, str]) -> None:
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 0
    assert outbox("send", package.name, "--folder", package, "--channel", "机要交换") == 0


@pytest.mark.parametrize(
    "command",
    [
        ("outbox", "list"), ("outbox", "show"), ("outbox", "late"), ("outbox", "approve"), ("outbox", "return"),
        ("outbox", "revise"), ("outbox", "send"), ("outbox", "step"), ("outbox", "strike"), ("respond",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_help_shows_an_example(command: tuple[str, ...], capsys: Printed) -> None:
    assert run([*command, "--help"]) == 0
    assert f"yiguang {' '.join(command)}" in capsys.readouterr().out.partition("例：")[2]


def test_without_a_name_the_one_who_made_a_package_is_not_asked_to_approve_it(
    package: Path, names: Mapping[Role, str], capsys: Printed
) -> None:
    assert outbox("approve", package.name, "--folder", package) == 0
    steps = shown(package, capsys)["steps"]
    assert isinstance(steps, list) and steps[-1]["by"] == names[Role.REVIEWER]


def test_a_package_goes_out_by_two_persons_and_comes_back_answered(
    office: Office, package: Path, names: Mapping[Role, str], capsys: Printed, tmp_path: Path
) -> None:
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.OFFICER]) == 1
    assert "审批人不能是制作人" in capsys.readouterr().err
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.ANALYST]) == 1
    assert "不得办理此事，须是复审员或移送员" in capsys.readouterr().err
    approve_and_send(package, names)
    assert "下一步：收到回执后记录" in capsys.readouterr().out
    scan = tmp_path / "回执.pdf"
    scan.write_bytes(b"receipt")
    assert outbox("step", package.name, "received", "--reference", "收文118", "--file", scan) == 0
    assert outbox("step", package.name, "filed") == 0
    assert outbox("step", package.name, "closed", "--measure", "fined", "--fine-yuan", "20000.5") == 0
    row = shown(package, capsys)
    steps = row["steps"]
    assert isinstance(steps, list)
    assert [step["step"] for step in steps] == ["approved", "sent", "received", "filed", "closed"]
    assert (steps[2]["file_name"], steps[2]["file_sha256"]) == ("回执.pdf", sha256_hex(b"receipt"))
    assert (row["stage"], steps[4]["fine_fen"], row["next"]) == ("closed", 2_000_050, "")
    log = AuditLog(office.engine, utc_now)
    assert [entry.act for entry in log.entries(subject=f"package:{package.name}")] == ["package-step"] * 5
    assert log.verify() == ()


def test_what_is_sent_is_kept_as_referred(office: Office, package: Path, names: Mapping[Role, str]) -> None:
    def classes() -> list[tuple[KeepClass, str]]:
        with office.engine.connect() as connection:
            records = read_records(connection, RecordKind.RETENTION)
        return [(KeepClass(record.facts["class"]), record.facts["by"]) for record in records]

    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 0
    assert classes() == []
    assert outbox("send", package.name, "--folder", package, "--channel", "机要交换") == 0
    assert classes() == [(KeepClass.REFERRED, names[Role.OFFICER])]


def test_a_night_that_ends_does_what_a_sending_left_undone(
    office: Office, package: Path, names: Mapping[Role, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 0
    with office.engine.connect() as connection:
        digest = connection.execute(select(referral_packages.c.manifest_sha256)).scalar_one()
    sent = StepTaken(Step.SENT, names[Role.OFFICER], utc_now(), utc_now(), channel="机要交换", manifest_sha256=digest)
    take_step(office.engine, package.name, sent, lambda _: None)
    said: list[str] = []
    broken = tmp_path / "lexicons"
    copytree(read_settings().lexicons, broken)
    (broken / "keeping" / "retention.toml").write_text("", encoding="utf-8")
    for lexicons, recorded in ((broken, 0), (read_settings().lexicons, 1)):
        monkeypatch.setenv("YIGUANG_LEXICONS", str(lexicons))
        night_id = open_night(office.engine, utc_now() + timedelta(days=recorded), ())
        close(night_id, office.engine, read_settings(), said.append)
        with office.engine.connect() as connection:
            records = read_records(connection, RecordKind.RETENTION)
        assert [record.facts["class"] for record in records] == ["referred"] * recorded
    assert ["没有改按“已移送”保存" in line for line in said] == [True]


def test_a_package_altered_on_disk_is_neither_approved_nor_sent(
    package: Path, names: Mapping[Role, str], capsys: Printed
) -> None:
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 0
    (package / "网址清单.csv").write_text("x")
    assert outbox("send", package.name, "--folder", package, "--channel", "机要交换") == 1
    assert "已被改动" in capsys.readouterr().err
    assert shown(package, capsys)["stage"] == "approved"


def test_an_edited_letter_is_approved_anew(package: Path, names: Mapping[Role, str], capsys: Printed) -> None:
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 0
    (package / "函.docx").write_bytes(b"edited word")
    (package / "函.pdf").write_bytes(b"edited print")
    assert outbox("send", package.name, "--folder", package, "--channel", "机要交换") == 1
    assert "outbox revise" in capsys.readouterr().err
    assert outbox("revise", package.name, "--folder", package, "--text", "补写联系人") == 0
    assert outbox("send", package.name, "--folder", package, "--channel", "机要交换") == 1
    assert "待审批" in capsys.readouterr().err
    approve_and_send(package, names)
    row = shown(package, capsys)
    assert row["manifest_sha256"] == sha256_hex((package / MANIFEST).read_bytes())


def test_a_letter_and_its_papers_are_revised_in_one_step(
    package: Path, names: Mapping[Role, str], capsys: Printed
) -> None:
    """Three pairs edited, one call, one step: all of them are in the new lists and archives, and nothing else changed."""
    before = {row["name"]: row["sha256"] for row in json.loads((package / MANIFEST).read_bytes())["files"]}
    edited = [f"{stem}{suffix}" for stem in ("函", *PAPERS) for suffix in (".docx", ".pdf")]
    for name in edited[:-1]:
        (package / name).write_bytes(f"edited {name}".encode())
    assert outbox("revise", package.name, "--folder", package, "--text", "补写") == 1
    assert f"{edited[-1]} 没有一并改动" in capsys.readouterr().err, "a pair is edited as a whole"
    assert shown(package, capsys)["steps"] == []
    (package / edited[-1]).write_bytes(f"edited {edited[-1]}".encode())
    assert outbox("revise", package.name, "--folder", package, "--text", "补写") == 0
    after = {row["name"]: row["sha256"] for row in json.loads((package / MANIFEST).read_bytes())["files"]}
    assert {name for name in after if after[name] != before[name]} == set(edited)
    assert after.keys() == before.keys()
    (archive,) = package.parent.glob("*.zip")
    with ZipFile(archive) as packed:
        assert all(packed.read(name) == f"edited {name}".encode() for name in edited)
    steps = shown(package, capsys)["steps"]
    assert isinstance(steps, list) and [step["step"] for step in steps] == ["revised"]
    approve_and_send(package, names)


def test_a_revision_that_broke_off_while_it_was_written_is_finished(
    package: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "函.docx").write_bytes(b"edited word")
    (package / "函.pdf").write_bytes(b"edited print")
    with monkeypatch.context() as broken:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        broken.setattr("storage.durable_file.write_whole", full)
        assert outbox("revise", package.name, "--folder", package, "--text", "补写") == 1
    assert "磁盘已满" in capsys.readouterr().err
    assert outbox("revise", package.name, "--folder", package, "--text", "补写") == 0
    row = shown(package, capsys)
    assert isinstance(row["steps"], list) and len(row["steps"]) == 1
    assert row["manifest_sha256"] == sha256_hex((package / MANIFEST).read_bytes())


def test_a_mistake_is_struck_and_stays_on_record(package: Path, names: Mapping[Role, str], capsys: Printed) -> None:
    approve_and_send(package, names)
    assert outbox("step", package.name, "received", "--reference", "收文118") == 0
    row = shown(package, capsys)
    assert isinstance(row["steps"], list)
    sent, received = (step["id"] for step in row["steps"][1:])
    assert outbox("strike", package.name, str(sent), "--text", "记错") == 1
    assert "须先撤销后者" in capsys.readouterr().err
    assert outbox("strike", package.name, str(received), "--text", "记在了另一份上") == 0
    capsys.readouterr()
    assert outbox("show", package.name) == 0
    said = capsys.readouterr().out
    assert "收文118（已撤销）" in said and "已寄送，待接收" in said
    assert "行政处罚时效" in said and "：2028-11-26 23:59 前" in said  # two years after it was last seen


def test_what_is_late_is_listed_with_whom_to_tell(
    office: Office, package: Path, names: Mapping[Role, str], capsys: Printed, tmp_path: Path
) -> None:
    with writing(office.engine) as connection:
        connection.execute(update(referral_packages).values(made_at=datetime(2026, 1, 4, tzinfo=BEIJING)))
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER], "--at", "2026-01-05") == 0
    assert outbox("send", package.name, "--folder", package, "--channel", "机要", "--at", "2026-01-05") == 0
    assert outbox("step", package.name, "received", "--at", "2026-01-06") == 0
    capsys.readouterr()
    book = tmp_path / "催办.xlsx"
    assert outbox("late", "--out", book) == 1
    printed = capsys.readouterr()
    assert "2026-01-27 23:59\t逾期" in printed.out and "上一级机关" in printed.out and "1 项已逾期" in printed.err
    sheet = openpyxl.load_workbook(BytesIO(book.read_bytes())).active
    assert sheet is not None and sheet["A2"].value == package.name and sheet["E2"].value == "2026-01-27 23:59"
    assert outbox("late", "--json") == 1
    assert json.loads(capsys.readouterr().out)["late"] is True


def test_a_lead_taken_back_stops_its_packages(office: Office, capsys: Printed) -> None:
    package, names, case = office.package, office.names, office.case
    assert run(["respond", str(case), "dispute", "--text", "称系转载"]) == 0
    assert f"已在 {package.name}（待审批）中：材料中没有这项意见" in capsys.readouterr().out
    assert run(["respond", str(case), "withdrawn", "--text", "系转载", "--by", names[Role.OFFICER]]) == 1
    assert "不得办理此事，须是复审员\n" in capsys.readouterr().err
    assert run(["respond", str(case), "withdrawn", "--text", "系转载"]) == 0
    assert "outbox return" in capsys.readouterr().out
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 1
    assert "已由本单位撤回" in capsys.readouterr().err
    assert run(["respond", str(case), "withdrawn", "--text", "系转载"]) == 1
    assert "已经撤回" in capsys.readouterr().err
    assert run(["cases", "show", str(case)]) == 0
    assert "本单位撤回认定" in capsys.readouterr().out
    assert run(["respond", str(case), "reinstated", "--text", "撤回有误"]) == 0
    assert outbox("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER]) == 0


def test_a_fine_of_which_the_amount_was_not_told(package: Path, names: Mapping[Role, str], capsys: Printed) -> None:
    approve_and_send(package, names)
    assert outbox("step", package.name, "received") == 0
    assert outbox("step", package.name, "closed", "--measure", "fined", "--fine-yuan", "不详") == 0
    steps = shown(package, capsys)["steps"]
    assert isinstance(steps, list)
    assert (steps[-1]["measures"], steps[-1]["fine_fen"]) == (["fined"], 0)
    assert outbox("show", package.name) == 0
    assert "罚没款；罚没金额不详" in capsys.readouterr().out


def test_usage_is_explained(office: Office, package: Path, capsys: Printed, tmp_path: Path) -> None:
    for arguments, words in (
        (("step", package.name, "sent"), "yiguang outbox send"),
        (("step", package.name, "posted"), "STEP 不能是“posted”，只能是：received、"),
        (("step", package.name, "note", "--text", "x", "--at", "昨天"), "--at 应为"),
        (("step", package.name, "closed", "--measure", "fined", "--fine-yuan", "两万"), "--fine-yuan 应为金额"),
        (("step", package.name, "closed", "--measure", "fined", "--fine-yuan", "NaN"), "--fine-yuan 应为金额"),
        (("step", package.name, "closed", "--measure", "fined", "--fine-yuan", "0"), "大于零"),
        (("step", package.name, "closed", "--measure", "fined"), "罚没款须用 --fine-yuan 写明金额"),
        (("list", "--out", package / "台账.csv"), "--out 应为 .xlsx 文件"),
        (("late", "--out", package / "催办"), "--out 应为 .xlsx 文件"),
    ):
        assert outbox(*arguments) == 2
        assert words in capsys.readouterr().err
    assert run(["refer", str(office.case), "--to", "amr", "--transfer", "--out", str(tmp_path / "out")]) == 2
    assert "--transfer 只用于有此文书的部门" in capsys.readouterr().err
    assert outbox("show", "没有这份") == 1
    assert "没有编号为" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [("amr: {name: x\n", "recipients.yml 第 2 行第 1 列：不是有效的 YAML"), ("amr: x\n", "recipients.yml 中没有")],
)
def test_recipients_that_are_broken_are_told(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed, text: str, said: str
) -> None:
    lexicons = tmp_path / "lexicons"
    copytree(read_settings().lexicons, lexicons)
    (lexicons / "recipients.yml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("YIGUANG_LEXICONS", str(lexicons))
    (office.package / "函.docx").write_bytes(b"edited")
    (office.package / "函.pdf").write_bytes(b"edited")
    for arguments in (
        ["outbox", "list"],
        ["outbox", "revise", office.package.name, "--folder", str(office.package), "--text", "补写联系人"],
        ["refer", str(office.case), "--to", "amr", "--out", str(tmp_path / "out")],
    ):
        assert run(arguments) == 1
        assert said in capsys.readouterr().err


def test_a_package_is_not_sent_before_it_was_made(package: Path, names: Mapping[Role, str], capsys: Printed) -> None:
    """As with the year of before, out of habit: it would be counted in that year."""
    approve = ("approve", package.name, "--folder", package, "--by", names[Role.REVIEWER])
    assert outbox(*approve, "--at", "2020-11-26") == 1
    assert "办理日期不能早于制作的日期" in capsys.readouterr().err
    made_on = f"{utc_now().astimezone(BEIJING).date()}"
    assert outbox(*approve, "--at", made_on) == 0


def test_who_is_wanted_when_no_account_may(office: Office, capsys: Printed) -> None:
    with writing(office.engine) as connection:
        connection.execute(update(desk_accounts).where(desk_accounts.c.role != "officer").values(disabled_at=utc_now()))
    assert outbox("approve", office.package.name, "--folder", office.package) == 1  # the officer made it
    assert "先用 yiguang accounts add 建立复审员或移送员账号" in capsys.readouterr().err
    assert run(["respond", str(office.case), "withdrawn", "--text", "系转载"]) == 1
    assert "先用 yiguang accounts add 建立复审员账号" in capsys.readouterr().err
