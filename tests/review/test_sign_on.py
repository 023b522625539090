"""Coming in by a sign-in provider, honest and hostile, over real loopback, on both databases."""

from collections.abc import Iterator
from threading import Barrier, Event, Semaphore, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine, select

from domain.roles import Role
from review.accounts import AccountFault, Accounts
from review.audit_log import AuditLog
from review.log_in_tries import LogInRefused, Refusal
from review.provider import Provider
from review.sign_on import Answer, SignOn, SignOnRefused
from review.sign_on_settings import TROUBLE_ZH, SignOnFault, SignOnSettings, Trouble
from storage.tables import desk_sessions, desk_sign_ons
from tests.review.desk import PASSWORD, PASSWORDS, Clock
from tests.review.sign_in_provider import (
    CLIENT,
    SECRET,
    SignInProvider,
    ec_key,
    public_pem,
    rsa_key,
    sign_in_provider,
    signed,
)

BASE = "http://127.0.0.1:8000"
ADDRESS = "192.0.2.1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> Iterator[SignInProvider]:
    with sign_in_provider(clock) as provider:
        yield provider


@pytest.fixture(autouse=True)
def accounts(engine: Engine, clock: Clock) -> Accounts:
    made = Accounts(engine, clock, PASSWORDS)
    made.create("ann", Role.ANALYST, "test", PASSWORD)
    made.create("ben", Role.REVIEWER, "test")
    return made


def settings_of(provider: SignInProvider, **other: Any) -> SignOnSettings:
    known = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "base_url": BASE}
    return SignOnSettings(**(known | other))


@pytest.fixture
def sign_on(engine: Engine, clock: Clock, provider: SignInProvider, accounts: Accounts) -> SignOn:
    settings = settings_of(provider)
    made = SignOn(engine, clock, settings, Provider(settings))
    made.identities.link(accounts.find("ann").name, "subject-1", "boss")
    return made


def begun(sign_on: SignOn) -> tuple[str, str]:
    outcome = sign_on.begin(ADDRESS)
    assert isinstance(outcome, tuple), outcome
    return outcome


def answer_of(back: str) -> Answer:
    brought = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return Answer(brought["state"], brought.get("code", ""), brought.get("error", ""), brought.get("iss", ""))


def come(
    sign_on: SignOn, provider: SignInProvider, subject: str = "subject-1", username: str = ""
) -> str | SignOnRefused:
    url, ticket = begun(sign_on)
    return sign_on.finish(ticket, answer_of(provider.agree(url, subject, username)), ADDRESS)


def refused(outcome: object, trouble: Trouble) -> SignOnRefused:
    assert isinstance(outcome, SignOnRefused), outcome
    assert outcome.message == TROUBLE_ZH[trouble]
    return outcome


def newest(engine: Engine, clock: Clock, act: str = "log-in-refused") -> dict[str, Any]:
    return dict(AuditLog(engine, clock).entries(act=act, limit=1)[0].detail)


@pytest.mark.parametrize(("key", "alg"), [(rsa_key("first"), "RS256"), (ec_key("first"), "ES256")], ids=["RSA", "EC"])
def test_a_linked_person_comes_in(
    sign_on: SignOn, provider: SignInProvider, accounts: Accounts, engine: Engine, clock: Clock, key: Any, alg: str
) -> None:
    provider.use(key, "own", alg)
    token = come(sign_on, provider)
    assert isinstance(token, str)
    account = accounts.account_of(token)
    assert account is not None and (account.name, account.role) == ("ann", Role.ANALYST)
    assert newest(engine, clock, "log-in") == {"address": ADDRESS, "by": "single"}
    with engine.connect() as connection:
        assert connection.execute(select(desk_sign_ons)).all() == []


def test_the_provider_is_asked_as_the_standards_say(sign_on: SignOn, provider: SignInProvider) -> None:
    url, ticket = begun(sign_on)
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{provider.issuer}/authorize?realm=office&")
    assert query["response_type"] == ["code"] and query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{BASE}/login/oidc/callback"] and query["scope"] == ["openid profile"]
    assert ticket not in url and len({query["state"][0], query["nonce"][0], query["code_challenge"][0], ticket}) == 4
    assert begun(sign_on)[0] != url


def test_no_account_is_made_and_the_administrator_learns_who_it_was(
    sign_on: SignOn, provider: SignInProvider, accounts: Accounts, engine: Engine, clock: Clock
) -> None:
    outcome = refused(come(sign_on, provider, "somebody-else", "ann"), Trouble.UNLINKED)
    assert (outcome.shown, outcome.is_providers) == ("somebody-else", False)
    assert [account.name for account in accounts.list()] == ["ann", "ben"]
    told = newest(engine, clock)
    assert (told["subject"], told["detail"]) == ("somebody-else", "preferred_username 'ann'")


