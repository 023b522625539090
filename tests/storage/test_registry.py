"""The registry: messy lists in, institutions out; twice is once; found by whatever a page shows."""

import random
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine, func, select

from domain.identifiers import find_identifiers
from domain.institutions import RegisteredInstitution
from domain.subjects import SubjectBook
from storage.operators.registry import SqlRegistry
from storage.operators.registry_file import RegistryFileError, open_registry_file
from storage.operators.registry_import import import_institutions, remember_headings, remembered_headings
from storage.operators.registry_rows import BadRow, RowReader, load_headings
from storage.tables import registry_institutions, registry_keys
from tests.storage.samples import PRINTED, REGISTERED
from yiguang.lexicon_books import load_subjects

LEXICONS = Path(__file__).parents[2] / "lexicons"
DAY = date(2026, 11, 1)
LATER = date(2026, 12, 1)
#: Codes whose check character holds, of regions that the invented institutions are not in.
COMPANY, PUBLIC = "914403001922038216", "12100000000000000T"
LIST = """\
某市医疗机构名录（截至2026年11月）
序号,机构名称（全称）,统一社会信用代码,医疗机构登记号,经营性质,所在区,诊疗科目,官方网站,微信公众号,医联体牵头单位,医疗广告审查证明文号,媒体类别,有效期至,奇怪的列
1,青屿安和门诊部,914403001922038216,PDY00066X31010412A1002,营利性,青屿区,内科、中医科；口腔科,https://www.anhe.example/,青屿安和,,（京）医广【2026】第07-01-0355号,网络,2027年6月30日,x
2,青屿区人民医院,,,公立,青屿区,内科/外科/妇产科,,,北京协和医院,,,,
3,,,,公立,青屿区,内科,,,,,,,
4,临浦明和诊所,914403001922038217,,民营,临浦县,内科,,,,,,,
5,临浦惠民诊所,9.14E+17,,民营,临浦县,内科,,,,,,,
6,临浦康健诊所,,,非营利性,临浦县,内科,,,,医广某号,,,
"""


@pytest.fixture(scope="module")
def subjects() -> SubjectBook:
    return load_subjects(LEXICONS)


def read(path: Path, subjects: SubjectBook, day: date = DAY) -> tuple[list[RegisteredInstitution], list[BadRow]]:
    headings, public, private = load_headings(LEXICONS)
    reader = RowReader(subjects, public, private, "市卫健委", day)
    with open_registry_file(path, headings) as table:
        rows = list(reader.read_all(table))
    return [row for row in rows if not isinstance(row, BadRow)], [row for row in rows if isinstance(row, BadRow)]


