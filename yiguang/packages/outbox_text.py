"""Packages, their terms and what comes next, as commands show them."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from domain.beijing import beijing_time
from domain.outbox import MEASURE_ZH, STAGE_ZH, STEP_ZH, Measure, Stage, Step, StepTaken
from yiguang.errors import CommandFailed
from yiguang.settings import Settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from referral.deadlines import RunningTerm
    from referral.late import Reminder
    from storage.leads.outbox import Package

LATE_HEADINGS = ("编号", "接收部门", "进展", "期限", "到期", "情况", "告知", "怎么办", "依据", "线索", "挂牌督办")
LIST_HEADINGS = (
    "编号",
    "接收部门",
    "进展",
    "制作",
    "制作人",
    "寄送",
    "最近一步",
    "期限",
    "线索",
    "已撤回的线索",
    "挂牌督办",
)
_NEXT: dict[Stage, str] = {
    Stage.DRAFT: "由制作人以外的人审批：yiguang outbox approve {number} --folder 材料目录",
    Stage.APPROVED: "寄送后记录：yiguang outbox send {number} --folder 材料目录 --channel 寄送方式",
    Stage.SENT: "收到回执后记录：yiguang outbox step {number} received --reference 收文号",
    Stage.RECEIVED: "记录对方的决定：yiguang outbox step {number} filed（立案）、not-filed（不立案）或 replied（其他答复）",
    Stage.FILED: "办结后记录：yiguang outbox step {number} closed --measure 处理结果",
    Stage.REFUSED: "另送其他机关的重新制作；对方改为立案的，记 yiguang outbox step {number} filed",
}


class OutboxText:
    """Packages as they are shown to a person, with their terms as of now. Raises CommandFailed for data that are broken."""

    def __init__(self, settings: Settings) -> None:
        from domain.clocks import ClocksBroken
        from domain.working_days import CalendarBroken
        from referral.deadlines import load_clocks, load_work_calendar
        from referral.late import EscalationBroken, load_escalations
        from yiguang.home import open_home, utc_now
        from yiguang.packages.referring import recipient_cards

        self._engine = open_home(settings)
        self.now = utc_now()
        try:
            self._clocks = load_clocks(settings.lexicons)
            self._calendar = load_work_calendar(settings.lexicons)
            self._escalations = load_escalations(settings.lexicons)
        except (ClocksBroken, CalendarBroken, EscalationBroken) as fault:
            raise CommandFailed(str(fault)) from fault
        self._cards = recipient_cards(settings)

    def packages(self) -> "list[Package]":
        """Those under 挂牌督办 first, each group oldest first."""
        from storage.leads.outbox import list_packages

        return sorted(list_packages(self._engine), key=lambda package: not package.supervised)

    def package(self, number: str) -> "Package":
        """Raises CommandFailed when there is none of that number."""
        from storage.leads.outbox import find_package

        try:
            return find_package(self._engine, number)
        except KeyError:
            raise CommandFailed(f"没有编号为 {number} 的移送材料（见 yiguang outbox list）") from None

    def terms(self, package: "Package") -> "tuple[RunningTerm, ...]":
        from referral.deadlines import own_terms_of, terms_of

        return (
            *terms_of(package, self._clocks, self._calendar),
            *own_terms_of(package, self._clocks, self._calendar),
        )

    def limits(self, package: "Package") -> "Iterator[tuple[int, RunningTerm]]":
        """By lead that was not taken back: until when it may be punished."""
        from referral.deadlines import limits_of
        from storage.leads.outbox import last_seen_of

        for case, seen_at in sorted(last_seen_of(self._engine, package.cases).items()):
            if case not in package.rescinded:
                yield from ((case, term) for term in limits_of(seen_at, self._clocks, self._calendar))

    def limit_line(self, case: int, term: "RunningTerm") -> str:
        seen = f"最后见到 {beijing_time(term.begun_at)}"
        return f"  线索 {case}（{seen}）{self.term(term)}"

    def reminders(self, within: int) -> "list[Reminder]":
        from referral.late import reminders

        return reminders(self.packages(), self._clocks, self._calendar, self._escalations, self.now, within)

    def recipient(self, package: "Package") -> str:
        return self._cards[package.recipient].name

    def term(self, term: "RunningTerm") -> str:
        if term.deadline is None:
            return f"{term.clock.title}：期限待定（{term.why_open}）"
        late = "，已逾期" if term.is_late(self.now) else ""
        longer = "，已延长" if term.deadline.extended else ""
        return f"{term.clock.title}：{beijing_time(term.deadline.due_at)} 前{longer}{late}（{term.clock.basis}）"

    def line(self, package: "Package") -> str:
        mark = "【挂牌督办】" if package.supervised else ""
        parts = [f"{mark}{package.number}", self.recipient(package), STAGE_ZH[package.stage], f"线索 {cases(package)}"]
        if package.rescinded and package.stage is not Stage.ENDED:
            parts.append(f"含已撤回的线索 {'、'.join(map(str, package.rescinded))}")
        return "\t".join([*parts, *(self.term(term) for term in self.terms(package))])

    def cells(self, package: "Package") -> tuple[str, ...]:
        """A row under LIST_HEADINGS."""
        from domain.outbox import sent_at

        sent = sent_at(package.steps)
        return (
            package.number,
            self.recipient(package),
            STAGE_ZH[package.stage],
            beijing_time(package.made_at),
            package.made_by,
            "" if sent is None else beijing_time(sent),
            step_words(package.steps[-1]) if package.steps else "",
            "；".join(self.term(term) for term in self.terms(package)),
            cases(package),
            "、".join(map(str, package.rescinded)),
            "是" if package.supervised else "",
        )

    def late_cells(self, reminder: "Reminder") -> tuple[str, ...]:
        """A row under LATE_HEADINGS."""
        package, term, step = reminder.package, reminder.term, reminder.escalation
        return (
            package.number,
            self.recipient(package),
            STAGE_ZH[package.stage],
            term.clock.title,
            "" if term.deadline is None else beijing_time(term.deadline.due_at),
            _how_late(reminder),
            "" if step is None else step.tell,
            "" if step is None else step.act,
            term.clock.basis,
            cases(package),
            "是" if package.supervised else "",
        )

    def row(self, package: "Package") -> dict[str, object]:
        """A package as JSON shows it."""
        return {
            "number": package.number,
            "recipient": package.recipient.value,
            "stage": package.stage.value,
            "supervised": package.supervised,
            "made_at": package.made_at.isoformat(),
            "made_by": package.made_by,
            "manifest_sha256": package.manifest_now,
            "cases": list(package.cases),
            "rescinded": list(package.rescinded),
            "next": next_step(package),
            "terms": [_term_row(term, self.now) for term in self.terms(package)],
            "steps": [_step_row(taken, package) for taken in package.entered],
        }

    def late_row(self, reminder: "Reminder") -> dict[str, object]:
        step = reminder.escalation
        return {
            "number": reminder.package.number,
            "recipient": reminder.package.recipient.value,
            "supervised": reminder.package.supervised,
            "whose": reminder.whose.value,
            **_term_row(reminder.term, self.now),
            "working_days": reminder.working_days,
            "tell": None if step is None else step.tell,
            "act": None if step is None else step.act,
        }


def next_step(package: "Package") -> str:
    """What is to be done next, Chinese; empty when nothing is."""
    if package.rescinded and package.stage in (Stage.DRAFT, Stage.APPROVED):
        return f"含已撤回的线索，退回后重新制作：yiguang outbox return {package.number} --text 理由"
    if package.rescinded and package.stage is not Stage.ENDED:
        return (
            f"函告接收部门所含线索 {'、'.join(map(str, package.rescinded))} 已撤回；"
            f"全部撤回的，记 yiguang outbox step {package.number} withdrawn --text 理由"
        )
    return _NEXT.get(package.stage, "").format(number=package.number)


def step_lines(package: "Package") -> Iterator[str]:
    """Every step on record, with its number; those that were struck say so."""
    standing = {taken.id for taken in package.steps}
    for taken in package.entered:
        struck = "" if taken.id in standing or taken.step is Step.STRUCK else "（已撤销）"
        yield f"  [{taken.id}] {step_words(taken)}{struck}"


def step_words(taken: StepTaken) -> str:
    said = [taken.channel, taken.reference, "、".join(MEASURE_ZH[measure] for measure in taken.measures)]
    if taken.corrects is not None:
        said.append(f"撤销第 {taken.corrects} 步")
    if taken.fine_fen:
        said.append(f"{taken.fine_fen / 100:.2f} 元")
    elif Measure.FINED in taken.measures:
        said.append("罚没金额不详")
    if taken.file_sha256:
        said.append(f"附件 {taken.file_name}（SHA-256 {taken.file_sha256[:16]}…）")
    words = "；".join(printable(part) for part in (*said, taken.text) if part)
    return f"{beijing_time(taken.at)} {STEP_ZH[taken.step]}（{printable(taken.by)}）{'：' if words else ''}{words}"


def cases(package: "Package") -> str:
    return "、".join(map(str, package.cases))


def _how_late(reminder: "Reminder") -> str:
    days = "" if reminder.working_days is None else f" {reminder.working_days} 个工作日"
    return f"逾期{days}" if reminder.is_late else f"还有{days}"


def _term_row(term: "RunningTerm", now: datetime) -> dict[str, object]:
    return {
        "clock": term.clock.name,
        "title": term.clock.title,
        "begun_at": term.begun_at.isoformat(),
        "due_at": None if term.deadline is None else term.deadline.due_at.isoformat(),
        "extended": term.deadline is not None and term.deadline.extended,
        "late": term.is_late(now),
        "basis": term.clock.basis,
        "calendar": "" if term.deadline is None else term.deadline.calendar,
    }


def _step_row(taken: StepTaken, package: "Package") -> dict[str, object]:
    return {
        "id": taken.id,
        "step": taken.step.value,
        "by": taken.by,
        "at": taken.at.isoformat(),
        "noted_at": taken.noted_at.isoformat(),
        "text": taken.text,
        "reference": taken.reference,
        "channel": taken.channel,
        "measures": [measure.value for measure in taken.measures],
        "fine_fen": taken.fine_fen,
        "manifest_sha256": taken.manifest_sha256,
        "corrects": taken.corrects,
        "struck": taken.step is not Step.STRUCK and taken not in package.steps,
        "file_name": taken.file_name,
        "file_sha256": taken.file_sha256,
    }
