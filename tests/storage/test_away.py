"""Which faults are a database that cannot be reached, and that only those are waited out."""

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from storage import away
from storage.away import is_away, when_there
from storage.database import open_engine


def test_a_server_that_is_not_there_is_away_and_said_to_be_lost() -> None:
    engine = open_engine("postgresql://postgres@/postgres?host=/nowhere")
    with pytest.raises(OperationalError) as raised:
        engine.connect()
    assert is_away(raised.value) and raised.value.connection_invalidated
    try:
        raise RuntimeError("cannot open") from raised.value
    except RuntimeError as wrapped:
        assert is_away(wrapped)


def test_a_session_that_the_server_ended_is_away(postgres_url: str) -> None:
    engine, other = open_engine(postgres_url), open_engine(postgres_url)
    with engine.connect() as connection, other.connect() as killer:
        number = connection.scalar(text("SELECT pg_backend_pid()"))
        killer.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        with pytest.raises(DBAPIError) as raised:
            connection.execute(text("SELECT 1"))
    assert is_away(raised.value)
    engine.dispose()
    other.dispose()


def test_what_a_database_refuses_is_not_away(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not is_away(raised.value)
    with pytest.raises(OperationalError) as missing:
        create_engine("sqlite:////nowhere/at/all.db").connect()
    assert not is_away(missing.value)
    assert not is_away(ValueError())


def test_it_is_asked_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "TRY_AGAIN_SECONDS", 0.0)
    lost = OperationalError("SELECT 1", None, ConnectionError(), connection_invalidated=True)
    answers: list[OperationalError | int] = [lost, lost, 7]

    def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, OperationalError):
            raise answer
        return answer

    assert when_there(ask) == 7
    with pytest.raises(ProgrammingError):
        when_there(refuse)


def refuse() -> None:
    raise ProgrammingError("SELECT", None, ValueError())