@pytest.fixture(params=["utf-8", "utf-8-sig", "gb18030", "xlsx"])
def messy_list(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param != "xlsx":
        path = tmp_path / "名录.csv"
        path.write_bytes(LIST.encode(request.param))
        return path
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in LIST.splitlines():
        sheet.append(line.split(","))
    sheet["M3"] = date(2027, 6, 30)
    book.save(tmp_path / "名录.xlsx")
    return tmp_path / "名录.xlsx"


def test_a_messy_list_is_read_in_every_form(messy_list: Path, subjects: SubjectBook) -> None:
    good, bad = read(messy_list, subjects)
    assert [institution.name for institution in good] == ["青屿安和门诊部", "青屿区人民医院"]
    clinic, hospital = good
    assert (clinic.credit_code, clinic.public, hospital.public) == (COMPANY, False, True)
    assert clinic.domains == ("anhe.example",) and clinic.accounts == ("青屿安和",)
    assert clinic.subjects == ("03", "50", "12") and clinic.certificates[0].valid_until == date(2027, 6, 30)
    assert hospital.affiliated_with == ("北京协和医院",)
    reasons = [row.reason for row in bad]
    assert [row.number for row in bad] == [5, 6, 7, 8]
    for reason, word in zip(reasons, ("没有机构名称", "信用代码有误", "科学计数", "审查证明文号"), strict=True):
        assert word in reason


def test_unknown_headings_are_listed_and_can_be_remembered(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("单位全名,区县,奇怪的列\n青屿安和门诊部,青屿区,1\n", "utf-8")
    headings, _, _ = load_headings(LEXICONS)
    with pytest.raises(RegistryFileError, match="表头"), open_registry_file(path, headings):
        pass
    remember_headings(engine, {"单位全名": "name"})
    remember_headings(engine, {"单位全名": "name"})
    with open_registry_file(path, headings | remembered_headings(engine)) as table:
        assert (table.unknown, list(table.rows)) == (("奇怪的列",), [(2, ["青屿安和门诊部", "青屿区", "1"])])


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    headings, _, _ = load_headings(LEXICONS)
    for name, content in {
        "a.xlsx": b"no zip",
        "b.csv": b"\x00\x01",
        "c.csv": b"",
        "d.xlsx": b"PK\x05\x06" + bytes(18),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RegistryFileError), open_registry_file(tmp_path / name, headings):
            pass


def test_a_list_with_a_quotation_mark_left_open_is_refused(tmp_path: Path) -> None:
    headings, _, _ = load_headings(LEXICONS)
    path = tmp_path / "a.csv"
    path.write_text('机构名称,地址\n甲诊所,"甲路\n乙诊所,乙路\n', encoding="utf-8")
    with (
        pytest.raises(RegistryFileError, match="引号没有闭合"),
        open_registry_file(path, headings) as table,
    ):
        list(table.rows)
    path.write_text('机构名称,地址\n甲诊所,"甲路"\n乙诊所,"乙\n路"', encoding="utf-8")
    with open_registry_file(path, headings) as table:
        assert list(table.rows) == [(2, ["甲诊所", "甲路"]), (4, ["乙诊所", "乙\n路"])]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b'\xe7\x94\xb2,"' + b"b" * 200_000, "第 3 行起不能按 CSV 读取：一格的内容过长"),
        (b"\xff\xff,a\n", "其后有读不懂的字符"),
    ],
)
def test_what_is_no_csv_is_told_with_its_line_and_without_the_words_of_the_reader(
    tmp_path: Path, rows: bytes, said: str
) -> None:
    headings, _, _ = load_headings(LEXICONS)
    path = tmp_path / "a.csv"
    encoding = "gb18030" if rows.startswith(b"\xff") else "utf-8"
    path.write_bytes("机构名称,地址\n甲诊所,甲路\n".encode(encoding) + rows)
    with pytest.raises(RegistryFileError, match=said) as fault, open_registry_file(path, headings) as table:
        list(table.rows)
    assert "field" not in str(fault.value) and "codec" not in str(fault.value)


