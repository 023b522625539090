"""What an operator may set of the desk."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """`lock` is how long an item stays with who opened it; `put_off` how long "later" keeps it from who said so; `undo` how
    long the last decision may be taken back. `audit_pages` are drawn each night from the pages below the threshold;
    `read_twice_share` of the leads get two first readings that do not know of each other. `max_bulk` bounds one decision."""

    lock: timedelta = timedelta(minutes=15)
    put_off: timedelta = timedelta(hours=4)
    longest_hold: timedelta = timedelta(days=90)
    undo: timedelta = timedelta(seconds=60)
    audit_pages: int = 20
    read_twice_share: float = 0.05
    max_bulk: int = 2000
