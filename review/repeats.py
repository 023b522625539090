"""A confirmed lead that has come back: its item starts again, as a repeat, by the machine and on the record."""

from datetime import datetime

from sqlalchemy import Engine, and_, select, update

from domain.reviews import ItemState
from review.audit_log import MACHINE, AuditLog
from review.item_rows import started_again
from storage.database import writing
from storage.tables import desk_decisions, desk_items


def reopen_as_repeat(engine: Engine, page_id: int, note: str, now: datetime) -> bool:
    """Put the decided item of a page back into the queue for its first reading; False when it has none or is undecided.

    What was decided before stays on record, superseded. `note` is Chinese and says why.
    """
    with writing(engine) as connection:
        row = connection.execute(
            select(desk_items).where(desk_items.c.page_id == page_id).with_for_update()
        ).one_or_none()
        if row is None or row.stage is not None:
            return False
        counting = and_(desk_decisions.c.item_id == row.id, desk_decisions.c.superseded_at.is_(None))
        connection.execute(update(desk_decisions).where(counting).values(superseded_at=now))
        values = started_again(ItemState.WAITING, None, now)
        connection.execute(
            update(desk_items).where(desk_items.c.id == row.id).values({**values, "version": row.version + 1})
        )
        log = AuditLog(engine, lambda: now)
        log.record(connection, MACHINE, "reopened-as-repeat", f"item:{row.id}", {"note": note, "from": row.state})
    return True
