"""What there is to be told, and telling it: at the end of a night, and whenever a timer asks."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from domain.alerts import Alert, AlertKind, not_told_lately, still_remembered
from domain.beijing import beijing_time
from domain.clocks import ClocksBroken
from domain.nights import NightState
from domain.system_words import file_fault
from domain.timetable import RUN_ZH, RunState
from domain.working_days import CalendarBroken
from referral.deadlines import load_clocks, load_work_calendar
from referral.late import reminders
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import list_nights
from storage.crawl.pauses import resumed_at
from storage.crawl.timetable import closures, runs
from storage.durable_file import write_whole
from storage.leads.outbox import list_packages
from yiguang.errors import CommandFailed, UsageError
from yiguang.home import open_home, utc_now
from yiguang.nights.disk_watch import free_bytes
from yiguang.nights.morning import missed_since
from yiguang.nights.summary import evidence_faults, night_faults, target_complaints
from yiguang.settings import Settings
from yiguang.watching.alert_channels import NotSent, mail_text, post_webhook, send_mail
from yiguang.watching.alert_settings import AlertSettings, read_alert_settings
from yiguang.watching.tip_terms import tip_terms

#: In the data folder, not in the database: what is to be told may be that there is no database.
_MEMORY = "alerts-told.json"
#: Missed times of the timetable that are older are not told any more.
REMEMBERED = timedelta(days=3)
#: A night that has not ended by then, since it began or was last taken up after a pause, was broken off, or has far too much to do.
STALLED = timedelta(hours=20)
#: Targets of a night that are named one by one; more are one alert.
TARGETS_NAMED = 20


def troubles_of_home(settings: Settings, now: datetime) -> list[Alert]:
    """As `troubles`; that the data folder or its database cannot be used is one of them."""
    try:
        engine = open_home(settings)
    except CommandFailed as fault:
        return [Alert(AlertKind.NIGHT, "home", str(fault))]
    try:
        return troubles(settings, engine, now)
    finally:
        engine.dispose()


def troubles(settings: Settings, engine: Engine, now: datetime) -> list[Alert]:
    """All that an operator should know of now, gravest first."""
    found = list(_disk(settings))
    try:
        found += [
            *_nights(engine, now),
            *_timetable(engine, now),
            *_clocks(settings, engine, now),
            *_tips(settings, engine, now),
        ]
    except SQLAlchemyError as fault:
        found.append(Alert(AlertKind.NIGHT, "database", f"数据库无法使用：{str(fault).splitlines()[0]}"))
    return found


def _disk(settings: Settings) -> Iterator[Alert]:
    free_mb = free_bytes(settings.home) // 1_000_000
    if free_mb < settings.disk_low_mb:
        yield Alert(AlertKind.DISK, "home", f"数据目录所在磁盘只余 {free_mb} MB（低于 {settings.disk_low_mb} MB）")


def _nights(engine: Engine, now: datetime) -> Iterator[Alert]:
    known = list_nights(engine)
    if not known:
        return
    night = night_summary(engine, known[0][0])
    # Evidence is looked after at each pause as well; what else an unfinished night has too little of may yet come
    finished = night.state is NightState.FINISHED
    of_targets = target_complaints(night) if finished else []
    of_night = night_faults(night) if finished else evidence_faults(night)
    if len(of_targets) > TARGETS_NAMED:
        more = f"{len(of_targets)} 个目标不正常，例如 {of_targets[0]}（全部：yiguang night show --all）"
        yield Alert(AlertKind.NIGHT, f"{night.night_id} targets", f"{night.night_id} 一夜：{more}")
        of_targets = []
    for line in [*of_night, *of_targets]:
        yield Alert(AlertKind.NIGHT, f"{night.night_id} {line}", f"{night.night_id} 一夜：{line}")
    if night.state is NightState.OPEN:
        resumed = resumed_at(engine, night.night_id)
        if now - (resumed or night.started_at) > STALLED:
            since = "开始" if resumed is None else "续做"
            yield Alert(
                AlertKind.STALLED,
                night.night_id,
                f"{night.night_id} 一夜{since}后 20 小时仍未结束，余 {night.waiting} 页",
            )
        return
    paused = any(closure.covers(now) for closure in closures(engine))
    if not paused and (days := missed_since(night.night_id, now, night.resumed_dates)):
        yield Alert(AlertKind.MISSED, night.night_id, f"{night.night_id} 之后已有 {days} 天没有巡查")


def _timetable(engine: Engine, now: datetime) -> Iterator[Alert]:
    """Times of the last days at which a night should have run and did not, or did not end, or failed before it was a night."""
    worked_at = max((moment for _, *moments in list_nights(engine) for moment in moments if moment), default=None)
    for run in runs(engine):
        if now - run.due_at >= REMEMBERED:
            continue
        at = beijing_time(run.due_at)
        if run.state in (RunState.MISSED, RunState.BROKEN_OFF):
            yield Alert(
                AlertKind.MISSED, f"{run.state} {at}", f"时间表上 {at} 的巡查{RUN_ZH[run.state]}{_because(run.why)}"
            )
        # What was wrong with a night that there is, the night says
        elif run.exit_code and run.begun_at is not None and (worked_at is None or worked_at < run.begun_at):
            yield Alert(
                AlertKind.MISSED,
                f"failed {at}",
                f"时间表上 {at} 的巡查没有做成（退出码 {run.exit_code}），原因见当时的日志",
            )


def _because(why: str) -> str:
    return f"（{why}）" if why else ""


def _clocks(settings: Settings, engine: Engine, now: datetime) -> Iterator[Alert]:
    packages = list_packages(engine)
    if not packages:
        return
    try:
        clocks, calendar = load_clocks(settings.lexicons), load_work_calendar(settings.lexicons)
    except (ClocksBroken, CalendarBroken) as fault:
        yield Alert(AlertKind.CLOCK, "calendar", f"期限无法计算：{fault}")
        return
    for reminder in reminders(packages, clocks, calendar, (), now, 0):
        number, term = reminder.package.number, reminder.term
        if reminder.is_late and term.deadline is not None:
            due = beijing_time(term.deadline.due_at)
            text = f"移送 {number}：“{term.clock.title}”已于 {due} 到期"
            yield Alert(AlertKind.CLOCK, f"{number} {term.clock.name} {due}", text)


def _tips(settings: Settings, engine: Engine, now: datetime) -> Iterator[Alert]:
    try:
        terms = tip_terms(settings, engine, now)
    except (ClocksBroken, CalendarBroken) as fault:
        yield Alert(AlertKind.CLOCK, "calendar", f"期限无法计算：{fault}")
        return
    for term in terms:
        subject = f"{term.tip_id} {term.clock.name} {'late' if term.is_late else 'near'}"
        yield Alert(AlertKind.TIP, subject, term.text)


def tell_troubles(settings: Settings, engine: Engine, say: Callable[[str], None]) -> None:
    """Tell what there is by whatever channels are set; what went wrong with that is said, and is no fault of the night."""
    try:
        channels = read_alert_settings()
    except UsageError as fault:
        say(f"告警没有发出：{fault}")
        return
    if channels.ways:
        now = utc_now()
        sent, faults = tell(settings, channels, troubles(settings, engine, now), now)
        for line in (*((f"已告警 {len(sent)} 项",) if sent else ()), *faults):
            say(line)


def tell(
    settings: Settings, channels: AlertSettings, alerts: Sequence[Alert], now: datetime
) -> tuple[tuple[Alert, ...], tuple[str, ...]]:
    """Send what was not told lately, in one message a channel; what was sent, and faults in Chinese.

    It counts as told when one channel took it.
    """
    quiet = timedelta(hours=channels.quiet_hours)
    told = _told(settings)
    fresh = not_told_lately(alerts, told, now, quiet)
    if not fresh:
        return (), ()
    faults = send(settings, channels, f"医广哨兵：{len(fresh)} 项需要处理", fresh, now)
    if len(faults) == channels.ways:
        return (), faults
    return fresh, faults + _remember(settings, still_remembered(told, fresh, now, quiet))


def send(
    settings: Settings, channels: AlertSettings, title: str, alerts: Sequence[Alert], now: datetime
) -> tuple[str, ...]:
    """Send a message by every channel; the faults of those that did not take it, in Chinese."""
    faults = []
    for way in _ways(settings, channels, title, alerts, now):
        try:
            way()
        except NotSent as fault:
            faults.append(str(fault))
    return tuple(faults)


def _ways(
    settings: Settings, channels: AlertSettings, title: str, alerts: Sequence[Alert], now: datetime
) -> list[Callable[[], None]]:
    ways: list[Callable[[], None]] = []
    if (server := channels.mail) is not None:
        ways.append(lambda: send_mail(server, title, mail_text(settings.lexicons, alerts, settings.home), now))
    for hook in channels.webhooks:
        ways.append(lambda hook=hook: post_webhook(settings.lexicons, hook, title, alerts, now))  # type: ignore[misc]
    return ways


def _told(settings: Settings) -> dict[str, datetime]:
    """A memory that cannot be read is none: better told twice than not at all."""
    try:
        rows = json.loads((settings.home / _MEMORY).read_text(encoding="utf-8"))
        return {str(key): datetime.fromisoformat(then) for key, then in rows.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _remember(settings: Settings, told: dict[str, datetime]) -> tuple[str, ...]:
    """The fault, if it cannot be kept: a disk that is full is no reason not to tell those who would make room."""
    rows = {key: then.isoformat() for key, then in told.items()}
    if not settings.home.is_dir():
        return ()  # it is what was told of; a folder made here would pass for a data folder
    try:
        write_whole(settings.home / _MEMORY, json.dumps(rows, ensure_ascii=False).encode())
    except OSError as fault:
        return (f"已发出，但 {_MEMORY} 无法写入（{file_fault(fault)}），下次会重复",)
    return ()