@pytest.mark.parametrize("cut", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_workbook_that_is_damaged_within_is_refused(tmp_path: Path, cut: str) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in LIST.splitlines():
        sheet.append(line.split(","))
    book.save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(tmp_path / "cut.xlsx", "w") as damaged:
        for name in whole.namelist():
            data = whole.read(name)
            damaged.writestr(name, data[:-60] if name == cut else data)
    headings, _, _ = load_headings(LEXICONS)
    with pytest.raises(RegistryFileError), open_registry_file(tmp_path / "cut.xlsx", headings) as table:
        list(table.rows)


def test_importing_twice_changes_nothing_and_a_newer_list_shows_its_difference(
    engine: Engine, messy_list: Path, subjects: SubjectBook
) -> None:
    rows, _ = read(messy_list, subjects)
    first = import_institutions(engine, rows, "市卫健委", DAY)
    assert (first.new, first.changed, first.unchanged) == (2, 0, 0)
    again = import_institutions(engine, rows, "市卫健委", DAY)
    assert (again.new, again.changed, again.unchanged, again.absent) == (0, 0, 2, 0)
    newer, _ = read(messy_list, subjects, LATER)
    clinic = newer[0]
    renamed = RegisteredInstitution(
        name="青屿安和综合门诊部",
        source=clinic.source,
        as_of=clinic.as_of,
        credit_code=clinic.credit_code,
        licence=clinic.licence,
        subjects=("03",),
        domains=("anhe-new.example",),
    )
    third = import_institutions(engine, [renamed], "市卫健委", LATER)
    assert (third.new, third.changed, third.unchanged, third.absent) == (0, 1, 0, 1)
    shown = {change.field: (change.before, change.after) for change in third.changes}
    assert shown["name"] == ("青屿安和门诊部", "青屿安和综合门诊部")
    assert shown["domains"] == ("anhe.example", "anhe-new.example")
    assert SqlRegistry(engine).find(hosts=["anhe.example"]) == ()
    old = import_institutions(engine, rows, "市卫健委", DAY)
    assert (old.older, old.unchanged) == (1, 1)


def test_an_institution_is_found_by_everything_a_page_may_show(
    engine: Engine, messy_list: Path, subjects: SubjectBook
) -> None:
    rows, _ = read(messy_list, subjects)
    import_institutions(engine, rows, "市卫健委", DAY)
    registry = SqlRegistry(engine)
    clinic = rows[0]
    assert registry.find(names=["青屿 安和门诊部"]) == (clinic,)
    assert registry.find(credit_codes=[COMPANY.lower()]) == (clinic,)
    assert registry.find(licences=["PDY00066X31010412A1002"]) == (clinic,)
    assert registry.find(hosts=["m.anhe.example"]) == (clinic,)
    assert registry.find(accounts=["青屿安和"]) == (clinic,)
    assert registry.find(names=["青屿安和门诊部"], hosts=["anhe.example"], credit_codes=[COMPANY]) == (clinic,)
    assert registry.find(names=["没有的医院"], hosts=["example"]) == ()
    assert registry.find() == ()
    record = registry.certificate("(京)医广[2026]第07-01-0355号")
    assert record is not None and (record.holder, record.media) == ("青屿安和门诊部", ("网络",))
    assert registry.certificate("(京)医广[2026]第07-01-0356号") is None


@pytest.mark.parametrize("printed", PRINTED)
def test_a_number_is_found_however_a_page_prints_it(engine: Engine, printed: str) -> None:
    import_institutions(engine, [REGISTERED], "样例", DAY)
    (number,) = find_identifiers(printed)
    registry = SqlRegistry(engine)
    found = registry.find(**{"credit_codes" if number.kind == "credit-code" else "licences": [number.value]})
    assert found == registry.of_page("http://a.example/", "", [(number.kind, number.value)]) == (REGISTERED,)


def test_numbers_with_blanks_and_small_letters_are_found(engine: Engine) -> None:
    import_institutions(engine, [REGISTERED], "样例", DAY)
    registry = SqlRegistry(engine)
    assert registry.find(credit_codes=["9144 0300 1922 0382 16"]) == (REGISTERED,)
    assert registry.find(licences=["pdy90001x-310104 12d2152"]) == (REGISTERED,)


def test_numbers_of_lists_are_kept_as_they_are_looked_for(
    subjects: SubjectBook, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "名录.csv"
    wide = "ＰＤＹ９０００１Ｘ－３１０１０４１２Ｄ２１５２"
    path.write_text(f"机构名称,登记号\n青屿安和门诊部,{wide}\n临浦惠民诊所,临卫诊备 A-12\n", "utf-8")
    rows, bad = read(path, subjects)
    assert ([row.licence for row in rows], bad) == (["PDY90001X31010412D2152", "临卫诊备A-12"], [])
    import_institutions(engine, rows, "市卫健委", DAY)
    assert SqlRegistry(engine).find(licences=["临卫诊备Ａ－１２", "临卫诊备 A12"]) == (rows[1],)


def test_two_sources_stand_side_by_side(engine: Engine) -> None:
    for source, public in (("甲", True), ("乙", None)):
        institution = RegisteredInstitution("青屿安和门诊部", source, DAY, public=public, credit_code=COMPANY)
        import_institutions(engine, [institution], source, DAY)
    assert [item.public for item in SqlRegistry(engine).find(credit_codes=[COMPANY])] == [True, None]
    assert {("甲", DAY, 1), ("乙", DAY, 1)} <= set(SqlRegistry(engine).sources())


def many(count: int, chance: random.Random) -> Iterator[RegisteredInstitution]:
    for number in range(count):
        yield RegisteredInstitution(
            f"青屿第{number}门诊部",
            "大名录",
            DAY,
            licence=f"PDY{number:06}31010412A1002",
            aliases=(f"别名{number}",) if chance.random() < 0.2 else (),
            subjects=("03", "12"),
            address="青屿区某路",
        )


def test_batches_do_not_lose_or_double_rows(engine: Engine) -> None:
    seen: list[int] = []
    counts = import_institutions(
        engine, many(4500, random.Random(1)), "大名录", DAY, lambda so_far: seen.append(so_far.new)
    )
    assert (counts.new, seen) == (4500, [2000, 4000, 4500])
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(registry_institutions)) == 4500
        aliases = connection.scalar(select(func.count()).select_from(registry_keys)) or 0
    assert aliases == sum(len(row.aliases) for row in many(4500, random.Random(1)))


def test_subjects_are_read_by_their_everyday_names(subjects: SubjectBook) -> None:
    assert len(subjects.names) == 182
    assert subjects.read_list("内科；心内科、妇产科 整形科") == (("03", "03.04", "05", "04.08"), ())
    assert subjects.read_list("内科（呼吸内科专业；心血管内科专业）") == (("03", "03.01", "03.04"), ())
    assert subjects.read_list("内科,看相科") == (("03",), ("看相科",))
    assert subjects.covers(("03",), "03.04") and not subjects.covers(("03.04",), "03")
