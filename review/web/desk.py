"""What the desk's pages work with: the parts of the core over one database, made once and handed to every page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from classifier.reference import Reference
from domain.findings import Document, Judgement
from domain.operator_profile import OperatorProfile
from review.accounts import Accounts
from review.audit_log import AuditLog
from review.conflicts import Conflicts
from review.decisions import Decisions
from review.passing_on import PassingOn
from review.passwords import Passwords
from review.queue import ReviewQueue
from review.reasons import Reason
from review.settings import DeskSettings
from review.sign_on import SignOn
from review.web.once import ShownOnce
from review.web.package_lines import Outbox
from review.web.pictures import Shots
from review.web.proposals import Trial
from review.web.rates import Rates
from review.web.settings import WebSettings

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What explains and what is chosen from. `folder` is where the rules' files lie; None where there are none to read.
    `judge` is the classifier, for trying texts, and `trial` what tries a changed rule; `operators` tells what is known of whoever is
    asked for, `outbox` what became of packages; None where they are not loaded."""

    reasons: tuple[Reason, ...] = ()
    reference: Reference = field(default_factory=Reference)
    folder: Path | None = None
    judge: Callable[[Document], Judgement] | None = None
    trial: Trial | None = None
    operators: Callable[[str, datetime], OperatorProfile] | None = None
    outbox: Outbox | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts; `folder` is the data folder. `sign_on` None where no sign-in provider is set."""

    engine: Engine
    folder: Path
    settings: WebSettings
    rules: DeskSettings
    clock: Clock
    lexicon: Lexicon
    accounts: Accounts
    queue: ReviewQueue
    decisions: Decisions
    passing: PassingOn
    conflicts: Conflicts
    log: AuditLog
    shots: Shots
    rates: Rates
    once: ShownOnce
    sign_on: SignOn | None


def make_desk(
    engine: Engine,
    folder: Path,
    settings: WebSettings,
    clock: Clock,
    lexicon: Lexicon,
    rules: DeskSettings | None = None,
    passwords: Passwords | None = None,
    sign_on: SignOn | None = None,
) -> Desk:
    rules = rules or DeskSettings()
    return Desk(
        engine=engine,
        folder=folder,
        settings=settings,
        rules=rules,
        clock=clock,
        lexicon=lexicon,
        accounts=Accounts(engine, clock, passwords, single_only=sign_on is not None and sign_on.settings.only),
        queue=ReviewQueue(engine, clock, rules),
        decisions=Decisions(engine, clock, rules, lexicon.reasons),
        passing=PassingOn(engine, clock, rules),
        conflicts=Conflicts(engine, clock),
        log=AuditLog(engine, clock),
        shots=Shots(folder),
        rates=Rates(settings.burst, settings.per_second),
        once=ShownOnce(),
        sign_on=sign_on,
    )


def reasons_of(reasons: Sequence[Reason]) -> dict[str, str]:
    """Titles by code, retired ones too."""
    return {reason.code: reason.title for reason in reasons}
