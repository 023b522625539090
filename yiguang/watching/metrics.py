"""What a monitoring system asks: figures in the form of Prometheus, and whether the system is alive and ready.

All figures come from the database when they are asked for, so any process may serve them, and a night that died is told as
one that makes no progress.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from socketserver import ThreadingMixIn
from time import perf_counter
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from domain.abilities import Ability
from storage.crawl.night_metrics import NightMetrics, night_metrics, store_metrics
from storage.crawl.picture_questions import open_questions
from storage.crawl.workers import live_workers
from storage.database import schema_is_current
from yiguang.nights.disk_watch import free_bytes
from yiguang.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

#: A connection on which nothing is asked for so long is closed.
SILENT_SECONDS = 30.0


class HomeMetrics(Collector):
    """The figures of one data folder."""

    def __init__(self, settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        began = perf_counter()
        try:
            night = night_metrics(self._engine)
            yield from _stored(self._engine)
            yield from _at_work(self._engine, self._clock())
            yield from () if night is None else _night(night, self._clock())
        except SQLAlchemyError:  # told by the figure below; the others are not known then
            yield _gauge("yiguang_database_up", "1 when the database answers", 0)
        else:
            yield _gauge("yiguang_database_up", "1 when the database answers", 1)
            yield _gauge("yiguang_scrape_seconds", "Time the database took for all figures", perf_counter() - began)
        yield _gauge("yiguang_disk_free_bytes", "Free on the disk of the data folder", free_bytes(self._settings.home))


def _stored(engine: Engine) -> Iterator[Metric]:
    found = store_metrics(engine)
    yield _gauge("yiguang_evidence_bundles", "Evidence bundles ever made", found.bundles)
    yield _gauge("yiguang_evidence_bundle_bytes", "Their size", found.bundle_bytes)
    yield _gauge("yiguang_time_stamps_waiting", "Time stamps asked for that have not come", found.waiting_stamps)
    yield _gauge("yiguang_rescores_unfinished", "Rescores under way or broken off", found.open_rescores)


def _at_work(engine: Engine, now: datetime) -> Iterator[Metric]:
    """Who is alive and for what, on machines that share the night; pages that wait for a browser are in the night's queue."""
    alive = live_workers(engine, now)
    able = {ability.value: sum(ability in worker.can for worker in alive) for ability in Ability}
    yield _labelled(
        "yiguang_workers", "Processes of the night that are alive, by what they are set up for", "can", able
    )
    yield _gauge("yiguang_pictures_waiting", "Pictures that wait for a process that reads them", open_questions(engine))


def _night(night: NightMetrics, now: datetime) -> Iterator[Metric]:
    """Of the newest night. They start anew with each night, so they are gauges."""
    yield _labelled("yiguang_night_pages", "URLs finished in the newest night", "outcome", night.pages)
    yield _labelled("yiguang_night_queue", "URLs of the newest night by state", "state", night.queue)
    yield _labelled("yiguang_night_findings", "Live findings of the newest night", "family", night.findings)
    yield _gauge("yiguang_night_leads", "Pages of the newest night that are leads", night.leads)
    visits = SummaryMetricFamily("yiguang_night_visit_seconds", "Visits of the newest night, tries each")
    visits.add_metric([], night.visits, night.visit_seconds)
    yield visits
    yield _gauge("yiguang_night_running", "1 while the newest night has not ended", int(night.ended_at is None))
    yield _gauge("yiguang_night_start_timestamp_seconds", "When it began", night.started_at.timestamp())
    yield _gauge("yiguang_night_age_seconds", "Time since it began", (now - night.started_at).total_seconds())
    checked = _labelled(
        "yiguang_night_evidence_files",
        "Evidence files checked at the end of the newest night",
        "result",
        {"sound": night.evidence_verified - night.evidence_failed, "failed": night.evidence_failed},
    )
    yield checked


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)


def _labelled(name: str, said: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def exposition(settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> bytes:
    """All figures as text."""
    registry = CollectorRegistry()
    registry.register(HomeMetrics(settings, engine, clock))
    return generate_latest(registry)


def not_ready(settings: Settings, engine: Engine) -> str:
    """Why nothing can be done here now, in Chinese; empty when all is well."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        if not schema_is_current(engine):
            return "数据库的表结构与程序版本不符"
    except SQLAlchemyError as fault:
        return f"数据库无法使用：{type(fault).__name__}"
    if free_bytes(settings.home) < settings.disk_low_mb * 1_000_000:
        return f"磁盘余量不足 {settings.disk_low_mb} MB"
    return ""


def metrics_app(settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> "WSGIApplication":
    """/metrics, /healthz (the process answers) and /readyz (the system can work)."""

    def answer(path: str) -> tuple[str, str, bytes]:
        match path:
            case "/metrics":
                return "200 OK", CONTENT_TYPE_LATEST, exposition(settings, engine, clock)
            case "/healthz":
                return "200 OK", "text/plain; charset=utf-8", b"ok\n"
            case "/readyz":
                why = not_ready(settings, engine)
                return (
                    "503 Service Unavailable" if why else "200 OK",
                    "text/plain; charset=utf-8",
                    f"{why or 'ok'}\n".encode(),
                )
            case _:
                return "404 Not Found", "text/plain; charset=utf-8", b"not found\n"

    def app(environ: dict[str, object], start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [("Allow", "GET, HEAD")])
            return []
        status, content_type, body = answer(str(environ["PATH_INFO"]))
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return app


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a connection: one that is opened and asks nothing must not keep the others waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = SILENT_SECONDS

    def handle(self) -> None:
        with suppress(TimeoutError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """A line for each scrape would be most of the log."""


def metrics_server(app: "WSGIApplication", host: str, port: int) -> WSGIServer:
    """Raises OSError when the address cannot be had."""
    return make_server(host, port, app, _Server, _Quiet)
