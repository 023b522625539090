"""What the morning report says, and in which order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.nights import EvidenceCare, NightSummary, TargetResult
from domain.outcome import Outcome
from domain.pictures import PictureFate
from domain.visits import SkipRule
from yiguang.nights.morning import Morning, missed_since, report
from yiguang.nights.summary import night_complaints

BEGAN = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # 22:00 in Beijing
GOOD = TargetResult(
    1,
    "示例门诊部",
    "http://clinic.example/",
    1,
    40,
    3,
    0,
    {Outcome.CONTENT: 40, Outcome.TIMEOUT: 2},
    (),
    7,
    38.0,
    38,
    1,
)
SHRUNK = TargetResult(2, "示例医院", "http://hospital.example/", 1, 5, 0, 2, {Outcome.CONTENT: 5}, (), 0, 50.0, 52, 0)
NIGHT = NightSummary(
    "2026-11-25", BEGAN, BEGAN + timedelta(hours=4, minutes=13), (GOOD,), {"efficacy-rate": 2, "testimonial": 1}, 4, (),
    "2026-11-22", ("2026-11-23", "2026-11-24"),
)  # fmt: skip
MORNING = Morning(NIGHT, {SkipRule.HOST: 9, SkipRule.FILE: 3}, BEGAN + timedelta(hours=10), True, "http://bot.example/")


def test_a_good_night_reads_from_state_to_details() -> None:
    assert report(MORNING).splitlines() == [
        "2026-11-25 夜间巡查：正常",
        "时间：2026-11-25 22:00 至 2026-11-26 02:13（北京时间），历时 4 小时 13 分",
        "",
        "未运行：2026-11-23 没有巡查",
        "未运行：2026-11-24 没有巡查",
        "",
        "线索：3 页（上一夜 1 页）；类别（一页可有多类）：治愈率/有效率 2、患者证明 1",
        "  · 示例门诊部  3 页",
        "",
        "页面：1 个目标，正常内容 40 页（上一夜 38 页）；另有 7 个网址超出页数预算，未访问",
        "  · 超时 2",
        "",
        "提取：没有标题 0 页（0%），几乎没有正文 0 页（0%）",
        "不跟踪的链接：主机不在范围内 9、不是网页文件 3（某个网址的去向：yiguang pages why 网址）",
        "证据：核验 4 个文件，全部通过",
        "",
        "线索明细：yiguang cases list --night 2026-11-25",
    ]


def test_what_went_wrong_comes_first() -> None:
    night = replace(NIGHT, targets=(GOOD, SHRUNK), missed_dates=(), bundles_failed=("evidence/a.wacz",))
    lines = report(replace(MORNING, night=night)).splitlines()
    assert lines[0] == "2026-11-25 夜间巡查：不正常"
    assert lines[3:6] == [
        "需要处理：",
        "  · 证据包未通过核验：evidence/a.wacz",
        "  · 示例医院：只取得 5 页，远少于平时的 50 页；还有 2 页未做完",
    ]
    assert "与上一夜相差较大：\n  · 示例医院  52 → 5 页" in "\n".join(lines)


def test_of_very_many_targets_those_with_most_missing_are_named() -> None:
    small = [replace(SHRUNK, target_id=number, name=f"示例第{number}诊所", waiting=0) for number in range(100)]
    worst = replace(SHRUNK, target_id=100, name="示例总医院", usual_pages=900.0)
    night = replace(NIGHT, targets=(*small, worst), missed_dates=(), bundles_failed=("evidence/a.wacz",))
    lines = report(replace(MORNING, night=night)).splitlines()
    listed = lines[lines.index("需要处理：") + 1 :]
    listed = listed[: listed.index("")]
    assert listed[0] == "  · 证据包未通过核验：evidence/a.wacz"
    assert listed[1].startswith("  · 示例总医院：")
    assert listed[-1] == "  · 另有 51 个目标不正常（全部：yiguang night show --all）"
    assert len(listed) == 1 + 50 + 1
    everything = report(replace(MORNING, night=night, whole=True))
    assert everything.count("远少于平时的") == 101 and "另有 51" not in everything


def test_a_night_of_nothing_says_so() -> None:
    nothing = replace(GOOD, min_pages=0, content_pages=0, leads=0, outcomes={Outcome.HTTP_GONE: 3}, usual_pages=None)
    night = replace(NIGHT, targets=(nothing,))
    assert night_complaints(night) == ["整夜没有取得一页正常内容"]
    assert not night.healthy


def test_missing_contact_and_later_missed_days_are_told() -> None:
    told = report(replace(MORNING, contact="", now=BEGAN + timedelta(days=3)))
    assert "未运行：此后已有 2 天没有巡查" in told
    assert "没有设置 YIGUANG_CONTACT" in told
    assert missed_since("2026-11-25-2", BEGAN + timedelta(days=1)) == 0


def test_a_running_night_is_not_called_well() -> None:
    assert report(replace(MORNING, night=replace(NIGHT, ended_at=None))).startswith("2026-11-25 夜间巡查：尚未结束")


def test_a_paused_night_is_no_fault_and_says_what_is_left() -> None:
    paused = replace(NIGHT, ended_at=None, paused_at=BEGAN + timedelta(hours=8), targets=(SHRUNK,), missed_dates=())
    lines = report(replace(MORNING, night=paused, now=BEGAN + timedelta(days=2))).splitlines()
    assert paused.healthy
    assert lines[:2] == [
        "2026-11-25 夜间巡查：已暂停（夜间时段已结束，余 2 页下次续做）",
        "时间：2026-11-25 22:00 开始，2026-11-26 06:00 暂停（北京时间）",
    ]
    assert "需要处理：" not in lines
    assert "未运行：此后已有 1 天没有巡查" in lines
    broken = replace(paused, bundles_failed=("evidence/a.wacz",))
    assert report(replace(MORNING, night=broken)).splitlines()[0].endswith("下次续做），不正常")
    assert night_complaints(broken) == ["证据包未通过核验：evidence/a.wacz"]


def test_dates_on_which_a_night_was_resumed_are_not_missed() -> None:
    resumed = replace(NIGHT, resumed_dates=("2026-11-27",))
    told = report(replace(MORNING, night=resumed, now=BEGAN + timedelta(days=4)))
    assert "未运行：此后已有 1 天没有巡查" in told


def test_pictures_are_counted_and_those_left_unread_say_why() -> None:
    fates = {PictureFate.READ: 12, PictureFate.SMALL: 90, PictureFate.UNSUSPICIOUS: 3, PictureFate.BUDGET: 7}
    lines = report(replace(MORNING, pictures=fates)).splitlines()
    assert "图片：识别 12 张，未识别 10 张（图片识别时间已用完 7、页面不可疑，余下的时间留给可疑页面 3）" in lines
    assert not any(line.startswith("图片：") for line in report(MORNING).splitlines())


def test_pages_set_aside_are_named_with_the_reason() -> None:
    failures = (
        ("http://clinic.example/slow", Outcome.TIMEOUT, "超时"),
        ("http://clinic.example/bad", Outcome.OUR_FAULT, "访问该页时采集进程或浏览器已 3 次中止，本夜搁置"),
    )
    target = replace(GOOD, failures=failures, set_aside=((failures[1][0], failures[1][2]),), set_aside_pages=1)
    said = report(replace(MORNING, night=replace(NIGHT, targets=(target,))))
    assert "  · http://clinic.example/bad：访问该页时采集进程或浏览器已 3 次中止，本夜搁置" in said.splitlines()
    assert "/slow" not in said and "被搁置" not in said


def test_pages_set_aside_beyond_those_shown_are_counted() -> None:
    """Of each target 20 at most are named; the count ended there too."""
    named = tuple((f"http://clinic.example/{number}", "本夜搁置") for number in range(20))
    targets = (
        replace(GOOD, set_aside=named, set_aside_pages=57),
        replace(GOOD, set_aside=named[:1], set_aside_pages=1),
    )
    said = report(replace(MORNING, night=replace(NIGHT, targets=targets))).splitlines()
    assert sum("本夜搁置" in line for line in said) == 10
    assert "  · 另有 48 页被搁置" in said


def test_what_was_done_for_the_evidence() -> None:
    care = EvidenceCare(2, 30, 400, BEGAN - timedelta(days=20), "/mnt/backup", 5, 60, 1)
    said = report(replace(MORNING, night=replace(NIGHT, care=care)))
    assert (
        "证据：核验 4 个文件，全部通过\n"
        "  · 其中重新核验以往的 30 个，另有 400 个本夜没有时间重新核验（其中最久的上次核验在 2026-11-05 22:00）\n"
        "  · 其中留置、删除、调阅等记录 2 条\n"
        "  · 另存到 /mnt/backup：新传 5 个，已有 60 个，依期限删除 1 个"
    ) in said
    failed = replace(NIGHT, care=replace(care, copy_faults=("存储出错：没有权限",)), missed_dates=())
    assert not failed.healthy
    assert night_complaints(failed) == ["证据未能另存到 /mnt/backup：存储出错：没有权限"]
    assert "另存到 /mnt/backup：新传" not in report(replace(MORNING, night=failed))


def test_what_nobody_could_do_is_told() -> None:
    unable = replace(NIGHT, unshown=3, unread_pictures=12)
    assert not unable.healthy
    said = night_complaints(unable)
    assert ["3 页须由浏览器显示" in said[0], said[1]] == [True, "12 张图片未识别：没有能识别图片的进程"]
    assert all(f"  · {line}" in report(replace(MORNING, night=unable)).splitlines() for line in said)
    paused = replace(unable, ended_at=None, paused_at=BEGAN, targets=(SHRUNK,), to_show=2)
    assert paused.healthy
    assert "余 2 页下次续做（其中 2 页等待能显示网页的进程）" in report(replace(MORNING, night=paused))
    still = replace(NIGHT, ended_at=None, to_show=2)
    assert "2 页等待能显示网页的进程" in report(replace(MORNING, night=still))