def test_an_allowance_links_the_first_of_that_name_and_no_other(
    sign_on: SignOn, provider: SignInProvider, accounts: Accounts, engine: Engine, clock: Clock
) -> None:
    sign_on.identities.allow("ben", "boss")
    for username in ("", "benn", "ann", "ｂｅｎ"):
        refused(come(sign_on, provider, "subject-2", username), Trouble.UNLINKED)
    token = come(sign_on, provider, "subject-2", "BEN")
    assert isinstance(token, str)
    account = accounts.account_of(token)
    assert account is not None and (account.name, account.must_change) == (
        "ben",
        False,
    )  # who has no password need not change it
    assert accounts.find("ben").must_change
    refused(come(sign_on, provider, "subject-3", "ben"), Trouble.UNLINKED)
    assert isinstance(come(sign_on, provider, "subject-2", "another-name-by-now"), str)
    acts = [entry.act for entry in reversed(AuditLog(engine, clock).entries(subject="account:ben"))]
    assert acts == ["account-created", "identity-allowed", "identity-linked", "log-in", "log-in"]


def test_an_allowance_is_over_after_seven_days(sign_on: SignOn, provider: SignInProvider, clock: Clock) -> None:
    sign_on.identities.allow("ben", "boss")
    clock.forward(days=7)
    refused(come(sign_on, provider, "subject-2", "ben"), Trouble.UNLINKED)
    sign_on.identities.allow("ben", "boss")  # again: what was never used gives way
    assert isinstance(come(sign_on, provider, "subject-2", "ben"), str)


def test_a_person_has_one_account_and_an_account_one_person(sign_on: SignOn) -> None:
    with pytest.raises(AccountFault, match="另一账号"):
        sign_on.identities.link("ben", "subject-1", "boss")
    with pytest.raises(AccountFault, match="先解除"):
        sign_on.identities.link("ann", "subject-9", "boss")
    for subject in ("", "x" * 256, "a\nb", "\u202e1"):
        with pytest.raises(AccountFault, match="标识"):
            sign_on.identities.link("ben", subject, "boss")
    with pytest.raises(AccountFault, match="没有账号"):
        sign_on.identities.allow("nobody", "boss")


def test_a_dissolved_link_ends_what_came_of_it_and_nothing_else(
    sign_on: SignOn, provider: SignInProvider, accounts: Accounts
) -> None:
    single, password = come(sign_on, provider), accounts.authenticate("ann", PASSWORD, ADDRESS)
    assert isinstance(single, str) and isinstance(password, str)
    sign_on.identities.unlink("ann", "boss")
    assert accounts.account_of(single) is None and accounts.account_of(password) is not None
    refused(come(sign_on, provider), Trouble.UNLINKED)
    with pytest.raises(AccountFault, match="没有关联"):
        sign_on.identities.unlink("ann", "boss")


@pytest.mark.usefixtures("sign_on")
def test_a_link_is_of_its_provider_and_of_its_claim(provider: SignInProvider, engine: Engine, clock: Clock) -> None:
    by_number = settings_of(provider, claim="employee_number")
    other = SignOn(engine, clock, by_number, Provider(by_number))
    provider.change = {"employee_number": "subject-1"}
    refused(come(other, provider, "x"), Trouble.UNLINKED)
    other.identities.link("ben", "subject-1", "boss")
    assert isinstance(come(other, provider, "x"), str)
    assert [one.is_current for one in other.identities.by_account().values()] == [False, True]
    for value in (None, 17, "", " x", "x\0", "x" * 256, ["subject-1"]):
        provider.change = {"employee_number": value}
        refused(come(other, provider, "x"), Trouble.UNNAMED)
    with sign_in_provider(clock) as impostor:
        settings = settings_of(impostor)
        refused(come(SignOn(engine, clock, settings, Provider(settings)), impostor), Trouble.UNLINKED)


