"""Log-in, its limits, sessions, passwords."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from sqlalchemy import Connection, Engine, select

import review.accounts
from domain.reviews import Stage
from domain.roles import Role
from review.accounts import (
    AccountFault,
    Accounts,
    csrf_fits,
    csrf_token,
)
from review.audit_log import AuditLog
from review.log_in_tries import LogInLimits, LogInRefused, Refusal
from review.passing_on import PassingOn
from review.passwords import password_fault
from review.queue import ReviewQueue
from storage.tables import desk_accounts, desk_sessions
from tests.review.desk import PASSWORD, PASSWORDS, Clock, Page, desk, people


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(engine: Engine, clock: Clock) -> Accounts:
    made = Accounts(engine, clock, PASSWORDS)
    made.create("Ann", Role.ANALYST, "test", PASSWORD)
    return made


def _token(accounts: Accounts, name: str = "ann", password: str = PASSWORD, address: str = "192.0.2.1") -> str:
    token = accounts.authenticate(name, password, address)
    assert isinstance(token, str)
    return token


def _refusal(accounts: Accounts, name: str, password: str, address: str = "192.0.2.1") -> Refusal:
    refused = accounts.authenticate(name, password, address)
    assert isinstance(refused, LogInRefused)
    return refused.refusal


def test_the_first_account_is_an_administrator_who_must_choose_a_password(engine: Engine, clock: Clock) -> None:
    accounts = Accounts(engine, clock, PASSWORDS)
    first = accounts.create_first()
    assert first is not None
    account, password = first
    assert (account.role, account.must_change) == (Role.ADMIN, True)
    assert accounts.create_first() is None
    token = _token(accounts, account.name, password)
    accounts.change_password(account, password, PASSWORD, token)
    changed = accounts.account_of(token)
    assert changed is not None and not changed.must_change


def test_a_session_belongs_to_who_logged_in(accounts: Accounts, engine: Engine) -> None:
    token = _token(accounts, "ＡＮＮ ")
    account = accounts.account_of(token)
    assert account is not None and (account.name, account.role) == ("ann", Role.ANALYST)
    with engine.connect() as connection:
        kept = connection.execute(select(desk_sessions)).one()
        stored = connection.execute(select(desk_accounts)).one()
    assert token not in str(kept) and PASSWORD not in str(stored) and stored.password_hash.startswith("$argon2id$")
    assert accounts.account_of(token + "x") is None and accounts.account_of("") is None
    accounts.log_out(token)
    assert accounts.account_of(token) is None


def test_sessions_end_when_unused_and_in_any_case(accounts: Accounts, clock: Clock) -> None:
    token = _token(accounts)
    for _ in range(14):
        clock.forward(minutes=50)
        assert accounts.account_of(token) is not None
    clock.forward(minutes=50)
    assert accounts.account_of(token) is None
    token = _token(accounts)
    clock.forward(minutes=61)
    assert accounts.account_of(token) is None


def test_a_name_is_locked_and_opens_again(accounts: Accounts, clock: Clock) -> None:
    assert [_refusal(accounts, "ann", "wrong", f"192.0.2.{n}") for n in range(6)] == [Refusal.WRONG] * 5 + [
        Refusal.NAME_LOCKED
    ]
    locked = accounts.authenticate("ann", PASSWORD, "192.0.2.9")
    assert isinstance(locked, LogInRefused) and locked.retry_at == clock.now + timedelta(minutes=15)
    clock.forward(minutes=15)
    assert _token(accounts)


def test_unknown_names_are_refused_and_locked_as_known_ones_are(accounts: Accounts) -> None:
    tries = [_refusal(accounts, "nobody", "wrong") for _ in range(6)]
    assert tries == [_refusal(accounts, "ann", "wrong", "192.0.2.2") for _ in range(6)]


def test_an_address_is_limited_whatever_the_names(engine: Engine, clock: Clock) -> None:
    accounts = Accounts(engine, clock, PASSWORDS, LogInLimits(address_tries=3))
    accounts.create("ann", Role.ANALYST, "test", PASSWORD)
    assert [_refusal(accounts, f"user{n}", "wrong") for n in range(4)][-1] is Refusal.ADDRESS_LOCKED
    assert _refusal(accounts, "ann", PASSWORD) is Refusal.ADDRESS_LOCKED
    assert _token(accounts, address="192.0.2.77")


def test_many_tries_at_once_are_not_more_than_one_by_one(accounts: Accounts) -> None:
    start, seen = Barrier(12), []

    def guess(number: int) -> None:
        start.wait()
        seen.append(_refusal(accounts, "ann", f"guess-{number}"))

    threads = [Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [Refusal.NAME_LOCKED] * 7 + [Refusal.WRONG] * 5


def test_a_success_is_not_held_against_a_name(accounts: Accounts) -> None:
    for _ in range(7):
        assert _refusal(accounts, "ann", "wrong") is Refusal.WRONG
        assert _token(accounts)


def test_changing_a_password_ends_the_other_sessions(accounts: Accounts) -> None:
    here, elsewhere = _token(accounts), _token(accounts)
    account = accounts.account_of(here)
    assert account is not None
    with pytest.raises(AccountFault, match="原口令"):
        accounts.change_password(account, "not this one at all", "another-good-one-7", here)
    accounts.change_password(account, PASSWORD, "another-good-one-7", here)
    assert accounts.account_of(here) is not None and accounts.account_of(elsewhere) is None
    assert _refusal(accounts, "ann", PASSWORD) is Refusal.WRONG
    assert _token(accounts, password="another-good-one-7")


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaa", "123456789012", "abcdefghijklmn", "xx-ANN-xx-12345", "x" * 300]
)
def test_weak_passwords_are_refused(password: str) -> None:
    assert password_fault(password, "ann")


def test_a_disabled_account_is_out_at_once(accounts: Accounts) -> None:
    token = _token(accounts)
    accounts.disable("ann", "test")
    assert accounts.account_of(token) is None
    assert _refusal(accounts, "ann", PASSWORD) is Refusal.DISABLED
    assert _refusal(accounts, "ann", "wrong") is Refusal.WRONG
    accounts.enable("ann", "test")
    assert _token(accounts)


def test_one_administrator_always_remains(engine: Engine, clock: Clock) -> None:
    accounts = Accounts(engine, clock, PASSWORDS)
    accounts.create_first(PASSWORD)
    with pytest.raises(AccountFault, match="最后一个管理员"):
        accounts.disable("admin", "admin")
    with pytest.raises(AccountFault, match="最后一个管理员"):
        accounts.set_role("admin", Role.ANALYST, "admin")
    accounts.create("second", Role.ADMIN, "admin", PASSWORD)
    accounts.disable("admin", "second")


def test_one_administrator_remains_of_two_who_disable_one_another_at_once(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = Accounts(engine, clock, PASSWORDS)
    for name in ("first", "second"):
        accounts.create(name, Role.ADMIN, "test", PASSWORD)
    give_back = review.accounts._give_back

    def slowly(connection: Connection, account_id: int, stages: Sequence[Stage]) -> None:
        time.sleep(0.3)
        give_back(connection, account_id, stages)

    monkeypatch.setattr(review.accounts, "_give_back", slowly)
    with ThreadPoolExecutor(2) as both:
        done = [both.submit(accounts.disable, *names) for names in (("first", "second"), ("second", "first"))]
    assert sorted(type(each.exception()).__name__ for each in done) == ["AccountFault", "NoneType"]
    assert sum(account.disabled_at is None for account in accounts.list()) == 1


@pytest.mark.parametrize("name", ["a", "有 空格", "x" * 33, "a/b", "<script>", "=1+1", "a\r\nb"])
def test_names_that_could_be_mistaken_for_something_else_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountFault):
        accounts.create(name, Role.ANALYST, "test", PASSWORD)


def test_no_name_is_given_twice(accounts: Accounts) -> None:
    with pytest.raises(AccountFault, match="已存在"):
        accounts.create("aNN", Role.ANALYST, "test", PASSWORD)


def test_a_form_fits_its_session_only() -> None:
    assert csrf_fits("one", csrf_token("one"))
    assert not csrf_fits("two", csrf_token("one")) and not csrf_fits("one", "") and not csrf_fits("one", "é")


def test_everything_done_to_an_account_is_in_the_log(accounts: Accounts, engine: Engine, clock: Clock) -> None:
    token = _token(accounts)
    _refusal(accounts, "ann", "wrong")
    accounts.log_out(token)
    accounts.reset_password("ann", "boss")
    accounts.set_role("ann", Role.REVIEWER, "boss")
    accounts.disable("ann", "boss")
    log = AuditLog(engine, clock)
    acts = [entry.act for entry in reversed(log.entries(subject="account:ann"))]
    assert acts == [
        "account-created", "log-in", "log-in-refused", "log-out", "password-reset", "role-changed", "account-disabled",
    ]  # fmt: skip
    assert log.verify() == ()


def test_what_a_person_may_not_decide_any_more_goes_back_to_everybody(engine: Engine, tmp_path: Path) -> None:
    """In another role nobody else would be given it, and the person could not decide it either."""
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8)})
    accounts, queue = Accounts(engine, clock, PASSWORDS), ReviewQueue(engine, clock)
    ann, ben, boss = people(engine, clock, Role.ANALYST, Role.ANALYST, Role.ADMIN)
    PassingOn(engine, clock).assign(boss, [ids["b"]], ann.name)
    assert queue.claim(ann, ids["a"]).lock_holder == ann.name
    accounts.set_role(ann.name, Role.REVIEWER, "test")
    assert [item.assignee for item in queue.items(ben)] == [None, ann.name]
    accounts.set_role(ann.name, Role.OFFICER, "test")
    assert [(item.assignee, item.lock_holder) for item in queue.items(ben)] == [(None, None)] * 2
    assert queue.next_item(ben) is not None


def test_a_new_password_that_will_not_do_is_no_failed_try(accounts: Accounts) -> None:
    ann, token = accounts.find("ann"), _token(accounts)
    for _ in range(8):
        with pytest.raises(AccountFault, match="至少"):
            accounts.change_password(ann, PASSWORD, "short", token)
    accounts.change_password(ann, PASSWORD, "another-tureen-43", token)
    assert _token(accounts, password="another-tureen-43")


def test_a_name_that_is_asked_for_twice_at_once_is_given_once(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, both = Accounts(engine, clock, PASSWORDS), Barrier(2)
    digest = PASSWORDS.hash

    def together(password: str) -> str:
        with suppress(BrokenBarrierError):
            both.wait(1)
        return digest(password)

    monkeypatch.setattr(PASSWORDS, "hash", together)
    with ThreadPoolExecutor(2) as clicks:
        made = [clicks.submit(accounts.create, "bea", Role.ANALYST, "test", PASSWORD) for _ in range(2)]
    assert sorted(type(each.exception()).__name__ for each in made) == ["AccountFault", "NoneType"]
