"""Tips and their answers. Rows are added, never changed."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, true

from domain.tips import Answer, Reporter, TipRecord, TipSource
from storage.database import writing
from storage.leads.reporters import seal_reporter
from storage.tables import tip_answers, tip_records

Log = Callable[[Connection, int], None]


def add_tip(
    engine: Engine,
    folder: Path,
    tip: TipRecord,
    reporter: Reporter | None,
    noted_at: datetime,
    log: Log,
    *,
    new_key: bool = False,
) -> int:
    """Keep a tip, whose id is given; `log` writes in the same transaction. `new_key` gives up reporters whose key is lost. Raises
    `storage.leads.reporters.ReporterSealed`."""
    with writing(engine) as connection:
        made = connection.execute(
            insert(tip_records)
            .values(
                source=tip.source.value,
                reference=tip.reference,
                received_at=tip.received_at,
                noted_at=noted_at,
                taken_by=tip.taken_by,
                text=tip.text,
                urls=list(tip.urls),
            )
            .returning(tip_records.c.id)
        )
        tip_id = int(made.scalar_one())
        if reporter is not None:
            seal_reporter(connection, folder, tip_id, reporter, anew=new_key)
        log(connection, tip_id)
    return tip_id


def answer_tip(engine: Engine, tip_id: int, answer: Answer, log: Log) -> None:
    """Raises KeyError for an unknown tip."""
    with writing(engine) as connection:
        if connection.scalar(select(tip_records.c.id).where(tip_records.c.id == tip_id)) is None:
            raise KeyError(tip_id)
        connection.execute(
            insert(tip_answers).values(
                tip_id=tip_id, made_by=answer.by, at=answer.at, noted_at=answer.noted_at, text=answer.text
            )
        )
        log(connection, tip_id)


def list_tips(engine: Engine) -> list[TipRecord]:
    """All of them, newest first."""
    with engine.connect() as connection:
        return _read(connection, true(), true())


def find_tip(engine: Engine, tip_id: int) -> TipRecord:
    """Raises KeyError when there is none of that number."""
    with engine.connect() as connection:
        found = _read(connection, tip_records.c.id == tip_id, tip_answers.c.tip_id == tip_id)
    if not found:
        raise KeyError(tip_id)
    return found[0]


def _read(connection: Connection, which: ColumnElement[bool], answered: ColumnElement[bool]) -> list[TipRecord]:
    answers: defaultdict[int, list[Answer]] = defaultdict(list)
    for row in connection.execute(select(tip_answers).where(answered).order_by(tip_answers.c.id)):
        answers[row.tip_id].append(Answer(row.made_by, row.at, row.noted_at, row.text))
    rows = connection.execute(select(tip_records).where(which).order_by(tip_records.c.id.desc())).all()
    return [
        TipRecord(
            row.id,
            TipSource(row.source),
            row.reference,
            row.received_at,
            row.taken_by,
            row.text,
            tuple(row.urls),
            tuple(answers[row.id]),
        )
        for row in rows
    ]
