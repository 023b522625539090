"""A worker: takes shards of nights off the queue, on any machine that shares the database and the data folder."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from domain.abilities import EVERYTHING, Ability, in_chinese
from storage.crawl.picture_questions import leave_questions
from storage.crawl.workers import FENCED_AFTER, TRANSACTION_OF_A_NIGHT_AT_MOST, NameTaken, announce, hear, leave
from storage.database import bound_transactions, shared_clock
from storage.tables import warc_files
from yiguang.errors import CommandFailed
from yiguang.home import utc_now
from yiguang.nights.durable import NightWorkflows, durable_worker
from yiguang.nights.heartbeat import Heartbeat
from yiguang.nights.nightly import crawl_shard
from yiguang.nights.serving_pictures import serving_pictures
from yiguang.nights.shard_processes import ShardProcesses
from yiguang.settings import Settings


def work(
    settings: Settings,
    engine: Engine,
    name: str,
    lock_descriptor: int,
    grace_seconds: float,
    say: Callable[[str], None],
) -> NoReturn:
    """Until SIGINT or SIGTERM: then the pages in hand are finished, within `grace_seconds` or until a second signal, and whoever runs the
    night hands the shards to others.

    A worker that cannot say for `FENCED_AFTER` that it is there stops too (exit code 1), because others will soon take its work
    over. Raises CommandFailed when it may not begin.
    """
    _require_shared_folder(settings, engine)
    bound_transactions(engine, FENCED_AFTER, TRANSACTION_OF_A_NIGHT_AT_MOST)
    begun, clock = time.monotonic(), shared_clock(engine, utc_now)
    crawls = bool(settings.can - {Ability.READ})
    try:
        announce(engine, name, settings.shards if crawls else 0, clock(), settings.can)
    except NameTaken as taken:
        raise CommandFailed(f"已有名为 {taken} 的工作进程在运行；用 --name 另取一个") from taken
    processes = ShardProcesses(lock_descriptor, settings.logs, at_once=settings.shards)
    stop, at_once = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: (at_once if stop.is_set() else stop).set())
    heartbeat = Heartbeat(lambda: hear(engine, name, clock()), lambda: _fence(processes, say), begun)
    heartbeat.start()
    workflows = NightWorkflows(crawl=lambda job: crawl_shard(job, engine, processes, settings), close=_not_here)
    taking = durable_worker(settings, workflows, name) if crawls else nullcontext()
    with taking, serving_pictures(engine, name, settings):
        what = f"同时采集 {settings.shards} 个分片" if crawls else f"同时识别 {settings.shards} 张图片"
        able = "" if settings.can == EVERYTHING else f"，只做：{in_chinese(settings.can)}"
        say(f"工作进程 {name} 已加入，{what}{able}")
        stop.wait()
        processes.finish(grace_seconds, at_once)
        heartbeat.end()
        # At once, as a kill would: the engine would wait for shards that were stopped on purpose and never come to an end.
        # Whatever the last words run into, a closed terminal or a database that is away, must not keep the process either.
        try:
            _part(engine, name, say)
        finally:
            os._exit(0)


def _fence(processes: ShardProcesses, say: Callable[[str], None]) -> NoReturn:
    processes.stop()  # at once: others take these sites over
    try:
        say("错误：与数据库失去联系，已停止采集，分片将由其他进程接手；恢复后重新运行即可")
    finally:
        os._exit(1)


def _part(engine: Engine, name: str, say: Callable[[str], None]) -> None:
    try:
        leave_questions(engine, name, shared_clock(engine, utc_now)())
        leave(engine, name)
    except SQLAlchemyError:  # others see it gone when its heartbeat stops
        say("离开时连不上数据库，分片将在心跳停止后由其他进程接手")


def _require_shared_folder(settings: Settings, engine: Engine) -> None:
    """Raises CommandFailed when archives that the database knows are not in this data folder."""
    if engine.dialect.name != "postgresql":
        raise CommandFailed(
            "多个进程须共用 PostgreSQL：请设置 YIGUANG_DATABASE_URL；SQLite 只能由 yiguang nightly 一个进程使用"
        )
    newest = select(warc_files.c.path).order_by(warc_files.c.id.desc()).limit(1)
    with engine.connect() as connection:
        path = connection.scalar(newest)
    if path is not None and not (settings.home / path).exists():
        raise CommandFailed(f"数据目录 {settings.home} 中没有 {path}：各进程须共用同一个数据目录（YIGUANG_HOME）")


def _not_here(night_id: str) -> list[str]:
    raise AssertionError(f"night {night_id} is closed by the process that began it")
