"""The second copy of the evidence: in memory, in a folder, and on a real S3 with object lock."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import Engine

from domain.retention import KeepClass
from storage.keeping.custody import assign_class
from storage.keeping.expiry import expire
from storage.keeping.object_store import ObjectStore, StoreUnusable, object_name, open_store
from storage.keeping.remote_copy import chain_files, pull, push, verify_remote
from tests.storage.samples import NOW
from tests.storage.test_keeping import BY, NIGHT, POLICY, _night, _paths

_ONCE = {"retries": {"max_attempts": 0}}


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, object]]:
    """Options for s3fs to reach a local S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {"endpoint_url": f"http://{host}:{port}", "key": "demo", "secret": "demo"}
    server.stop()


def _bucket(s3: dict[str, object], lock: bool) -> str:
    import boto3

    client = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=str(s3["endpoint_url"]),
        aws_access_key_id="demo", aws_secret_access_key="demo",
    )  # fmt: skip
    name = f"demo-{uuid4().hex}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    return name


@pytest.fixture(params=["memory", "file", "s3", "s3-lock"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    match request.param:
        case "memory":
            return open_store(f"memory://{uuid4().hex}")
        case "file":
            return open_store(str(tmp_path / "copy"))
        case kind:
            s3 = request.getfixturevalue("s3")
            return open_store(f"s3://{_bucket(s3, kind == 's3-lock')}/yiguang", s3)


@pytest.fixture
def home(tmp_path: Path) -> tuple[Engine, Path]:
    """A sealed night of two leads; on SQLite, the database takes no part in what differs here."""
    from storage.database import migrate, open_engine

    folder = tmp_path / "home"
    folder.mkdir()
    engine = open_engine(f"sqlite:///{folder}/yiguang.db")
    migrate(engine)
    _night(engine, folder)
    return engine, folder


def _faults(engine: Engine, folder: Path, store: ObjectStore) -> list[str]:
    reports = verify_remote(engine, folder, store)
    return [check.message for report in reports for check in report.checks if not check.ok]


def _later(years: float) -> datetime:
    return NOW + timedelta(days=366 * years)


def test_what_was_pushed_comes_back(home: tuple[Engine, Path], store: ObjectStore) -> None:
    engine, folder = home
    assert _faults(engine, folder, store) == ["存储中没有"] * 5
    done = push(engine, folder, store, POLICY)
    assert (len(done.moved), done.present, done.faults) == (5, 0, ())  # two bundles, a night file, head and entries
    assert push(engine, folder, store, POLICY).present == 3
    assert _faults(engine, folder, store) == []
    with pytest.raises(StoreUnusable, match="没有另存的证据"):
        pull(engine, folder, replace(store, root=f"{store.root}-mistyped"))
    before = {path: (folder / path).read_bytes() for path in _paths(engine)}
    for path in before:
        (folder / path).unlink()
    assert set(pull(engine, folder, store).moved) == set(before)
    assert {path: (folder / path).read_bytes() for path in before} == before


def test_nothing_is_overwritten_and_nothing_altered_is_sent(home: tuple[Engine, Path], store: ObjectStore) -> None:
    engine, folder = home
    assert store.put("seals/x", b"one") is True
    assert store.put("seals/x", b"one") is False
    with pytest.raises(StoreUnusable, match="不覆盖"):
        store.put("seals/x", b"two")
    assert store.read("seals/x") == b"one"
    path = _paths(engine)[0]
    (folder / path).write_bytes(b"altered")
    assert "不上传" in push(engine, folder, store, POLICY).faults[0]
    assert _faults(engine, folder, store) == ["存储中没有"]


def test_what_is_deleted_here_is_deleted_there(home: tuple[Engine, Path], store: ObjectStore) -> None:
    engine, folder = home
    push(engine, folder, store, POLICY)
    path = _paths(engine)[0]
    assign_class(engine, folder, path, NIGHT, KeepClass.DISMISSED, BY, "误报", NOW)
    expire(engine, folder, POLICY, BY, _later(0.6))
    assert _faults(engine, folder, store)[-1].startswith("已依保存期限删除，远端副本仍在")
    done = push(engine, folder, store, POLICY)
    if store.locks is None:
        assert (done.removed, done.faults, _faults(engine, folder, store)) == ((path,), (), [])
    else:  # it was locked for the term of a lead, and a lock is not ours to lift
        assert (done.removed, "未能删除" in done.faults[0]) == ((), True)
        assert len(_faults(engine, folder, store)) == 1


def test_an_object_lock_holds_until_its_day_and_deletion_leaves_no_version(s3: dict[str, object]) -> None:
    store = open_store(f"s3://{_bucket(s3, True)}/yiguang", s3)
    assert store.note == ""
    now = datetime.now(NOW.tzinfo)
    store.put("objects/locked", b"1", now + timedelta(days=400))
    store.put("objects/open", b"2")
    with pytest.raises(StoreUnusable):
        store.remove("objects/locked")
    assert store.read("objects/locked") == b"1"
    store.remove("objects/open")
    assert store.read("objects/open") is None
    bucket = store.root.partition("/")[0]
    left = store.files.call_s3("list_object_versions", Bucket=bucket, Prefix="yiguang/objects/open")
    assert not left.get("Versions")


def test_a_copy_of_other_content_is_not_fetched(home: tuple[Engine, Path], tmp_path: Path) -> None:
    engine, folder = home
    store = open_store(str(tmp_path / "copy"))
    push(engine, folder, store, POLICY)
    kept, _ = chain_files(engine)
    (tmp_path / "copy" / kept[0].name).write_bytes(b"x")
    (folder / kept[0].path).unlink()
    assert "与其摘要不符" in pull(engine, folder, store).faults[0]
    assert not (folder / kept[0].path).exists()


def test_an_altered_head_in_the_second_place_is_told(home: tuple[Engine, Path], tmp_path: Path) -> None:
    engine, folder = home
    store = open_store(str(tmp_path / "copy"))
    push(engine, folder, store, POLICY)
    head = tmp_path / "copy/seals/000001/head.json"
    head.write_bytes(head.read_bytes().replace(b"1", b"2"))
    assert _faults(engine, folder, store) == ["与本机的不一致"]
    head.write_bytes(head.read_bytes()[:-1])
    with pytest.raises(StoreUnusable, match="不覆盖"):
        push(engine, folder, store, POLICY)


def test_a_full_store_keeps_no_half_object(
    home: tuple[Engine, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, folder = home
    store = open_store(str(tmp_path / "copy"))

    def full(descriptor: int) -> None:  # noqa: ARG001  # signature is the system's
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreUnusable, match="磁盘已满"):
            push(engine, folder, store, POLICY)
    assert not [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert push(engine, folder, store, POLICY).faults == ()
    assert _faults(engine, folder, store) == []


@pytest.mark.parametrize("url", ["nowhere://x", "s3://demo-no-such-bucket/x"])
def test_a_store_that_cannot_be_opened_says_so(s3: dict[str, object], url: str) -> None:
    with pytest.raises(StoreUnusable, match="存储"):
        open_store(url, s3 if url.startswith("s3") else {})


@pytest.mark.parametrize(
    ("account", "said"),
    [({"key": "demo", "secret": "demo"}, "连接不上"), ({}, "没有账号：设置环境变量 AWS_ACCESS_KEY_ID")],
)
def test_a_store_that_cannot_be_reached_says_so(
    account: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The errors of S3's library are of a kind of their own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreUnusable, match=said):
        open_store("s3://demo/x", {"endpoint_url": "http://127.0.0.1:1", "config_kwargs": _ONCE, **account})


def test_a_store_that_goes_away_says_so() -> None:
    store = open_store(f"memory://{uuid4().hex}")

    class Gone(Exception):
        pass

    def away(*_arguments: object, **_more: object) -> None:
        raise Gone("no route")

    away_now = ObjectStore(_Filesystem(away), store.root, None, "")
    with pytest.raises(StoreUnusable, match="存储出错：no route"):
        away_now.sizes("objects")


class _Filesystem:
    protocol = "s3"

    def __init__(self, find: object) -> None:
        self.find = find

    def invalidate_cache(self) -> None:
        pass


def test_an_object_is_named_by_its_digest() -> None:
    assert object_name("ab" * 32) == f"objects/ab/{'ab' * 32}"
