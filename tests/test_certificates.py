"""Certificates: every shape that the law handbook knows parses, and no change of a number ever makes it valid."""

import random
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.certificates import (
    CertificateContext,
    CertificateRecord,
    Verdict,
    judge_certificate,
    parse_certificate,
)
from domain.identifiers import find_identifiers
from domain.licence_numbers import parse_credit_code, parse_licence

SHAPES = {
    "（京）医广【2016】第07-01-0355号": (("京",), False, "", date(2016, 7, 1), date(2017, 7, 1)),
    "(京) 医广【2018】第12-05-0977号": (("京",), False, "", date(2018, 12, 5), date(2019, 12, 5)),
    "（成青） 医广【2019】第03-12-510105020号": (("成青",), False, "", date(2019, 3, 12), date(2020, 3, 12)),
    "(呼市)医广【2017】第01-03-02号": (("呼市",), False, "", date(2017, 1, 3), date(2018, 1, 3)),
    "（渝）医广[2015]（网络）第189号": (("渝",), False, "网络", None, date(2016, 12, 31)),
    "济医广〔2022〕第0123号": (("济",), False, "", None, date(2023, 12, 31)),
    "鲁医广【2013】第0902-001-3711号": (("鲁",), False, "", date(2013, 9, 2), date(2014, 9, 2)),
    "鲁中医广字【2013】第0902-001-3711号": (("鲁",), True, "", date(2013, 9, 2), date(2014, 9, 2)),
    "（苏）中医广[2024]第0229001号": (("苏",), True, "", date(2024, 2, 29), date(2025, 2, 28)),
    "（京）医广〔2016年〕第07—01—0355号": (("京",), False, "", date(2016, 7, 1), date(2017, 7, 1)),
    "（京）医广【２０１６】第０７－０１－０３５５号": (("京",), False, "", date(2016, 7, 1), date(2017, 7, 1)),
}
NUMBERS = (*SHAPES, "豫械广审(文)第261112-17214号", "苏医械广审(文)第2012120208号")
DAY = date(2026, 11, 25)
NAME = "青屿安和门诊部"


@pytest.mark.parametrize(("number", "fields"), SHAPES.items())
def test_a_shape_parses_to_its_fields(number: str, fields: tuple[object, ...]) -> None:
    certificate = parse_certificate(number)
    assert certificate is not None
    read = (certificate.prefixes, certificate.tcm, certificate.media, certificate.approved_on, certificate.expires_on)
    assert (read, certificate.flaws) == (fields, ())


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_found_in_a_text_parses(number: str) -> None:
    (found,) = [item for item in find_identifiers(f"本院文号：{number}，欢迎") if item.kind.endswith("-ad")]
    read, printed = parse_certificate(found.value), parse_certificate(number)
    assert read is not None and printed is not None and read.key == printed.key


def test_product_advertisements() -> None:
    new, old = parse_certificate(NUMBERS[-2]), parse_certificate(NUMBERS[-1])
    assert new is not None and (new.kind, new.product, new.media, new.expires_on) == (
        "product-ad", "械", "文", date(2026, 11, 12),
    )  # fmt: skip
    assert old is not None and (old.product, old.approved_on, old.expires_on) == (
        "医械", date(2012, 12, 1), date(2013, 12, 31),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("（浙）（杭）医广【2018】第88-88-088号", "88-88"),
        ("（苏）中医广【2026】第02-31-066号", "02-31"),
        ("（京）医广【2025】第02-29-001号", "02-29"),
        ("（京）医广【2026】第12-01-001号", "晚于取证日"),
        ("（京）医广【2031】第12号", "晚于取证日"),
        ("（京）医广【2026】第000号", "没有序号"),
        ("豫械广审(文)第261312-17214号", "261312"),
        ("苏医械广审(文)第2012990208号", "201299"),
        ("苏医械广审(文)第9999120208号", "999912"),
        ("沪医广审字66666666", "格式"),
        ("", "格式"),
    ],
)
def test_what_cannot_be_is_malformed(number: str, reason: str) -> None:
    judged = judge_certificate(number, CertificateContext(DAY), None)
    assert judged.verdict is Verdict.MALFORMED and reason in judged.reasons[0]


NUMBER = "（京）医广【2026】第07-01-0355号"
RECORD = CertificateRecord(
    "(京)医广[2026]第07-01-0355号", NAME, ("网络",), date(2026, 7, 1), date(2027, 6, 30), "公示", DAY
)


def context(captured_on: date = DAY, **known: object) -> CertificateContext:
    return CertificateContext(captured_on, names=(NAME,), region_code="110105", **known)  # type: ignore[arg-type]


def test_only_a_record_makes_valid() -> None:
    assert judge_certificate(NUMBER, context(), RECORD).verdict is Verdict.VALID
    assert judge_certificate(NUMBER, context()).verdict is Verdict.CANNOT_VERIFY
    assert judge_certificate(NUMBER, context(register_complete=True)).verdict is Verdict.NOT_FOUND
    assert judge_certificate(NUMBER, CertificateContext(DAY), RECORD).verdict is Verdict.CANNOT_VERIFY


