"""What is told, and that it is told once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from domain.alerts import Alert, AlertKind, message_text, not_told_lately, still_remembered
from domain.beijing import beijing_time
from domain.evidence import Check, VerifyReport
from domain.nights import EvidenceCare
from domain.reviews import Verdict
from domain.roles import Role
from domain.routing import Recipient
from domain.timetable import Closure, Due, RunState
from domain.tips import Answer, TipRecord, TipSource
from referral.register import record_package, reserve_number
from review.accounts import Accounts
from review.decisions import Decisions
from review.intake import take_in
from review.passing_on import PassingOn
from storage.crawl.night_care import keep_care
from storage.crawl.nights import finish_night, note_reports, open_night
from storage.crawl.pauses import pause_night, resume_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.timetable import add_closure, note_due, note_end
from storage.leads.tip_records import add_tip, answer_tip
from storage.tables import desk_items
from tests.free_ports import free_port
from tests.referral.leads import confirm
from tests.review.desk import PASSWORD, PASSWORDS, Clock, Page, desk, people
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, TARGETS, visit
from yiguang.cli import run
from yiguang.home import make_home, open_home
from yiguang.settings import Settings, read_settings
from yiguang.watching import alerts
from yiguang.watching.alert_channels import NotSent
from yiguang.watching.alert_settings import AlertSettings, Webhook
from yiguang.watching.alerts import STALLED, tell, troubles, troubles_of_home
from yiguang.watching.digests import digest

QUIET = timedelta(hours=12)
ONE, OTHER = Alert(AlertKind.NIGHT, "a", "示例门诊部：只取得 2 页"), Alert(AlertKind.DISK, "home", "磁盘只余 3 MB")
ROBOT = AlertSettings(None, (Webhook("wecom", "https://chat.example/"),), 12.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = read_settings({"YIGUANG_HOME": str(tmp_path / "home"), "YIGUANG_DISK_LOW_MB": "0"})
    make_home(settings)
    return settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_home(settings)
    yield engine
    engine.dispose()


def test_a_trouble_is_told_once_in_a_while() -> None:
    told = still_remembered({}, [ONE], NOW, QUIET)
    assert not_told_lately([ONE, OTHER, OTHER], told, NOW + timedelta(hours=11), QUIET) == (OTHER,)
    assert not_told_lately([ONE], told, NOW + timedelta(hours=12), QUIET) == (ONE,)
    assert still_remembered(told, [OTHER], NOW + timedelta(hours=13), QUIET) == {OTHER.key: NOW + timedelta(hours=13)}


def test_a_clock_that_went_back_silences_nothing() -> None:
    told = still_remembered({}, [ONE], NOW + timedelta(days=400), QUIET)
    assert not_told_lately([ONE], told, NOW, QUIET) == (ONE,)


@given(st.lists(st.text(max_size=40), max_size=60), st.integers(60, 400))
def test_a_message_has_room(texts: list[str], limit: int) -> None:
    text = message_text([Alert(AlertKind.NIGHT, str(number), said) for number, said in enumerate(texts)], limit)
    assert len(text.encode()) <= limit
    assert len(text.splitlines()) <= len(texts) + 1


def test_a_night_that_is_not_healthy_is_told(settings: Settings, engine: Engine) -> None:
    assert troubles(settings, engine, NOW) == []
    save_targets(engine, [replace(target, min_pages=3) for target in TARGETS])
    night_id = open_night(engine, NOW, list_targets(engine))
    assert troubles(settings, engine, NOW + STALLED) == []
    (stalled,) = troubles(settings, engine, NOW + STALLED + timedelta(minutes=1))
    assert (stalled.kind, stalled.subject) == (AlertKind.STALLED, night_id)
    finish_night(engine, night_id, NOW + timedelta(hours=3))
    texts = [alert.text for alert in troubles(settings, engine, NOW + timedelta(hours=4))]
    assert f"{night_id} 一夜：整夜没有取得一页正常内容" in texts
    assert f"{night_id} 一夜：示例门诊部：只取得 0 页，少于应有的 3 页" in texts
    (missed,) = [
        alert for alert in troubles(settings, engine, NOW + timedelta(days=4)) if alert.kind is AlertKind.MISSED
    ]
    assert missed.text == f"{night_id} 之后已有 3 天没有巡查"


def test_what_is_wrong_with_evidence_is_told_at_a_pause_and_nothing_else(settings: Settings, engine: Engine) -> None:
    save_targets(engine, TARGETS)
    night_id = open_night(engine, NOW, list_targets(engine))
    keep_care(engine, night_id, EvidenceCare(0, 0, 0, None, "s3://copy", copy_faults=("存储出错",)))
    note_reports(engine, night_id, [VerifyReport("evidence/a.wacz", (Check("整包", False, "不符"),))])
    told = [
        f"{night_id} 一夜：证据包未通过核验：evidence/a.wacz",
        f"{night_id} 一夜：证据未能另存到 s3://copy：存储出错",
    ]
    pause_night(engine, night_id, NOW)
    assert [alert.text for alert in troubles(settings, engine, NOW)] == told
    resume_night(engine, night_id, NOW + timedelta(hours=1))
    assert [alert.text for alert in troubles(settings, engine, NOW + timedelta(hours=1))] == told
    note_reports(engine, night_id, [])
    assert [alert.text for alert in troubles(settings, engine, NOW + timedelta(hours=1))] == told[1:]


def test_a_night_that_was_paused_is_stalled_only_so_long_after_it_went_on(settings: Settings, engine: Engine) -> None:
    night_id = open_night(engine, NOW, ())
    pause_night(engine, night_id, NOW + timedelta(hours=8))
    again = NOW + timedelta(hours=24)
    resume_night(engine, night_id, again)
    assert troubles(settings, engine, again + STALLED) == []
    [stalled] = troubles(settings, engine, again + STALLED + timedelta(minutes=1))
    assert stalled.text == f"{night_id} 一夜续做后 20 小时仍未结束，余 0 页"


def test_very_many_targets_are_one_alert(settings: Settings, engine: Engine) -> None:
    many = [
        replace(TARGETS[0], name=f"示例第{number}诊所", url=f"http://clinic-{number}.example/") for number in range(21)
    ]
    save_targets(engine, many)
    night_id = open_night(engine, NOW, list_targets(engine))
    finish_night(engine, night_id, NOW)
    texts = [alert.text for alert in troubles(settings, engine, NOW) if alert.kind is AlertKind.NIGHT]
    assert texts[0].startswith(f"{night_id} 一夜：21 个目标不正常，例如 示例第0诊所：")
    assert texts[1:] == [f"{night_id} 一夜：整夜没有取得一页正常内容"]


def test_missed_times_of_the_timetable_are_told_and_a_pause_is_none(settings: Settings, engine: Engine) -> None:
    night_id = open_night(engine, NOW, ())
    finish_night(engine, night_id, NOW)
    note_due(engine, Due(NOW + timedelta(days=2), RunState.MISSED, "当时没有进程在运行"), NOW + timedelta(days=3))
    add_closure(engine, Closure(NOW + timedelta(days=3), None, "机房维护"))
    missed = [alert for alert in troubles(settings, engine, NOW + timedelta(days=4)) if alert.kind is AlertKind.MISSED]
    assert [alert.text for alert in missed] == ["时间表上 2026-11-28 02:00 的巡查未运行（当时没有进程在运行）"]
    assert not [one for one in troubles(settings, engine, NOW + timedelta(days=6)) if one.kind is AlertKind.MISSED]


def test_a_night_that_failed_before_it_was_one_is_told(settings: Settings, engine: Engine) -> None:
    """Wrong settings, no database, no fonts: the process says so in its log and makes no night that could."""
    due, ended = NOW + timedelta(days=2), NOW + timedelta(days=2, minutes=1)
    note_due(engine, Due(due, RunState.BEGUN), due)
    assert not _failed(settings, engine, ended), "it is under way"
    note_end(engine, due, RunState.ENDED, 1, ended)
    assert _failed(settings, engine, ended) == [
        f"时间表上 {beijing_time(due)} 的巡查没有做成（退出码 1），原因见当时的日志"
    ]
    open_night(engine, ended, ())
    assert not _failed(settings, engine, ended), "the night says what is wrong with it"


def _failed(settings: Settings, engine: Engine, now: datetime) -> list[str]:
    return [alert.text for alert in troubles(settings, engine, now) if alert.subject.startswith("failed")]


def test_a_folder_that_cannot_be_used_is_told_too(tmp_path: Path) -> None:
    bare = read_settings({"YIGUANG_HOME": str(tmp_path)})
    (alert,) = troubles_of_home(bare, NOW)
    assert alert.text.startswith(f"数据目录 {tmp_path} 尚未初始化")


def test_a_disk_that_fills_and_a_database_that_is_gone_are_told(settings: Settings, engine: Engine) -> None:
    (settings.home / "yiguang.sqlite").write_bytes(b"no database" * 500)
    full = replace(settings, disk_low_mb=10**9)
    disk, database = troubles(full, engine, NOW)
    assert disk.kind is AlertKind.DISK and database.text.startswith("数据库无法使用：")


def test_it_counts_as_told_when_it_was_taken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def refuse(*_: object) -> None:
        raise NotSent("没有收下")

    def take(_lexicons: Path, _hook: Webhook, title: str, _alerts: object, _now: datetime) -> None:
        sent.append(title)

    monkeypatch.setattr(alerts, "post_webhook", refuse)
    assert tell(settings, ROBOT, [ONE], NOW) == ((), ("没有收下",))
    monkeypatch.setattr(alerts, "post_webhook", take)
    assert tell(settings, ROBOT, [ONE, OTHER], NOW) == ((ONE, OTHER), ())
    assert tell(settings, ROBOT, [ONE, OTHER], NOW + timedelta(hours=1)) == ((), ())
    assert sent == ["医广哨兵：2 项需要处理"]
    (settings.home / "alerts-told.json").write_text(json.dumps([1]), encoding="utf-8")
    assert tell(settings, ROBOT, [ONE], NOW)[0] == (ONE,)


def test_a_disk_with_no_room_for_the_memory_still_tells(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(alerts, "post_webhook", lambda *_: None)
    monkeypatch.setattr(alerts, "write_whole", no_room)
    sent, faults = tell(settings, ROBOT, [ONE], NOW)
    assert sent == (ONE,) and "下次会重复" in faults[0]


def test_each_person_is_told_what_waits(settings: Settings, engine: Engine) -> None:
    night_id, ids = open_sample_night(engine, links=3)
    store = open_store(engine, settings.home)
    for row in claim(engine, night_id, ids, limit=3):
        store.record(visit(row, flagged=True))
    store.close()
    take_in(engine, night_id, NOW)
    people = Accounts(engine, lambda: datetime.now(UTC), PASSWORDS)
    analyst, _ = people.create("zhao", Role.ANALYST, "admin", display="赵示例")
    auditor, _ = people.create("qian", Role.AUDITOR, "admin", display="钱示例")
    later = NOW + timedelta(days=2, hours=1)
    lines = digest(settings, engine, analyst, later).splitlines()
    assert lines[0].startswith("赵示例（初审员），")
    assert lines[1:] == ["· 未分派的待初审 3 条，最久的等了 2 天"]
    soon = digest(settings, engine, analyst, NOW + timedelta(hours=3)).splitlines()
    assert soon[1:] == ["· 未分派的待初审 3 条，最久的等了不到 1 天"]
    assert digest(settings, engine, auditor, later).splitlines()[1:] == ["· 没有待办"]


def test_who_has_left_keeps_nobody_from_getting_mail(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = Accounts(engine, lambda: datetime.now(UTC), PASSWORDS)
    for name in ("zhao", "qian"):
        accounts.create(name, Role.ANALYST, "admin")
    accounts.disable("qian", "admin")
    (settings.home / "digests.toml").write_text('[mail]\nzhao = "z@desk.example"\nqian = "q@desk.example"\n', "utf-8")
    for name, value in {
        "YIGUANG_HOME": str(settings.home),
        "YIGUANG_ALERT_SMTP": "smtp://127.0.0.1:9",
        "YIGUANG_ALERT_MAIL_FROM": "y@desk.example",
        "YIGUANG_ALERT_MAIL_TO": "a@desk.example",
    }.items():
        monkeypatch.setenv(name, value)
    sent: list[list[str]] = []
    monkeypatch.setattr("yiguang.watching.alert_channels.send_mail", lambda *said: sent.append(said[4]))
    assert run(["alerts", "digest", "--send"]) == 0, capsys.readouterr().err
    assert sent == [["z@desk.example"]]


def test_a_digest_that_nobody_can_get_is_not_sent_well(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = Accounts(engine, lambda: datetime.now(UTC), PASSWORDS)
    for name in ("zhao", "qian"):
        accounts.create(name, Role.ANALYST, "admin")
    for name, value in {
        "YIGUANG_HOME": str(settings.home),
        "YIGUANG_ALERT_SMTP": f"smtp://127.0.0.1:{free_port()}",
        "YIGUANG_ALERT_MAIL_FROM": "y@desk.example",
        "YIGUANG_ALERT_MAIL_TO": "a@desk.example",
    }.items():
        monkeypatch.setenv(name, value)
    file = settings.home / "digests.toml"
    file.write_text("[mail]\n", "utf-8")
    assert run(["alerts", "digest", "--send"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and "未发出" in said.err and "zhao" in said.err and "qian" in said.err
    file.write_text('[mail]\nzhao = "z@desk.example"\n', "utf-8")
    assert run(["alerts", "digest", "--send", "--account", "qian"]) == 1
    said = capsys.readouterr()
    assert "qian" in said.err and "zhao" not in said.err
    assert run(["alerts", "digest", "--send"]) == 1  # the server
    assert f"{file.name} 中没有邮箱，没有发给：" in capsys.readouterr().err


def test_a_package_that_lies_unapproved_is_told_and_stands_in_the_digest(settings: Settings, engine: Engine) -> None:
    item = desk(engine, settings.home, {"a": Page(0.9)})["a"]
    analyst, reviewer, officer = people(engine, Clock(), Role.ANALYST, Role.REVIEWER, Role.OFFICER)
    confirm(engine, item, [analyst, reviewer])
    with engine.connect() as connection:
        case = connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one()
    number = reserve_number(engine, Recipient.AMR, [case], officer.name, {}, NOW)
    record_package(engine, number, "0" * 64)

    def of_packages(moment: datetime) -> list[str]:
        return [alert.text for alert in troubles(settings, engine, moment) if alert.kind is AlertKind.CLOCK]

    assert of_packages(NOW + timedelta(days=1)) == []
    (coming,) = [
        line for line in digest(settings, engine, officer, NOW + timedelta(days=1)).splitlines() if number in line
    ]
    assert "审批移送材料" in coming and coming.endswith("将到期")
    (late,) = of_packages(NOW + timedelta(days=14))
    assert late.startswith(f"移送 {number}：“审批移送材料”已于 ")
    (over,) = [
        line for line in digest(settings, engine, officer, NOW + timedelta(days=14)).splitlines() if number in line
    ]
    assert over.endswith("已逾期")


def test_the_digest_tells_what_waits_for_a_third_person_and_what_is_no_longer_on_hold(
    settings: Settings, engine: Engine
) -> None:
    items = desk(engine, settings.home, {"a": Page(0.9), "b": Page(0.8)})
    clock = Clock()
    ann, cem, dee = people(engine, clock, Role.ANALYST, Role.REVIEWER, Role.REVIEWER)
    decisions = Decisions(engine, clock)
    decisions.decide(ann, items["a"], Verdict.CONFIRM, expected_version=1)
    decisions.decide(cem, items["a"], Verdict.DISMISS, "negated", expected_version=2)
    PassingOn(engine, clock).hold(ann, items["b"], clock.now + timedelta(days=2), "等通知", 1)
    assert "待初审" not in digest(settings, engine, ann, clock.now + timedelta(days=1))
    later = digest(settings, engine, dee, clock.now + timedelta(days=3)).splitlines()
    assert [line.partition(" ")[2].partition("，")[0] for line in later[1:3]] == [
        "未分派的待初审 1 条",
        "未分派的待第三人 1 条",
    ]


def test_what_nobody_is_told_is_no_success(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The timer's unit looked well while troubles went nowhere."""
    monkeypatch.setenv("YIGUANG_HOME", str(settings.home))
    monkeypatch.setenv("YIGUANG_DISK_LOW_MB", "0")
    for service in ("SMTP", "DINGTALK", "WECOM", "FEISHU"):
        monkeypatch.delenv(f"YIGUANG_ALERT_{service}", raising=False)
    assert run(["alerts", "send"]) == 0  # there is nothing to tell
    night_id = open_night(engine, NOW, ())
    assert run(["alerts", "send"]) == 1
    said = capsys.readouterr()
    assert night_id in said.out
    assert said.err.splitlines()[-1].startswith("错误：1 项需要处理，未发送：没有设置告警的去处")
    assert run(["alerts", "send", "--dry-run"]) == 0
    assert run(["alerts", "test"]) == 1


