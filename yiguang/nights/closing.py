"""How a night ends, and a recheck: sealed, stamped, checked once more, and what it found handed on."""

from collections.abc import Callable

from sqlalchemy import Engine

from crawler.addresses.tips import read_tips
from domain.nights import NightKind
from domain.targets import TIP_NOTE
from domain.visits import SkipRule
from review.intake import take_in as take_in_items
from review.keep_classes import class_evidence, class_referred
from review.repeats import reopen_as_repeat
from review.sealed_heads import record_log_head
from review.settings import DeskSettings
from storage.checking.verify_chain import verify_chain
from storage.crawl.in_hand import forget_in_hand
from storage.crawl.nights import finish_night, night_kind, night_progress, note_reports
from storage.crawl.pauses import is_paused
from storage.crawl.picture_questions import forget_questions
from storage.leads.tips import found_posts, name_by_account, take_in
from storage.sealing.seals import seal_night
from storage.sealing.stamps import request_stamps
from storage.takedowns.looks import LookSealing, record_looks
from storage.takedowns.takedown import ReferredCase, referred_cases
from yiguang.authorities import load_authorities
from yiguang.errors import CommandFailed
from yiguang.home import load_seal_key, utc_now
from yiguang.keeping import load_masker, load_policy
from yiguang.nights.evidence_care import care_for_evidence
from yiguang.settings import Settings


def close(night_id: str, engine: Engine, settings: Settings, tell: Callable[[str], None]) -> list[str]:
    """End a night as its kind is ended, whichever command it is closed by: the process that began it may have died. Gives what could not
    be recorded (Chinese)."""
    if night_kind(engine, night_id) is NightKind.RECHECK:
        return _close_recheck(night_id, engine, settings, tell)
    _seal_and_end(night_id, engine, settings, tell)
    _take_in_wanted_posts(engine, night_id, tell)
    take_in_items(engine, night_id, utc_now(), DeskSettings(audit_pages=settings.audit_pages))
    name_by_account(engine, TIP_NOTE)
    return []


def looked_at(engine: Engine, night_id: str) -> list[ReferredCase]:
    """The cases whose last look was in this recheck."""
    return [case for case in referred_cases(engine) if case.looks and case.looks[-1].night_id == night_id]


def unfinished(engine: Engine, night_id: str) -> int:
    """URLs of a night that are still to be visited."""
    progress = night_progress(engine, night_id)
    return progress.waiting + progress.leased


def _close_recheck(night_id: str, engine: Engine, settings: Settings, tell: Callable[[str], None]) -> list[str]:
    sealing = LookSealing(settings.home, load_seal_key(settings), load_masker(settings.lexicons), utc_now)
    unrecorded = record_looks(engine, night_id, sealing).faults
    _seal_and_end(night_id, engine, settings, tell)
    for case in looked_at(engine, night_id):
        if case.looks[-1].reappeared:
            reopen_as_repeat(engine, case.case_id, "复测发现：移送后曾下线或改正，现又出现", utc_now())
    return list(unrecorded)


def _seal_and_end(night_id: str, engine: Engine, settings: Settings, tell: Callable[[str], None]) -> None:
    """Seal and stamp the night's evidence, check it once more from disk, and end the night unless it is paused."""
    key = load_seal_key(settings)
    authorities = load_authorities(settings.authorities)
    _class_referred(engine, settings, tell)
    class_evidence(engine, settings.home, night_id, utc_now())
    record_log_head(engine, settings.home, night_id, utc_now())
    seal_night(engine, settings.home, night_id, key, utc_now())
    for attempt in request_stamps(engine, settings.home, authorities, utc_now):
        if attempt.fault:
            tell(f"时间戳机构 {attempt.authority}：{attempt.fault}；已排队，下次再取")
    reports = [*care_for_evidence(engine, settings, night_id, tell)]
    reports += verify_chain(engine, settings.home, key.fingerprint, authorities)
    if is_paused(engine, night_id) and unfinished(engine, night_id):
        note_reports(engine, night_id, reports)
    else:
        finish_night(engine, night_id, utc_now(), reports)
        forget_in_hand(settings.home, night_id)
        forget_questions(engine, night_id)


def _class_referred(engine: Engine, settings: Settings, tell: Callable[[str], None]) -> None:
    """For what broke off when a package was sent; terms that cannot be read are no reason not to end a night."""
    try:
        class_referred(engine, settings.home, load_policy(settings.lexicons), utc_now())
    except CommandFailed as fault:
        tell(f"已寄送的线索没有改按“已移送”保存，下一夜再试：{fault}")


def _take_in_wanted_posts(engine: Engine, night_id: str, tell: Callable[[str], None]) -> None:
    wanted = found_posts(engine, SkipRule.WANTED_POST, night_id)
    posts = [tip.target for tip in read_tips(post.url for post in wanted) if tip.target is not None]
    if new := sum(known.is_new for known in take_in(engine, posts, resume=False)):
        tell(f"按包含规则，从目标的网页上列入 {new} 篇微信文章，下一夜起巡查")