def test_a_record_of_another_number_is_refused() -> None:
    with pytest.raises(ValueError, match="another"):
        judge_certificate("（京）医广【2026】第07-02-0355号", context(), RECORD)


def test_holder_media_and_days_against_the_record() -> None:
    other = CertificateRecord(NUMBER, "临浦明和医院", ("网络",), None, date(2027, 6, 30))
    paper = CertificateRecord(NUMBER, NAME, ("报纸", "户外"), None, date(2027, 6, 30))
    assert "临浦明和医院" in judge_certificate(NUMBER, context(), other).reasons[0]
    assert "不含网络" in judge_certificate(NUMBER, context(), paper).reasons[0]
    assert judge_certificate(NUMBER, context(date(2027, 7, 1)), RECORD).verdict is Verdict.EXPIRED
    assert judge_certificate(NUMBER, context(date(2027, 6, 30)), RECORD).verdict is Verdict.VALID


def test_expiry_on_the_day_of_capture_and_on_the_day_of_publication_are_kept_apart() -> None:
    old = "（京）医广【2016】第07-01-0355号"
    then, late = context(published_on=date(2017, 1, 5)), context(published_on=date(2018, 1, 5))
    assert judge_certificate(old, then).expired_when_published is False
    assert judge_certificate(old, late).expired_when_published is True
    judged = judge_certificate(old, context())
    assert (judged.verdict, judged.expired_when_published) == (Verdict.EXPIRED, None)
    assert "监管工作指南5" in judged.mild


def test_region_and_kind_of_institution_are_hints_only() -> None:
    elsewhere = CertificateContext(DAY, names=(NAME,), region_code="330106", tcm_institution=True)
    judged = judge_certificate(NUMBER, elsewhere, RECORD)
    assert judged.verdict is Verdict.VALID
    assert len(judged.hints) == 2 and "“京”" in judged.hints[0] and "“中”" in judged.hints[1]


def _significant(number: str) -> str:
    """What tells one certificate from another, told without the parser: everything but brackets, spaces and 字年第号."""
    return re.sub(r"[\s\[\]()（）【】〔〕字年第号]", "", number.replace("—", "-").replace("–", "-"))


def _mutated(number: str, chance: random.Random) -> str:
    letters = list(number)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(letters)) if letters else 0
        match chance.randrange(4):
            case 0:
                letters[place : place + 1] = [chance.choice("0123456789京沪鲁中医广械药审-—（）【】第号Xx年\0\ud800 ")]
            case 1:
                letters.insert(place, chance.choice("0123456789京沪鲁中医广审-（）【】[]第号Xx "))
            case 2:
                del letters[place : place + 1]
            case _:
                letters[place : place + 2] = reversed(letters[place : place + 2])
    return "".join(letters)


def test_ten_thousand_mutations_never_turn_into_valid() -> None:
    chance = random.Random(20261125)
    of_record = parse_certificate(RECORD.number)
    assert of_record is not None
    verdicts = set()
    for _ in range(10_000):
        changed = _mutated(NUMBER, chance)
        if _significant(changed) == _significant(NUMBER):
            continue
        read = parse_certificate(changed)
        record = RECORD if read is not None and read.key == of_record.key else None
        verdict = judge_certificate(changed, context(), record).verdict
        assert verdict is not Verdict.VALID, changed
        verdicts.add(verdict)
    assert {Verdict.MALFORMED, Verdict.CANNOT_VERIFY, Verdict.EXPIRED} <= verdicts


@settings(deadline=None)
@given(st.text(max_size=40), st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_any_text_gets_a_verdict(text: str, day: date) -> None:
    verdict = judge_certificate(text, CertificateContext(day)).verdict
    assert verdict is not Verdict.VALID


@given(
    st.sampled_from("京沪鲁浙川"),
    st.booleans(),
    st.dates(date(2007, 1, 1), date(2026, 11, 1)),
    st.integers(1, 9999),
)
def test_a_number_built_from_its_fields_reads_back(province: str, tcm: bool, day: date, serial: int) -> None:
    number = f"（{province}）{'中' if tcm else ''}医广【{day.year}】第{day:%m-%d}-{serial:04}号"
    certificate = parse_certificate(number)
    assert certificate is not None
    read = (certificate.prefixes, certificate.tcm, certificate.approved_on, certificate.serial)
    assert read == ((province,), tcm, day, f"{day:%m-%d}-{serial:04}")


def test_licences() -> None:
    number = parse_licence("PDY00066X31010412A1002")
    assert number is not None
    assert (number.region_code, number.class_code, number.profit) == ("310104", "A100", True)
    old = parse_licence("310104000112")
    assert old is not None and old.profit is None
    assert parse_licence("PDY00066X31010412A1003") is None


def test_credit_codes() -> None:
    for code in ("914403001922038216", "9144030071526726XG", "91330100799655058B"):
        read = parse_credit_code(code)
        assert read is not None and read.holds and read.sector == "company"
        wrong = parse_credit_code(code[:-1] + ("1" if code[-1] != "1" else "2"))
        assert wrong is not None and not wrong.holds
    assert parse_credit_code("91440300192203821") is None
