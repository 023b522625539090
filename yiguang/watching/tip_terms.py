"""Tips that nobody has answered and whose terms are over or end within a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from domain.beijing import beijing_time
from domain.clocks import Clock
from referral.deadlines import TipTerms
from storage.leads.tip_records import list_tips
from yiguang.settings import Settings

#: The shortest term is of 48 hours: a day is left to answer in.
_NEAR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TipTerm:
    """One term of one unanswered tip; `due_at` is aware."""

    tip_id: int
    clock: Clock
    due_at: datetime
    is_late: bool

    @property
    def text(self) -> str:
        """In Chinese, without a word of what the tip says."""
        due = f"已于 {beijing_time(self.due_at)} 到期" if self.is_late else f"将于 {beijing_time(self.due_at)} 到期"
        return f"举报 {self.tip_id}：“{self.clock.title}”{due}，尚未答复"


def tip_terms(settings: Settings, engine: Engine, now: datetime) -> list[TipTerm]:
    """The terms that are over or near, the earliest end first; those whose day cannot be named yet, for want of published holidays,
    are left out.

    Raises `domain.clocks.ClocksBroken` or `domain.working_days.CalendarBroken` for data that cannot be read, unless no tip waits.
    """
    waiting = [tip for tip in list_tips(engine) if tip.answered_at is None]
    if not waiting:
        return []
    terms = TipTerms.load(settings.lexicons)
    found = [
        TipTerm(tip.id, due.clock, due.due_at, due.due_at < now)
        for tip in waiting
        for due in terms.of(tip.received_at)
        if due.due_at < now + _NEAR
    ]
    return sorted(found, key=lambda term: (term.due_at, term.tip_id))
