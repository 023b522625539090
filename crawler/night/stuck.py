"""Ends a process whose event loop has come to a stop."""

import asyncio
import faulthandler


async def end_when_stuck(seconds: float) -> None:
    """Runs beside the crawl; ends the process, with a traceback on standard error, when the loop has not turned for so long.

    A call that holds the interpreter's lock (one long search of a pattern) keeps every other time limit of ours from
    acting. This one acts in a thread that does not need the lock.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(seconds, exit=True)
            await asyncio.sleep(seconds / 10)
    finally:
        faulthandler.cancel_dump_traceback_later()
