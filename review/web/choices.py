"""What forms offer to choose from, as the database has it."""

from sqlalchemy import Engine, select

from domain.roles import Act, may
from review.accounts import Account, Accounts
from storage.tables import desk_items

_MOST = 200


def regions_and_nights(engine: Engine) -> tuple[list[str], list[str]]:
    """Regions in alphabetical order, nights newest first, of which there are items."""
    with engine.connect() as connection:
        regions = connection.scalars(select(desk_items.c.region).distinct().order_by(desk_items.c.region).limit(_MOST))
        nights = connection.scalars(
            select(desk_items.c.night_id).distinct().order_by(desk_items.c.night_id.desc()).limit(_MOST)
        )
        return [region for region in regions if region], list(nights)


def readers(accounts: Accounts) -> list[Account]:
    """Who can be given an item."""
    return [
        account for account in accounts.list() if account.disabled_at is None and may(account.role, Act.DECIDE_FIRST)
    ]
