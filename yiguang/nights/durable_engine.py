"""The engine of durable workflows, started and ended; what runs in it is in `durable` and `rescoring_jobs`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dbos import DBOS, DBOSConfig
from dbos._dbos import _get_dbos_instance

from storage.crawl.workers import FENCED_AFTER, TRANSACTION_OF_A_NIGHT_AT_MOST
from storage.database import bound_transactions, open_engine
from yiguang.settings import Settings

#: One executor per data folder: whoever comes next takes up what the last one left.
OF_THE_FOLDER = "local"


@contextmanager
def durable_engine(
    settings: Settings,
    version: str,
    queues: Sequence[str],
    at_once: int,
    executor: str = OF_THE_FOLDER,
    taken_from: Sequence[str] | None = None,
    also: Sequence[str] = (),
) -> Iterator[None]:
    """Runs `at_once` jobs of each of `queues` at a time while the block runs, of those in `taken_from` only if given, and all of the queues
    `also`; takes up what `executor` left of workflows of `version`.

    The instances that hold the workflows have to be made before.
    """
    on_server = open_engine(settings.durable_url) if settings.durable_url.startswith("postgresql") else None
    if on_server is not None:
        bound_transactions(on_server, FENCED_AFTER, TRANSACTION_OF_A_NIGHT_AT_MOST)
    config: DBOSConfig = {
        "name": "yiguang",
        "system_database_url": settings.durable_url,
        "system_database_engine": on_server,  # ours, because it says of every lost connection that it is lost
        "executor_id": executor,
        "application_version": version,
        "enable_otlp": False,
        "log_level": "CRITICAL",
    }
    DBOS(config=config)
    DBOS.listen_queues([*(queues if taken_from is None else taken_from), *also])
    DBOS.launch()
    try:
        for other in also:
            DBOS.register_queue(other, polling_interval_sec=0.2)
        for queue in queues:
            DBOS.register_queue(queue, worker_concurrency=at_once, polling_interval_sec=0.2)
        yield
    finally:
        DBOS.destroy(destroy_registry=False)
        if on_server is not None:
            on_server.dispose()


def also_take_from(queue: str) -> None:
    """Take jobs from a further queue, from about a second later on. To be called inside of `durable_engine` only."""
    # The engine sets this once, but looks at it every second: it starts to poll queues that were registered later
    taken_from = _get_dbos_instance()._listening_queues
    assert taken_from is not None
    if queue not in taken_from:
        taken_from.append(queue)
