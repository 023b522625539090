"""Signs of owners: taken in by source, taken in again, listed, forgotten; a page's likeness is stored with it."""

from dataclasses import replace
from datetime import date

from sqlalchemy import Engine

from domain.site_logos import OfficialLogo
from storage.operators.logos import LogoCounts, forget_logos, import_logos, official_logos

DAY, LATER = date(2026, 11, 1), date(2026, 12, 1)
ONE = OfficialLogo("青屿中心医院", "a" * 64, ("bWFyaw==",), "官网", DAY)
TWO = OfficialLogo("临浦县医院", "b" * 64, ("bWFyaw==", "bWFyaw=="), "官网", DAY)


def test_a_source_has_what_its_last_folder_had(engine: Engine) -> None:
    assert import_logos(engine, [ONE, TWO, ONE], "官网") == LogoCounts(2, 0, 0)
    assert import_logos(engine, [ONE, TWO], "官网") == LogoCounts(0, 2, 0)
    other = replace(ONE, source="存档")
    assert import_logos(engine, [other], "存档") == LogoCounts(1, 0, 0)
    later = replace(ONE, as_of=LATER)
    assert import_logos(engine, [later], "官网") == LogoCounts(0, 1, 1)
    assert set(official_logos(engine)) == {later, other}
    assert import_logos(engine, [], "官网") == LogoCounts(0, 0, 0)
    assert forget_logos(engine, "官网") == 1 and official_logos(engine) == (other,)
    assert forget_logos(engine, "官网") == 0


def test_the_signs_of_an_owner_whose_file_could_not_be_read_stay(engine: Engine) -> None:
    import_logos(engine, [ONE, TWO], "官网")
    newer = replace(ONE, sha256="c" * 64)
    assert import_logos(engine, [newer], "官网", {TWO.owner}) == LogoCounts(1, 0, 1)
    assert set(official_logos(engine)) == {newer, TWO}
    assert import_logos(engine, [TWO], "官网", {TWO.owner}) == LogoCounts(0, 1, 1)
    assert official_logos(engine) == (TWO,)
