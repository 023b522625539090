"""What stands in the place of an institution's name without being one."""

import pytest

from domain.institutions import shown_party

CODE = "52110000MJ0000008K"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("示例口腔门诊部", "示例口腔门诊部"),
        ("", ""),
        (CODE, f"统一社会信用代码 {CODE}"),
        (CODE.lower(), f"统一社会信用代码 {CODE}"),
        ("５２１１００００ＭＪ００００００８Ｋ", f"统一社会信用代码 {CODE}"),
        ("52110000-MJ0000008K", f"统一社会信用代码 {CODE}"),
        (f"示例门诊部 {CODE}", f"示例门诊部 {CODE}"),
        ("clinic.example", "网站 clinic.example"),
        ("www.clinic-1.example:8080", "网站 www.clinic-1.example:8080"),
        ("http://clinic.example/", "网站 http://clinic.example/"),
        ("192.0.2.7", "网站 192.0.2.7"),
        ("示例口腔.中国", "网站 示例口腔.中国"),
        ("xn--fiq228c.xn--fiqs8s", "网站 xn--fiq228c.xn--fiqs8s"),
        ("Dr.Wang", "Dr.Wang"),
        ("示例口腔. 总院", "示例口腔. 总院"),
        ("No.1 Clinic", "No.1 Clinic"),
        ("微信公众平台", "微信公众平台"),
        ("a." * 5000, "a." * 5000),
    ],
)
def test_a_code_or_a_host_is_labelled_and_a_name_is_not(name: str, shown: str) -> None:
    assert shown_party(name) == shown
