"""Old evidence is read again, what was not looked at for longest first, as long as there is time; acts on it every night."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from domain.nights import EvidenceCare
from storage.checking.rechecks import Recheck, check_everything, recheck
from storage.crawl.night_care import keep_care
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import finish_night, open_night
from storage.keeping.custody import hold
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, visit


class Ticking:
    """A clock that goes on by a second with every look at it."""

    def __init__(self, begin: datetime) -> None:
        self._moments: Iterator[datetime] = (begin + timedelta(seconds=number) for number in range(10_000))

    def __call__(self) -> datetime:
        return next(self._moments)


def _old_night(engine: Engine, folder: Path, leads: int = 3) -> str:
    night_id, ids = open_sample_night(engine, links=leads)
    store = open_store(engine, folder)
    for row in claim(engine, night_id, ids, limit=leads):
        store.record(visit(row, flagged=True))
    store.close()
    finish_night(engine, night_id, NOW)
    return night_id


def _names(found: Recheck) -> list[str]:
    return [Path(report.path).suffix for report in found.reports]


def test_the_longest_unchecked_come_first(engine: Engine, tmp_path: Path) -> None:
    old = _old_night(engine, tmp_path)
    later = NOW + timedelta(days=1)
    tonight = open_night(engine, later, ())
    seen = []
    for night in range(3):
        at = later + timedelta(days=night)
        found = recheck(engine, tmp_path, tonight, 2.5, Ticking(at))
        assert (found.rechecked, found.unreached) == (2, 2)
        seen += [report.path for report in found.reports]
    assert len(set(seen[:4])) == 4, "three bundles and the night file, each once before any again"
    assert seen[4:] == seen[:2]
    assert found.oldest_check_at is not None and found.oldest_check_at < later + timedelta(days=2)
    whole = recheck(engine, tmp_path, old, 0.0, Ticking(later))
    assert (whole.rechecked, whole.unreached, len(whole.reports)) == (0, 0, 4), "its own files, whatever the time"


def test_what_a_person_had_checked_waits_its_turn(engine: Engine, tmp_path: Path) -> None:
    _old_night(engine, tmp_path)
    tonight = open_night(engine, NOW + timedelta(days=1), ())
    first = recheck(engine, tmp_path, tonight, 0.5, Ticking(NOW)).unreached
    reports = check_everything(engine, tmp_path, Ticking(NOW + timedelta(hours=2)))
    assert (len(reports), [report.ok for report in reports].count(False)) == (4, 0)
    later = recheck(engine, tmp_path, tonight, 0.0, Ticking(NOW + timedelta(days=2)))
    assert (first, later.unreached) == (4, 4)
    assert later.oldest_check_at == NOW + timedelta(hours=2), "none is unheard of any more"


def test_a_file_that_changed_years_ago_is_found(engine: Engine, tmp_path: Path) -> None:
    _old_night(engine, tmp_path)
    tonight = open_night(engine, NOW + timedelta(days=900), ())
    spoilt = next(tmp_path.rglob("*.wacz"))
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"!")
    found = recheck(engine, tmp_path, tonight, 1000.0, Ticking(NOW + timedelta(days=900)))
    assert [report.path for report in found.reports if not report.ok] == [str(spoilt)]


def test_a_file_that_was_not_sound_is_told_every_night_until_it_is(engine: Engine, tmp_path: Path) -> None:
    _old_night(engine, tmp_path)
    tonight = open_night(engine, NOW + timedelta(days=1), ())
    spoilt = next(tmp_path.rglob("*.wacz"))
    sound = spoilt.read_bytes()
    spoilt.write_bytes(sound[:-1] + b"!")
    check_everything(engine, tmp_path, Ticking(NOW + timedelta(days=1)))
    for day in (2, 3):
        found = recheck(engine, tmp_path, tonight, 0.0, Ticking(NOW + timedelta(days=day)))
        assert [report.path for report in found.reports if not report.ok] == [str(spoilt)], day
    spoilt.write_bytes(sound)
    again, after = (recheck(engine, tmp_path, tonight, 0.0, Ticking(NOW + timedelta(days=day))) for day in (4, 5))
    assert ([report.ok for report in again.reports], after.reports) == ([True], ())


def test_acts_on_evidence_are_checked_every_night(engine: Engine, tmp_path: Path) -> None:
    night_id = _old_night(engine, tmp_path, leads=1)
    path = next(tmp_path.rglob("*.wacz")).relative_to(tmp_path).as_posix()
    record = hold(engine, tmp_path, path, night_id, "示例甲", "复议", NOW)
    tonight = open_night(engine, NOW + timedelta(days=1), ())
    found = recheck(engine, tmp_path, tonight, 0.0, Ticking(NOW))
    assert (found.records, found.unreached, _names(found)) == (1, 2, [".json"])
    (tmp_path / record.path).unlink()
    assert [report.ok for report in recheck(engine, tmp_path, tonight, 0.0, Ticking(NOW)).reports] == [False]


def test_what_was_done_is_in_the_summary(engine: Engine, tmp_path: Path) -> None:
    night_id = _old_night(engine, tmp_path, leads=1)
    assert night_summary(engine, night_id).care is None
    care = EvidenceCare(2, 5, 1, NOW, "s3://evidence", 3, 4, 0, ("存储出错",))
    keep_care(engine, night_id, EvidenceCare(0, 0, 0, None))
    keep_care(engine, night_id, care)
    summary = night_summary(engine, night_id)
    assert summary.care == care
    assert not summary.healthy
