"""What other systems may read with a token, and nothing without one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from domain.outbox import Statement, StatementKind
from domain.roles import Role
from domain.routing import Recipient
from referral.register import record_package, reserve_number
from review.tokens import PREFIX, Scope, TokenFault, Tokens
from storage.database import migrate, open_engine
from storage.leads.outbox import add_statement
from storage.tables import api_tokens, desk_items
from storage.takedowns.takedown import referred_case
from tests.desk_web.served import Served, served_desk
from tests.referral.leads import confirm
from tests.review.desk import Page, desk, people
from tests.storage.look_nights import gone, look_at

DIGEST = "ab" * 32
FUZZ = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("exchange")
    engine: Engine = open_engine(f"sqlite:///{folder}/desk.db")
    migrate(engine)
    with served_desk(engine, folder, ()) as served:
        served.items = desk(engine, folder, {"a": Page(0.9), "b": Page(0.8), "c": Page(0.7)})
        readers = people(engine, served.clock, Role.ANALYST, Role.REVIEWER)
        for path in ("a", "b"):
            confirm(engine, served.items[path], readers)
        cases = [case_of(served, path) for path in ("a", "b")]
        number = reserve_number(engine, Recipient.AMR, cases, "wang", {}, served.clock())
        record_package(engine, number, DIGEST)
        referred = referred_case(engine, cases[0])
        assert referred is not None
        look_at(engine, folder, referred, 25, gone)
        yield served
    engine.dispose()


def case_of(served: Served, path: str) -> int:
    query = select(desk_items.c.page_id).where(desk_items.c.id == served.items[path])
    with served.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def ask(served: Served, path: str, token: str = "", method: str = "GET") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, f"{served.url}/exchange/v1{path}", headers=headers, trust_env=False, timeout=30)


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return Tokens(served.engine, served.clock).make("市局平台", list(Scope), 30, "admin")


def test_leads_and_packages_are_read(served: Served, token: str) -> None:
    leads = ask(served, "/leads", token).json()["leads"]
    assert [lead["case"] for lead in leads] == [case_of(served, "a"), case_of(served, "b")]  # `c` is not confirmed
    assert all(lead["nature"] == "lead" and "text" not in lead and "quote" not in lead for lead in leads)
    looked_at = referred_case(served.engine, case_of(served, "a"))
    assert looked_at is not None
    assert [(lead["takedown"], lead["takedown_evidence_sha256"]) for lead in leads] == [
        ("gone-once", looked_at.looks[0].bundle_sha256),
        (None, None),
    ]
    (package,) = ask(served, "/packages", token).json()["packages"]
    assert (package["recipient"], package["stage"], package["manifest_sha256"]) == ("amr", "draft", DIGEST)
    assert ask(served, f"/packages/{package['number']}", token).json() == package
    first = ask(served, "/leads?limit=1", token).json()
    assert len(first["leads"]) == 1
    rest = ask(served, f"/leads?limit=5&after={first['next']}", token).json()
    assert (len(rest["leads"]), rest["next"]) == (1, None)


def test_a_lead_taken_back_is_not_there(served: Served, token: str) -> None:
    def say(kind: StatementKind) -> None:
        said = Statement(kind, "li", served.clock(), served.clock(), "转载")
        add_statement(served.engine, case_of(served, "b"), said, lambda connection: None)  # noqa: ARG005

    say(StatementKind.WITHDRAWN)
    assert [lead["case"] for lead in ask(served, "/leads", token).json()["leads"]] == [case_of(served, "a")]
    assert ask(served, "/packages", token).json()["packages"][0]["rescinded"] == [case_of(served, "b")]
    say(StatementKind.REINSTATED)


def test_without_a_token_that_holds_there_is_nothing(served: Served, token: str) -> None:
    tokens = Tokens(served.engine, served.clock)
    narrow = tokens.make("只读材料", [Scope.PACKAGES], 1, "admin")
    assert ask(served, "/packages", narrow).status_code == 200
    assert ask(served, "/leads", narrow).status_code == 403
    tokens.revoke("只读材料", "admin")
    for given_token in ("", "x", PREFIX, narrow, token[:-1]):
        refused = ask(served, "/packages", given_token)
        assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    late = Tokens(served.engine, lambda: served.clock() + timedelta(days=31))
    assert late.of(token) is None
    with served.engine.connect() as connection:
        kept = connection.execute(select(api_tokens)).all()
    assert all(token not in str(row) for row in kept)  # only its digest is kept


def test_a_session_of_the_desk_is_worth_nothing_here(served: Served) -> None:
    client = served.client()
    assert client.get("/exchange/v1/leads").status_code == 401


def test_nothing_can_be_written(served: Served, token: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(served, "/leads", token, method).status_code == 405
    assert ask(served, "/accounts", token).status_code == 404


@FUZZ
@given(st.sampled_from(["/leads", "/packages"]), st.sampled_from(["after", "limit"]), st.text(max_size=30))
def test_no_question_breaks_it(served: Served, token: str, path: str, name: str, value: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    url = f"{served.url}/exchange/v1{path}"
    answer = httpx.get(url, params={name: value.encode("utf-8", "replace")}, headers=headers, trust_env=False)
    assert answer.status_code in (200, 400), answer.text
    answer.json()


def test_tokens_have_one_name_each(served: Served, token: str) -> None:
    tokens = Tokens(served.engine, served.clock)
    assert token.startswith(PREFIX)
    for name, scopes in (("市局平台", [Scope.LEADS]), ("a b", [Scope.LEADS]), ("无范围", [])):
        with pytest.raises(TokenFault):
            tokens.make(name, scopes, 1, "admin")
    with pytest.raises(TokenFault):
        tokens.revoke("没有", "admin")
