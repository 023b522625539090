"""The register of packages: who made which, with which number, of which leads."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.beijing import BEIJING
from domain.routing import Recipient
from storage.database import writing
from storage.tables import referral_packages, referred_leads


def reserve_number(
    engine: Engine, recipient: Recipient, cases: Sequence[int], by: str, told: Mapping[str, str], now: datetime
) -> str:
    """The next number of the year for a package of these leads. Two calls never get the same one."""
    while True:
        try:
            return _reserve(engine, recipient, cases, by, told, now)
        except IntegrityError as fault:
            if "referral_packages" not in str(fault.orig):
                raise  # somebody else took the number is the only thing that another try can mend


def _reserve(
    engine: Engine, recipient: Recipient, cases: Sequence[int], by: str, told: Mapping[str, str], now: datetime
) -> str:
    year = now.astimezone(BEIJING).year
    table = referral_packages
    with writing(engine) as connection:
        last = connection.scalar(select(func.max(table.c.serial)).where(table.c.year == year))
        serial = (last or 0) + 1
        number = f"医广线移〔{year}〕{serial}号"
        row = {"year": year, "serial": serial, "number": number, "recipient": recipient.value, "made_at": now}
        made = connection.execute(insert(table).values(**row, made_by=by, told=dict(told)).returning(table.c.id))
        package = made.scalar_one()
        connection.execute(
            insert(referred_leads), [{"package_id": package, "page_id": case} for case in dict.fromkeys(cases)]
        )
    return number


def record_package(engine: Engine, number: str, manifest_sha256: str) -> None:
    """Say that the package of that number is complete."""
    table = referral_packages
    with writing(engine) as connection:
        connection.execute(update(table).where(table.c.number == number).values(manifest_sha256=manifest_sha256))
