"""Clusters of like texts and versions of pages, over nights."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from domain.versions import VersionState
from storage.crawl.visits import SqlVisitStore
from storage.pages.clusters import cluster_ids, cluster_of, copies_of
from storage.pages.versions import version_text, versions_of
from storage.tables import page_bodies, text_clusters
from tests.storage.crawl import open_store
from tests.storage.text_nights import ALIKE, CLAIMS, CLINIC, GONE, HOSPITAL, OTHER, night, when


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[SqlVisitStore]:
    opened = open_store(engine, tmp_path)
    yield opened
    opened.close()


def test_like_texts_share_a_cluster_whatever_surrounds_them(engine: Engine, store: SqlVisitStore) -> None:
    ids = night(
        engine, store, 0, {CLINIC: CLAIMS, HOSPITAL: ALIKE, CLINIC + "news": OTHER, CLINIC + "short": "暂无内容"}
    )
    cluster = cluster_of(engine, ids[CLINIC])
    assert cluster is not None
    assert cluster.urls == (CLINIC, HOSPITAL)
    assert cluster_of(engine, ids[HOSPITAL]) == cluster
    other = cluster_of(engine, ids[CLINIC + "news"])
    assert other is not None
    assert other.urls == (CLINIC + "news",)
    assert cluster_of(engine, ids[CLINIC + "short"]) is None
    assert cluster_ids(engine, list(ids.values())) == {
        ids[CLINIC]: cluster.id,
        ids[HOSPITAL]: cluster.id,
        ids[CLINIC + "news"]: other.id,
    }
    with pytest.raises(KeyError):
        cluster_of(engine, 999_999)


def test_clusters_stay_the_same_over_nights(engine: Engine, store: SqlVisitStore) -> None:
    first = night(engine, store, 0, {CLINIC: CLAIMS, HOSPITAL: OTHER})
    second = night(engine, store, 1, {CLINIC: ALIKE, HOSPITAL: first[HOSPITAL]})
    for url in (CLINIC, HOSPITAL):
        before, after = cluster_of(engine, first[url]), cluster_of(engine, second[url])
        assert before is not None
        assert before == after
        assert (before.first_seen, before.last_seen) == (when(0), when(1))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(text_clusters)) == 2
        assert connection.scalar(select(func.count()).select_from(page_bodies)) == 4


def test_a_cluster_does_not_drift_over_small_changes(engine: Engine, store: SqlVisitStore) -> None:
    """Each text is near the one before; the last has nothing of the first."""
    length = len(OTHER)
    steps = [(CLAIMS * 2)[: length - cut] + OTHER[length - cut :] for cut in range(0, length, 4)]
    ids = night(engine, store, 0, {f"{CLINIC}{number}": text for number, text in enumerate([*steps, OTHER])})
    first, last = cluster_of(engine, ids[f"{CLINIC}0"]), cluster_of(engine, ids[f"{CLINIC}{len(steps)}"])
    assert first is not None
    assert last is not None
    assert first.id != last.id


def test_a_change_of_the_main_text_is_a_version_once_seen_twice(engine: Engine, store: SqlVisitStore) -> None:
    night(engine, store, 0, {CLINIC: CLAIMS})
    changed = night(engine, store, 1, {CLINIC: ALIKE})
    assert [version.state for version in versions_of(engine, CLINIC)] == [VersionState.FIRST, VersionState.UNCONFIRMED]
    night(engine, store, 2, {CLINIC: changed[CLINIC]})
    first, second = versions_of(engine, CLINIC)
    assert (first.first_seen, first.last_seen, first.sightings) == (when(0), when(0), 1)
    assert (second.first_seen, second.last_seen, second.sightings) == (when(1), when(2), 2)
    assert second.state is VersionState.CONFIRMED
    assert (version_text(engine, first), version_text(engine, second)) == (CLAIMS, ALIKE)
    with pytest.raises(KeyError):
        version_text(engine, replace(first, page_id=999_999))
    assert versions_of(engine, HOSPITAL) == ()


def test_a_copy_elsewhere_is_moved_when_it_came_after_the_first_was_gone(engine: Engine, store: SqlVisitStore) -> None:
    moved, beside = CLINIC + "moved", CLINIC + "beside"
    night(engine, store, 0, {CLINIC: CLAIMS, beside: CLAIMS, HOSPITAL: OTHER})
    night(engine, store, 1, {CLINIC: GONE, moved: ALIKE})
    found = {copy.url: copy for copy in copies_of(engine, CLINIC)}
    assert set(found) == {beside, moved}
    assert (found[beside].exact, found[beside].moved) == (True, False)
    assert (found[moved].exact, found[moved].moved, found[moved].first_seen) == (False, True, when(1))
    assert copies_of(engine, HOSPITAL) == ()
    with pytest.raises(KeyError):
        copies_of(engine, "http://nowhere.example/")


def test_a_page_that_came_back_has_no_moved_copies(engine: Engine, store: SqlVisitStore) -> None:
    night(engine, store, 0, {CLINIC: CLAIMS})
    night(engine, store, 1, {CLINIC: GONE, HOSPITAL: CLAIMS})
    assert [copy.moved for copy in copies_of(engine, CLINIC)] == [True]
    night(engine, store, 2, {CLINIC: CLAIMS})
    assert [copy.moved for copy in copies_of(engine, CLINIC)] == [False]


def test_a_page_of_next_to_no_text_has_no_copies(engine: Engine, store: SqlVisitStore) -> None:
    night(engine, store, 0, {CLINIC: "暂无内容", HOSPITAL: "敬请期待", CLINIC + "news": "暂无内容"})
    assert copies_of(engine, CLINIC) == ()
