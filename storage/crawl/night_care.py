"""Keeping what the end of a night did for the evidence, for the morning report."""

from dataclasses import asdict

from sqlalchemy import Connection, Engine, select

from domain.nights import EvidenceCare
from storage.database import insert_into, writing
from storage.tables import night_care


def keep_care(engine: Engine, night_id: str, care: EvidenceCare) -> None:
    """In place of what was kept of the night before, as when it was paused."""
    values = {**asdict(care), "copy_faults": list(care.copy_faults)}
    statement = insert_into(engine.dialect.name, night_care).values(night_id=night_id, **values)
    with writing(engine) as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["night_id"], set_=values))


def care_of(connection: Connection, night_id: str) -> EvidenceCare | None:
    row = connection.execute(select(night_care).where(night_care.c.night_id == night_id)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    del values["night_id"]
    return EvidenceCare(**{**values, "copy_faults": tuple(row.copy_faults)})