def _unlogged(_connection: Connection, _tip_id: int) -> None:
    pass


def test_a_tip_is_told_a_day_before_its_term_ends_and_when_it_is_over(settings: Settings, engine: Engine) -> None:
    """Without its words and who sent it; to the officer alone in the digest, since nobody else may answer."""
    tip = TipRecord(0, TipSource.PUBLIC, "", NOW, "wang", "称包治糖尿病", ())
    number = add_tip(engine, settings.home, tip, None, NOW, _unlogged)
    officer, reviewer = (
        Accounts(engine, Clock(), PASSWORDS).create(role.value, role, "test", PASSWORD)[0]
        for role in (Role.OFFICER, Role.REVIEWER)
    )
    assert troubles(settings, engine, NOW + timedelta(hours=23)) == []
    near = f"举报 {number}：“首接响应”将于 {beijing_time(NOW + timedelta(hours=48))} 到期，尚未答复"
    soon, over = NOW + timedelta(hours=25), NOW + timedelta(hours=49)
    assert [(alert.kind, alert.text) for alert in troubles(settings, engine, soon)] == [(AlertKind.TIP, near)]
    assert f"· {near}" in digest(settings, engine, officer, soon)
    assert "举报" not in digest(settings, engine, reviewer, soon)
    (late,) = troubles(settings, engine, over)
    assert late.text == near.replace("将于", "已于")
    assert late.key not in {alert.key for alert in troubles(settings, engine, soon)}  # told again once it is over
    answer_tip(engine, number, Answer("wang", over, over, "已受理"), _unlogged)
    assert troubles(settings, engine, over) == []


def test_terms_of_tips_that_cannot_be_reckoned_are_told(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    broken = replace(settings, lexicons=tmp_path)
    assert troubles(broken, engine, NOW) == []
    tip = TipRecord(0, TipSource.PUBLIC, "", NOW, "wang", "称包治糖尿病", ())
    add_tip(engine, settings.home, tip, None, NOW, _unlogged)
    (fault,) = troubles(broken, engine, NOW)
    assert fault.text.startswith("期限无法计算：")
