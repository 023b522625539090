"""The morning report: what a night found, what went wrong, and what is different from the night before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.beijing import BEIJING, beijing_time
from domain.findings import FAMILY_ZH
from domain.nights import EvidenceCare, NightState, NightSummary, TargetResult, nth_of_day
from domain.outcome import OUTCOME_ZH, Outcome
from domain.pictures import PICTURE_FATE_ZH, PictureFate
from domain.visits import SkipRule
from yiguang.nights.summary import first_troubles, night_faults, paused_zh, target_complaints
from yiguang.terminal import printable

SKIP_ZH: dict[SkipRule, str] = {
    SkipRule.INVALID: "不是可访问的网址",
    SkipRule.KIND: "单篇文章不跟踪",
    SkipRule.HOST: "主机不在范围内",
    SkipRule.PATTERN: "包含与排除规则",
    SkipRule.FILE: "不是网页文件",
    SkipRule.DEPTH: "超过深度",
    SkipRule.TRAP: "疑似陷阱",
    SkipRule.BUDGET: "发现的链接过多",
    SkipRule.POST: "微信文章（逐条见 yiguang intake --list）",
    SkipRule.WANTED_POST: "微信文章（已列为目标）",
}
#: Targets listed in one paragraph.
SHOWN = 10
#: A target is listed as changed when it gave this share of pages more or fewer than the night before.
CHANGED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Morning:
    """What the report is made of. `now` is when it is read; `newest` whether no later night has begun; `whole` whether all targets
    with something wrong are listed, however many."""

    night: NightSummary
    skips: Mapping[SkipRule, int]
    now: datetime
    newest: bool
    contact: str
    pictures: Mapping[PictureFate, int] = field(default_factory=dict)
    whole: bool = False


def report(morning: Morning) -> str:
    """The report in Chinese, most important first."""
    night = morning.night
    of_targets = target_complaints(night)
    complaints = [*night_faults(night), *(of_targets if morning.whole else first_troubles(of_targets))]
    parts = [
        [f"{night.night_id} 夜间巡查{_nth(night)}：{_state(night)}", f"时间：{_times(night)}"],
        [*_missed(morning)],
        ["需要处理：", *(f"  · {printable(line)}" for line in complaints)] if complaints else [],
        [_leads(night), *_lead_targets(night)],
        [_pages(night), *_others(night), *_set_aside(night)],
        _changes(night),
        [*_reading(night), *_pictures(morning.pictures), *_skips(morning.skips), *_evidence(night)],
        _hints(morning),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def missed_since(night_id: str, now: datetime, resumed_dates: tuple[str, ...] = ()) -> int:
    """Whole days (Beijing) without work between the newest night, or the last date it was resumed on, and today."""
    last = datetime.fromisoformat(max((night_id[:10], *resumed_dates))).date()
    return max(0, (now.astimezone(BEIJING).date() - last).days - 1)


def _nth(night: NightSummary) -> str:
    nth = nth_of_day(night.night_id)
    return f"（当天第 {nth} 夜）" if nth > 1 else ""


def _state(night: NightSummary) -> str:
    if night.state is NightState.PAUSED:
        return f"已暂停（{paused_zh(night)}）{'' if night.healthy else '，不正常'}"
    if night.state is NightState.OPEN:
        browser = f"；{night.to_show} 页等待能显示网页的进程" if night.to_show else ""
        return f"尚未结束（中断的一夜再次运行 yiguang nightly 会接着做{browser}）"
    return "正常" if night.healthy else "不正常"


def _times(night: NightSummary) -> str:
    start = beijing_time(night.started_at)
    if night.paused_at is not None:
        return f"{start} 开始，{beijing_time(night.paused_at)} 暂停（北京时间）"
    if night.ended_at is None:
        return f"{start} 开始（北京时间）"
    return f"{start} 至 {beijing_time(night.ended_at)}（北京时间），历时 {_duration(night.ended_at - night.started_at)}"


def _duration(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    hours = f"{minutes // 60} 小时 " if minutes >= 60 else ""
    return f"{hours}{minutes % 60} 分"


def _missed(morning: Morning) -> list[str]:
    lines = [f"未运行：{date} 没有巡查" for date in morning.night.missed_dates]
    night = morning.night
    idle = morning.newest and night.state is not NightState.OPEN
    if idle and (days := missed_since(night.night_id, morning.now, night.resumed_dates)):
        lines.append(f"未运行：此后已有 {days} 天没有巡查")
    return lines


def _leads(night: NightSummary) -> str:
    families = sorted(night.families.items(), key=lambda item: (-item[1], item[0]))
    kinds = "、".join(f"{FAMILY_ZH[family]} {count}" for family, count in families)
    previous = [target.previous_leads for target in night.targets if target.previous_leads is not None]
    compared = f"（上一夜 {sum(previous)} 页）" if previous else ""
    return f"线索：{night.leads} 页{compared}{f'；类别（一页可有多类）：{kinds}' if kinds else ''}"


def _lead_targets(night: NightSummary) -> list[str]:
    with_leads = sorted((target for target in night.targets if target.leads), key=lambda target: -target.leads)
    return [f"  · {printable(target.name)}  {target.leads} 页" for target in with_leads[:SHOWN]] + _more(with_leads)


def _pages(night: NightSummary) -> str:
    previous = [target.previous_pages for target in night.targets if target.previous_pages is not None]
    compared = f"（上一夜 {sum(previous)} 页）" if previous else ""
    surplus = sum(target.surplus for target in night.targets)
    over = f"；另有 {surplus} 个网址超出页数预算，未访问" if surplus else ""
    return f"页面：{len(night.targets)} 个目标，正常内容 {night.content_pages} 页{compared}{over}"


def _others(night: NightSummary) -> list[str]:
    others = sorted(
        ((outcome, count) for outcome, count in night.outcomes.items() if outcome is not Outcome.CONTENT),
        key=lambda item: -item[1],
    )
    return [f"  · {OUTCOME_ZH[outcome]} {count}" for outcome, count in others]


def _set_aside(night: NightSummary) -> list[str]:
    shown = [page for target in night.targets for page in target.set_aside][:SHOWN]
    rest = sum(target.set_aside_pages for target in night.targets) - len(shown)
    more = [f"  · 另有 {rest} 页被搁置"] if rest > 0 else []
    return [f"  · {printable(url)}：{printable(detail)}" for url, detail in shown] + more


def _changes(night: NightSummary) -> list[str]:
    changed = [target for target in night.targets if _has_changed(target)]
    if not changed:
        return []
    lines = [
        f"  · {printable(target.name)}  {target.previous_pages} → {target.content_pages} 页"
        for target in changed[:SHOWN]
    ]
    return ["与上一夜相差较大：", *lines, *_more(changed)]


def _has_changed(target: TargetResult) -> bool:
    before = target.previous_pages
    return before is not None and abs(target.content_pages - before) > max(before, 1) * CHANGED_SHARE


def _more(targets: list[TargetResult]) -> list[str]:
    return [f"  · 另有 {len(targets) - SHOWN} 个目标"] if len(targets) > SHOWN else []


def _reading(night: NightSummary) -> list[str]:
    if not night.content_pages:
        return []
    titles = sum(target.empty_titles for target in night.targets)
    texts = sum(target.empty_texts for target in night.targets)
    share = night.content_pages
    return [f"提取：没有标题 {titles} 页（{titles / share:.0%}），几乎没有正文 {texts} 页（{texts / share:.0%}）"]


def _pictures(fates: Mapping[PictureFate, int]) -> list[str]:
    """How many pictures were read, and why the others were not; pictures too small to hold words go without saying."""
    if not fates:
        return []
    unread = {fate: count for fate, count in fates.items() if fate not in (PictureFate.READ, PictureFate.SMALL)}
    reasons = "、".join(f"{PICTURE_FATE_ZH[fate]} {count}" for fate, count in sorted(unread.items(), key=_most_first))
    why = f"（{reasons}）" if reasons else ""
    return [f"图片：识别 {fates.get(PictureFate.READ, 0)} 张，未识别 {sum(unread.values())} 张{why}"]


def _most_first(item: tuple[PictureFate, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _skips(skips: Mapping[SkipRule, int]) -> list[str]:
    if not skips:
        return []
    counts = "、".join(f"{SKIP_ZH[rule]} {count}" for rule, count in sorted(skips.items(), key=lambda item: -item[1]))
    return [f"不跟踪的链接：{counts}（某个网址的去向：yiguang pages why 网址）"]


def _evidence(night: NightSummary) -> list[str]:
    failed = len(night.bundles_failed)
    lines = [f"证据：核验 {night.bundles_verified} 个文件，{f'{failed} 个未通过' if failed else '全部通过'}"]
    if (care := night.care) is None:
        return lines
    if care.rechecked or care.unreached:
        lines.append(f"  · 其中重新核验以往的 {care.rechecked} 个{_unreached(care)}")
    if care.records:
        lines.append(f"  · 其中留置、删除、调阅等记录 {care.records} 条")
    if care.store and not care.copy_faults:
        removed = f"，依期限删除 {care.removed} 个" if care.removed else ""
        lines.append(f"  · 另存到 {printable(care.store)}：新传 {care.sent} 个，已有 {care.present} 个{removed}")
    return lines


def _unreached(care: EvidenceCare) -> str:
    if not care.unreached:
        return ""
    at = care.oldest_check_at
    since = "从未重新核验过" if at is None else f"上次核验在 {beijing_time(at)}"
    return f"，另有 {care.unreached} 个本夜没有时间重新核验（其中最久的{since}）"


def _hints(morning: Morning) -> list[str]:
    lines = [f"线索明细：yiguang cases list --night {morning.night.night_id}"] if morning.night.leads else []
    if not morning.contact:
        lines.append("提示：没有设置 YIGUANG_CONTACT，网站管理者看不到联系方式")
    return lines
