"""A PostgreSQL that cannot be reached for a while: how to know it, and how to wait for it."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

_Result = TypeVar("_Result")
TRY_AGAIN_SECONDS = 1.0
#: Classes of SQLSTATE: connection exceptions, and the server shutting down, crashed or starting up
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html); and that it broke a transaction off for which nothing had come for
#: too long, which is what a client learns that was cut off meanwhile.
_OF_CONNECTIONS = ("08", "57P", "25P03")


def is_away(fault: BaseException) -> bool:
    """Whether a fault, or what it was raised from, is that the server is stopped, starting or cut off. What the server itself
    refuses (a full disk, a deadlock) is not, and no fault of SQLite is: a file does not come back by itself."""
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, DBAPIError) and _is_of_the_connection(seen):
            return True
        seen = seen.__cause__
    return False


def when_there(ask: Callable[[], _Result]) -> _Result:
    """The result of `ask`, which is tried again until the database answers; any other fault is raised."""
    while True:
        try:
            return ask()
        except DBAPIError as fault:
            if not is_away(fault):
                raise
        time.sleep(TRY_AGAIN_SECONDS)


def _is_of_the_connection(fault: DBAPIError) -> bool:
    if fault.connection_invalidated:
        return True
    # PostgreSQL's driver has it, SQLite's has not; none means that the connection broke off before the server said anything
    state = getattr(fault.orig, "sqlstate", "")
    return isinstance(fault, OperationalError) if state is None else str(state).startswith(_OF_CONNECTIONS)
