"""Lists of practitioners: taken in, taken in again, looked up; of numbers a keyed digest and nothing else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, select

from storage.operators.practitioners import (
    KEY_FILE,
    PractitionerCounts,
    PractitionerKeyUnusable,
    RegisteredPractitioner,
    SqlPractitioners,
    import_practitioners,
    number_digest,
    practitioner_headings,
    practitioner_key,
    read_practitioners,
)
from storage.operators.registry_file import RegistryFileError, open_registry_file
from storage.operators.registry_rows import BadRow
from storage.tables import registry_practitioners
from yiguang.lexicon_books import load_practitioner_book

LEXICONS = Path(__file__).parents[2] / "lexicons"
DAY, LATER = date(2026, 11, 1), date(2026, 12, 1)
KEY = b"k" * 32
NUMBER = "110000000000001"
LI = RegisteredPractitioner("李云屿", "青屿安和门诊部", number_digest(NUMBER, KEY))
SHEN = RegisteredPractitioner("沈澄", "青屿安和门诊部")


def test_lists_are_looked_up_by_institution_and_name(engine: Engine) -> None:
    assert import_practitioners(engine, [LI, SHEN, LI], "市卫健委", DAY).listed == 2
    assert import_practitioners(engine, [LI, SHEN], "市卫健委", DAY).gone == 0
    known = SqlPractitioners(engine).of(["青屿安和门诊部 ", "青屿安和"], ["李云屿", "周远岫"])
    assert known.lists == (("市卫健委", DAY, 2),) and known.registered == {"李云屿"}
    elsewhere = SqlPractitioners(engine).of(["临浦县中医院"], ["李云屿"])
    assert elsewhere.lists == () and elsewhere.registered == frozenset()
    assert SqlPractitioners(engine).of([], ["李云屿"]).lists == ()


def test_whoever_a_newer_list_lacks_goes(engine: Engine) -> None:
    import_practitioners(engine, [LI, SHEN], "市卫健委", DAY)
    import_practitioners(engine, [SHEN], "省名单", DAY)
    assert import_practitioners(engine, [LI], "市卫健委", LATER).gone == 1
    assert SqlPractitioners(engine).sources() == (("市卫健委", LATER, 1), ("省名单", DAY, 1))
    assert import_practitioners(engine, [], "市卫健委", date(2027, 1, 1)).gone == 0
    assert SqlPractitioners(engine).sources() == (("市卫健委", LATER, 1), ("省名单", DAY, 1))


def test_people_under_another_key_are_not_gone(engine: Engine) -> None:
    zhou = RegisteredPractitioner("周远岫", LI.institution, number_digest("110000000000002", KEY))
    import_practitioners(engine, [LI, SHEN, zhou], "市卫健委", DAY)
    again = replace(LI, number_digest=number_digest(NUMBER, b"j" * 32))
    counts = import_practitioners(engine, [again, SHEN], "市卫健委", LATER)
    assert counts == PractitionerCounts(2, gone=1, renumbered=1, key_may_differ=True)
    assert import_practitioners(engine, [again, SHEN], "市卫健委", LATER) == PractitionerCounts(2)


def test_a_corrected_number_is_no_other_person_and_no_other_key(engine: Engine) -> None:
    namesake = replace(LI, number_digest=number_digest("110000000000003", KEY))
    import_practitioners(engine, [LI, namesake, SHEN], "市卫健委", DAY)
    corrected = replace(LI, number_digest=number_digest("110000000000004", KEY))
    counts = import_practitioners(engine, [corrected, namesake, SHEN], "市卫健委", LATER)
    assert counts == PractitionerCounts(3, renumbered=1)
    assert import_practitioners(engine, [namesake, SHEN], "市卫健委", LATER) == PractitionerCounts(2, gone=1)


def test_a_list_that_has_numbers_now_or_no_more_says_nothing_of_the_key(engine: Engine) -> None:
    bare = replace(LI, number_digest="")
    for one in (bare, LI, bare):
        assert not import_practitioners(engine, [one], "市卫健委", DAY).key_may_differ


def test_a_list_corrected_on_its_own_day_or_dated_back_is_the_list(engine: Engine) -> None:
    import_practitioners(engine, [LI, SHEN], "市卫健委", LATER)
    assert import_practitioners(engine, [LI], "市卫健委", LATER).gone == 1
    assert import_practitioners(engine, [SHEN], "市卫健委", DAY).gone == 1
    assert SqlPractitioners(engine).sources() == (("市卫健委", DAY, 1),)


def test_a_list_that_breaks_off_changes_nothing(engine: Engine) -> None:
    def broken() -> Iterator[RegisteredPractitioner]:
        yield from [SHEN] * 3000
        raise RegistryFileError("第 3001 行")

    import_practitioners(engine, [LI], "市卫健委", DAY)
    with pytest.raises(RegistryFileError):
        import_practitioners(engine, broken(), "市卫健委", LATER)
    known = SqlPractitioners(engine)
    assert known.sources() == (("市卫健委", DAY, 1),) and known.of([LI.institution], [LI.name]).registered == {LI.name}


def test_others_write_while_a_list_is_read(engine: Engine) -> None:
    def slow() -> Iterator[RegisteredPractitioner]:
        for other in (LI, SHEN):
            desk = Thread(target=import_practitioners, args=(engine, [other], f"省名单{other.name}", DAY))
            desk.start()
            desk.join(3)
            assert not desk.is_alive()
            yield other

    assert import_practitioners(engine, slow(), "市卫健委", DAY).listed == 2


def test_of_many_who_make_the_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(practitioner_key, [tmp_path] * 200))
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [KEY_FILE.name]


def test_a_number_is_stored_as_a_keyed_digest_only(engine: Engine, tmp_path: Path) -> None:
    key = practitioner_key(tmp_path)
    assert practitioner_key(tmp_path) == key and (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    listed = tmp_path / "名单.csv"
    listed.write_text(
        f"医师名单,,,\n姓名,主要执业机构,执业证书编码,身份证号\n李云屿,青屿安和门诊部,{NUMBER},X\n,青屿安和门诊部,,\n沈澄,,,\n",
        "utf-8",
    )
    headings = practitioner_headings(load_practitioner_book(LEXICONS).headings)
    with open_registry_file(listed, headings, "姓名") as table:
        rows = list(read_practitioners(table, key))
    good = [row for row in rows if not isinstance(row, BadRow)]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == ["没有姓名", "没有执业机构"]
    import_practitioners(engine, good, "名单", DAY)
    with engine.connect() as connection:
        (stored,) = connection.execute(select(registry_practitioners)).all()
    assert NUMBER not in str(stored) and stored.number_digest == number_digest(f" {NUMBER} ", key)
    assert stored.number_digest != number_digest(NUMBER, KEY)


def test_a_file_without_names_and_an_open_key_are_refused(tmp_path: Path) -> None:
    listed = tmp_path / "名单.csv"
    listed.write_text("机构名称,地址\na,b\n", "utf-8")
    headings = practitioner_headings(load_practitioner_book(LEXICONS).headings)
    with pytest.raises(RegistryFileError, match="至少要有姓名"), open_registry_file(listed, headings, "姓名"):
        pass
    practitioner_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(PractitionerKeyUnusable):
        practitioner_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o600)
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(PractitionerKeyUnusable):
        practitioner_key(tmp_path)