def test_who_may_not_log_in_may_not_by_the_provider_either(
    sign_on: SignOn, provider: SignInProvider, accounts: Accounts, engine: Engine, clock: Clock
) -> None:
    for guess in range(5):
        accounts.authenticate("ann", f"wrong {guess}", "192.0.2.99")
    outcome = come(sign_on, provider)
    assert isinstance(outcome, SignOnRefused) and "已暂时锁定" in outcome.message and outcome.retry_at is not None
    assert newest(engine, clock)["why"] == "name-locked"
    clock.forward(minutes=15)
    token = come(sign_on, provider)
    assert isinstance(token, str)
    accounts.disable("ann", "boss")
    assert accounts.account_of(token) is None
    outcome = come(sign_on, provider)
    assert isinstance(outcome, SignOnRefused) and "已停用" in outcome.message
    sign_on.identities.allow("ben", "boss")
    accounts.disable("ben", "boss")
    outcome = come(sign_on, provider, "subject-2", "ben")
    assert isinstance(outcome, SignOnRefused) and "已停用" in outcome.message
    assert [one.subject for one in sign_on.identities.by_account().values()] == ["subject-1", None]


def test_signing_on_does_not_forgive_guesses_of_the_password(
    sign_on: SignOn, provider: SignInProvider, accounts: Accounts
) -> None:
    for guess in range(4):
        accounts.authenticate("ann", f"wrong {guess}", "192.0.2.99")
    assert isinstance(come(sign_on, provider), str)
    accounts.authenticate("ann", "wrong 5", "192.0.2.99")
    locked = accounts.authenticate("ann", PASSWORD, ADDRESS)
    assert isinstance(locked, LogInRefused) and locked.refusal is Refusal.NAME_LOCKED


def test_with_the_provider_alone_only_administrators_have_passwords(engine: Engine, clock: Clock) -> None:
    accounts = Accounts(engine, clock, PASSWORDS, single_only=True)
    accounts.create("boss", Role.ADMIN, "test", PASSWORD)
    assert isinstance(accounts.authenticate("boss", PASSWORD, ADDRESS), str)
    stopped = accounts.authenticate("ann", PASSWORD, ADDRESS)
    assert isinstance(stopped, LogInRefused) and stopped.refusal is Refusal.SINGLE_ONLY
    wrong = accounts.authenticate(
        "ann", "wrong", ADDRESS
    )  # who does not know the password does not learn that it is of no use
    assert isinstance(wrong, LogInRefused) and wrong.refusal is Refusal.WRONG


def test_a_ticket_is_of_one_browser_and_of_one_use(sign_on: SignOn, provider: SignInProvider, clock: Clock) -> None:
    url, ticket = begun(sign_on)
    _, others = begun(sign_on)
    answer = answer_of(provider.agree(url))
    for foreign in ("", "x", others):
        refused(sign_on.finish(foreign, answer, ADDRESS), Trouble.STATE)
    for state in ("", "x", "é\udce9", answer.state[:-1]):
        refused(sign_on.finish(ticket, Answer(state, answer.code, "", answer.issuer), ADDRESS), Trouble.STATE)
    assert isinstance(sign_on.finish(ticket, answer, ADDRESS), str)
    refused(sign_on.finish(ticket, answer, ADDRESS), Trouble.USED)
    url, ticket = begun(sign_on)
    clock.forward(minutes=10)
    refused(sign_on.finish(ticket, answer_of(provider.agree(url)), ADDRESS), Trouble.USED)


