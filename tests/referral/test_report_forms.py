"""Public report forms: every field within what the page takes, and nothing in it that a person could not have typed."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.report_forms import FILE, FilledField, ReportFormsBroken, fill, form_text, load_report_forms
from tests.referral.leads import LEAD, LEXICONS, RATE, REFERENCE, hostile

FORMS = load_report_forms(LEXICONS / "letters")
FILES = ["附件.txt", "附件.png"]


def values(code: str, filled: tuple[FilledField, ...]) -> dict[str, FilledField]:
    assert [item.field for item in filled] == list(FORMS[code].fields)
    return {item.field.label: item for item in filled}


def test_a_market_report_says_who_where_what_and_by_which_articles() -> None:
    found = values("12315", fill(FORMS["12315"], LEAD, FILES))
    assert found["被举报方名称"].value == "示例门诊部"
    assert found["网址"].value == "http://clinic.example/qlx"
    assert found["发现时间"].value == "2026-11-26 02:00"
    assert found["证据附件"].value == "附件.txt、附件.png"
    said = found["具体线索"].value
    assert (
        "治愈率达98%" in said
        and "无效退款" in said
        and "涉嫌违反《广告法》第十六条第一款第（二）项" in said
        and "尚未经主管部门认定" in said
    )
    assert not any(item.shortened for item in found.values())


def test_what_is_not_known_and_who_reports_are_left_to_a_person() -> None:
    form = FORMS["12315"]
    filled = fill(form, LEAD, FILES)
    assert values("12315", filled)["被举报方地址"].value == ""
    text = form_text(form, LEAD, filled)
    assert "【被举报方地址】（0／200 字）\n（未知，须人工填写或者留空）" in text
    assert "【举报人姓名、电话】（在网页上填写，可匿名；程序不保存）" in text
    assert "张示例" not in text and "李示例" not in text


def test_the_gravest_claims_come_first_and_the_rest_is_counted() -> None:
    light = [
        replace(
            RATE,
            quote=f"轻微之处{place}" * 8,
            title=f"事项{place}",
            severity=1,
            start=100 + place * 50,
            end=140 + place * 50,
        )
        for place in range(30)
    ]
    lead = replace(LEAD, claims=(*light, replace(RATE, start=2000, end=2007)))
    found = values("12377", fill(FORMS["12377"], lead, FILES))["问题描述"]
    assert found.shortened and len(found.value) <= 500
    assert found.value.index("治愈率达98%") < found.value.index("轻微之处0")
    told = found.value.count("涉嫌违反")
    assert f"另有 {31 - told} 项见附件" in found.value


def test_a_matter_is_told_once_with_its_gravest_places() -> None:
    light = [
        replace(RATE, quote=f"另一处{place}", severity=1, start=100 + place * 50, end=104 + place * 50)
        for place in range(5)
    ]
    lead = replace(LEAD, claims=(*light, replace(RATE, start=900, end=907)))
    said = values("12377", fill(FORMS["12377"], lead, FILES))["问题描述"].value
    assert (
        f"1.“另一处0”“另一处1”“治愈率达98%”等 6 处（{RATE.title}，涉嫌违反《广告法》第十六条第一款第（二）项）" in said
    )


def test_a_guide_is_not_said_to_be_offended_against() -> None:
    guided = replace(RATE, articles=(REFERENCE.cite("监管工作指南10"), REFERENCE.cite("医美广告执法指南8(2)")))
    said = values("12377", fill(FORMS["12377"], replace(LEAD, claims=(guided,)), FILES))["问题描述"].value
    assert (
        "参照《医疗广告监管工作指南》第十条；《医疗美容广告执法指南》第八条第（二）项" in said
        and "涉嫌违反" not in said
    )


def test_what_may_be_no_advertisement_is_for_a_person_to_say() -> None:
    form = FORMS["12315"]
    assert "不构成广告" not in form_text(form, LEAD, fill(form, LEAD, []))
    plain = replace(LEAD, is_ad=False, ad_basis=())
    assert "注意：系统判断该页面不构成广告" in form_text(form, plain, fill(form, plain, [])).split("【")[0]


def test_half_an_address_is_never_given() -> None:
    lead = replace(LEAD, url="http://clinic.example/" + "a" * 600)
    assert values("12377", fill(FORMS["12377"], lead, FILES))["具体网址"].value == "网址过长，见附件"


@given(st.text(max_size=1500), st.sampled_from(sorted(FORMS)))
def test_hostile_text_stays_one_line_within_the_limit(text: str, code: str) -> None:
    for item in fill(FORMS[code], hostile(text), [text]):
        assert len(item.value) <= item.field.limit
        assert item.value.isprintable()


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ('label = "甲"\nkey = "nothing"\nlimit = 5', "不存在的项目"),
        ('label = "甲"\nkey = "url"', "limit"),
        ('label = "甲"\nkey = "url"\nlimit = "5"', "limit"),
        ('label = "甲"\nhint = "问"\nlimit = 5', "limit"),
        ('label = "甲"\nkey = "url"\ntext = "乙"\nlimit = 5', "写一项"),
        ('label = "甲"\nkey = "description"\nlimit = 20', "太小"),
        ("limit = 5", "label"),
    ],
)
def test_a_broken_form_is_named(tmp_path: Path, field: str, said: str) -> None:
    head = '[1]\nname = "某平台"\naddress = "report.example"\nnote = "仅举报"\n[[1.fields]]\n'
    (tmp_path / FILE).write_text(head + field, encoding="utf-8")
    with pytest.raises(ReportFormsBroken, match=said):
        load_report_forms(tmp_path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportFormsBroken, match=FILE):
        load_report_forms(tmp_path)
