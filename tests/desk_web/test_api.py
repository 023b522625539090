"""The interface for programs: what its description promises, whatever is asked of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.reviews import FindingVerdict, ItemState, Stage, Verdict
from domain.roles import Role
from review.web.app import PAGES
from review.web.openapi import DESCRIPTION
from storage.database import migrate, open_engine
from tests.desk_web.served import Client, Served, served_desk
from tests.review.desk import Page, desk

FUZZ = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.one_of(
    st.text(max_size=40), st.sampled_from(["", "0", "1", "-1", "9" * 25, "1e3", "٣", "null", "../..", "%00"])
)
names = st.sampled_from([
    "families", "regions", "nights", "states", "stage", "targets", "institution", "assignee", "rule", "after", "limit",
    "verdict", "reason", "note", "version", "with", "csrf", "finding-1", "finding-x", "finding-", "filters", "in_hand", "item",
])  # fmt: skip
values = st.one_of(
    texts,
    st.sampled_from([each.value for kind in (Verdict, FindingVerdict, ItemState, Stage) for each in kind]),
)
pairs = st.lists(st.tuples(names, values), max_size=6)
paths = st.one_of(st.integers(-1, 3).map(str), texts).map(lambda text: re.sub(r"[^0-9A-Za-z.%-]", "", text) or "0")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("api")
    engine: Engine = open_engine(f"sqlite:///{folder}/desk.db")
    migrate(engine)
    with served_desk(engine, folder, (Role.ANALYST, Role.REVIEWER, Role.AUDITOR)) as served:
        served.items = desk(engine, folder, {"a": Page(0.9), "b": Page(0.8)})
        yield served
    engine.dispose()


@pytest.fixture(scope="module")
def client(served: Served) -> Client:
    return served.client(Role.REVIEWER)


def test_the_description_has_every_page_of_the_interface_and_no_other() -> None:
    served_paths = {(page.method.lower(), page.path) for page in PAGES if page.path.startswith("/api/")}
    described = {(method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods}
    assert served_paths - {("get", "/api/openapi.json")} == described


def test_items_are_read_and_decided(served: Served) -> None:
    client = served.client(Role.ANALYST)
    listed = client.get("/api/items?families=efficacy-rate&limit=1").json()["items"]
    assert [item["id"] for item in listed] == [served.items["a"]]
    assert client.get(f"/api/items?after={listed[0]['id']}").json()["items"][0]["id"] == served.items["b"]
    item = client.get(f"/api/items/{served.items['a']}").json()
    finding = item["findings"][0]
    assert item["text"][finding["start"] : finding["end"]] == finding["quote"]
    fields = {"verdict": "confirm", "version": item["version"], f"finding-{finding['id']}": "yes"}
    decided = client.post(f"/api/items/{item['id']}/decide", fields)
    assert decided.json()["state"] == "first-confirmed"
    again = client.post(f"/api/items/{item['id']}/decide", fields)
    assert again.status_code in (403, 409) and again.json()["error"]
    assert client.get("/api/counts").json()["states"]["first-confirmed"] == 1


@FUZZ
@given(path=paths, query=pairs)
def test_nothing_that_is_asked_breaks_it(client: Client, path: str, query: list[tuple[str, str]]) -> None:
    for address in ("/api/items", "/api/counts", f"/api/items/{path}", "/queue", f"/items/{path}", "/audit"):
        answer = client.raw("GET", address, params=query)
        assert answer.status_code in (200, 303, 400, 403, 404), (address, answer.status_code)
        if address.startswith("/api/") and answer.status_code != 200 and answer.status_code != 303:
            assert_is_error(answer.json())


@FUZZ
@given(path=paths, form=pairs)
def test_no_form_breaks_it(client: Client, path: str, form: list[tuple[str, str]]) -> None:
    fields: dict[str, Any] = {}
    for name, value in form:
        fields.setdefault(name, []).append(value)
    fields.pop("csrf", None)
    for address in (
        f"/api/items/{path}/decide",
        f"/items/{path}/decide",
        f"/items/{path}/hold",
        "/next",
        "/views",
        "/bulk",
        "/undo",
    ):
        answer = client.post(address, fields)
        # 405 where dots in the path make it another address, which is only read
        assert answer.status_code in (200, 303, 400, 403, 404, 405, 409, 422), (
            address,
            answer.status_code,
            answer.text,
        )
        if address.startswith("/api/") and answer.status_code not in (200, 303, 404):
            assert_is_error(answer.json())


def assert_is_error(answer: dict[str, Any]) -> None:
    assert set(answer) <= {"error", "go"} and answer["error"]