def test_of_many_at_once_with_one_ticket_one_comes_in(sign_on: SignOn, provider: SignInProvider) -> None:
    url, ticket = begun(sign_on)
    answer, start = answer_of(provider.agree(url)), Barrier(6)
    outcomes: list[str | SignOnRefused] = []

    def finish() -> None:
        start.wait()
        outcomes.append(sign_on.finish(ticket, answer, ADDRESS))

    threads = [Thread(target=finish) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 6 and sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(path == "POST /token" for path in provider.asked) == 1


def test_a_code_of_another_sign_in_is_of_no_use(sign_on: SignOn, provider: SignInProvider) -> None:
    stolen = answer_of(provider.agree(begun(sign_on)[0]))
    url, ticket = begun(sign_on)
    own = answer_of(provider.agree(url))
    injected = Answer(own.state, stolen.code, "", own.issuer)
    outcome = refused(sign_on.finish(ticket, injected, ADDRESS), Trouble.CODE)
    assert not outcome.is_providers and provider.asked.count("POST /token") == 1
    assert refused(sign_on.finish(ticket, own, ADDRESS), Trouble.USED).retry_at is None


@pytest.mark.parametrize(
    ("brought", "trouble"),
    [
        ({"error": "access_denied"}, Trouble.DENIED),
        ({"error": "server_error"}, Trouble.PROVIDER),
        ({"error": "<script>alert(1)</script>"}, Trouble.PROVIDER),
        ({}, Trouble.GARBLED),
        ({"code": "never-given"}, Trouble.CODE),
        ({"code": "x", "iss": "http://evil.example"}, Trouble.MIX_UP),
        ({"code": "x", "iss": ""}, Trouble.MIX_UP),
    ],
    ids=str,
)
def test_what_a_browser_may_bring_back(
    sign_on: SignOn, provider: SignInProvider, engine: Engine, clock: Clock, brought: dict[str, str], trouble: Trouble
) -> None:
    url, ticket = begun(sign_on)
    state = parse_qs(urlsplit(url).query)["state"][0]
    answer = Answer(state, brought.get("code", ""), brought.get("error", ""), brought.get("iss", provider.issuer))
    refused(sign_on.finish(ticket, answer, ADDRESS), trouble)
    told = newest(engine, clock)
    assert told["why"] == trouble.value and "script" not in str(told)
    refused(sign_on.finish(ticket, answer, ADDRESS), Trouble.USED)


def test_a_provider_that_does_not_name_itself_is_believed_unless_it_said_that_it_would(
    sign_on: SignOn, provider: SignInProvider
) -> None:
    provider.names_itself = False
    assert isinstance(come(sign_on, provider), str)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_token_that_is_not_the_providers_opens_nothing_and_is_told(
    sign_on: SignOn, provider: SignInProvider, engine: Engine, clock: Clock, alg: str
) -> None:
    key = public_pem(rsa_key("first")) if alg == "HS256" else None
    provider.sign = lambda provider, claims: signed({"alg": alg, "kid": provider.kid}, claims, key)
    refused(come(sign_on, provider), Trouble.ALGORITHM)
    told = newest(engine, clock)
    assert (told["address"], told["by"], told["why"]) == (ADDRESS, "single", "token-algorithm") and alg in told[
        "detail"
    ]
    with engine.connect() as connection:
        assert connection.execute(select(desk_sessions)).all() == []


def test_a_provider_that_is_not_there(engine: Engine, clock: Clock, accounts: Accounts) -> None:
    with sign_in_provider(clock) as gone:
        settings = settings_of(gone)
    sign_on = SignOn(engine, clock, settings, Provider(settings))
    for _ in range(40):
        assert refused(sign_on.begin(ADDRESS), Trouble.UNREACHABLE).is_providers
    told = AuditLog(engine, clock).entries(act="log-in-refused", limit=100)
    assert len(told) == 30  # then it is known
    assert isinstance(accounts.authenticate("ann", PASSWORD, ADDRESS), str)  # nobody is locked out by it


def test_a_wrong_secret_is_the_administrators_matter(engine: Engine, clock: Clock, provider: SignInProvider) -> None:
    settings = settings_of(provider, client_secret="another")
    sign_on = SignOn(engine, clock, settings, Provider(settings))
    assert refused(come(sign_on, provider), Trouble.CLIENT).is_providers
    assert "another" not in repr(settings) and "another" not in str(newest(engine, clock))


def test_who_keeps_failing_is_not_looked_at_for_a_while(
    sign_on: SignOn, provider: SignInProvider, engine: Engine, clock: Clock
) -> None:
    for _ in range(30):
        refused(sign_on.finish("x", Answer("y", "z"), ADDRESS), Trouble.STATE)
    url, ticket = begun(sign_on)
    stopped = sign_on.finish(ticket, answer_of(provider.agree(url)), ADDRESS)
    assert isinstance(stopped, SignOnRefused) and stopped.retry_at is not None
    assert len(AuditLog(engine, clock).entries(act="log-in-refused", limit=100)) == 30
    clock.forward(minutes=15)
    assert isinstance(come(sign_on, provider), str)


def test_a_provider_that_hangs_holds_some_threads_and_no_more(
    engine: Engine, clock: Clock, provider: SignInProvider
) -> None:
    let_go, hung = Event(), Semaphore(0)

    def hanging(url: str, form: object = None, headers: object = None) -> tuple[int, bytes]:  # noqa: ARG001
        hung.release()
        let_go.wait()
        raise SignOnFault(Trouble.SLOW)

    settings = settings_of(provider)
    sign_on = SignOn(engine, clock, settings, Provider(settings, hanging))
    threads = [Thread(target=sign_on.begin, args=(ADDRESS,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in threads:
        hung.acquire()
    try:
        refused(sign_on.begin(ADDRESS), Trouble.BUSY)
    finally:
        let_go.set()
        for thread in threads:
            thread.join()
    assert refused(sign_on.begin(ADDRESS), Trouble.SLOW).is_providers
    assert hung.acquire(blocking=False) and not hung.acquire(blocking=False), (
        "each of the eight asked once, and the last one"
    )


def test_many_who_come_in_from_one_address_are_no_guessers(sign_on: SignOn, provider: SignInProvider) -> None:
    assert all(isinstance(come(sign_on, provider), str) for _ in range(35))
