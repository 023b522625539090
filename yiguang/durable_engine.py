"""The engine of durable workflows, started and ended; what runs in it is in `durable` and `rescoring_jobs`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dbos import DBOS, DBOSConfig

from storage.database import end_idle_transactions, open_engine
from storage.workers import FENCED_AFTER
from yiguang.settings import Settings

#: One executor per data folder: whoever comes next takes up what the last one left.
OF_THE_FOLDER = "local"


@contextmanager
def durable_engine(
    settings: Settings,
    version: str,
    queue: str,
    at_once: int,
    executor: str = OF_THE_FOLDER,
    also: Sequence[str] = (),
) -> Iterator[None]:
    """Runs `at_once` jobs of `queue` at a time while the block runs, and all of the queues `also`; takes up what `executor` left of
    workflows of `version`.

    The instances that hold the workflows have to be made before.
    """
    on_server = open_engine(settings.durable_url) if settings.durable_url.startswith("postgresql") else None
    if on_server is not None:
        end_idle_transactions(on_server, FENCED_AFTER)
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
    DBOS.listen_queues([queue, *also])
    DBOS.launch()
    try:
        for other in also:
            DBOS.register_queue(other, polling_interval_sec=0.2)
        DBOS.register_queue(queue, worker_concurrency=at_once, polling_interval_sec=0.2)
        yield
    finally:
        DBOS.destroy(destroy_registry=False)
        if on_server is not None:
            on_server.dispose()
