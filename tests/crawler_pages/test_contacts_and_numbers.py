"""Contacts and registration numbers stand where they say, as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contacts import find_contacts, normal_number
from domain.identifiers import credit_code_holds, find_identifiers, medical_ad_day_holds
from domain.page import Contact, ContactKind, Identifier

CONTACTS = [
    ("mobile", "13900001234"),
    ("mobile", "139-0000-1234"),
    ("mobile", "139 0000 1234"),
    ("mobile", "１３９００００１２３４"),
    ("mobile", "①③⑨⓪⓪⓪⓪①②③④"),
    ("mobile", "1️⃣3️⃣9️⃣0️⃣0️⃣0️⃣0️⃣1️⃣2️⃣3️⃣4️⃣"),
    ("mobile", "一三九零零零零一二三四"),
    ("landline", "000-00001234"),
    ("landline", "010-66660000"),
    ("landline", "(0755) 2666 0000"),
    ("landline", "0755-26660000转801"),
    ("service-line", "400-000-1234"),
    ("service-line", "4000001234"),
    ("service-line", "400-0000-123"),
    ("service-line", "400 - 000 - 1234"),
    ("service-line", "400—000—1234"),
    ("landline", "+86-10-66660000"),
    ("landline", "0086 755 2666 0000"),
]
LABELLED = [
    ("wechat", "微信号：", "demo_wechat1"),
    ("wechat", "加V ", "demo_wechat1"),
    ("wechat", "VX：", "demo_wechat1"),
    ("wechat", "薇信", "demo_wechat1"),
    ("wechat", "WeChat ID: ", "demo-wechat1"),
    ("wechat", "官方微信 WeChat：", "demo_wechat1"),
    ("wechat", "微信号\n", "demo_wechat1"),
    ("wechat", "WECHAT: ", "demo_wechat1"),
    ("wechat", "WEIXIN：", "demo_wechat1"),
    ("landline", "+86-", "0755-26660000"),
    ("landline", "86-", "0755-26660000"),
    ("service-line", "+86 ", "400-820-0000"),
    ("qq", "QQ：", "100001234"),
    ("qq", "咨询QQ ", "100001234"),
    ("address", "医院地址：", "青榆市柳泉区示例路8号"),
    ("address", "地址：", "示例省 青榆市 柳泉区 示例路8号"),
    ("address", "地址：", "青榆市柳泉区示例路 100 号 2栋 301 室"),
]
NOT_CONTACTS = [
    "2019年5月20日 12345678901",
    "编号201905201234567890",
    "3.13900001234",
    "139000012345",
    "http://news.demo.example/2010-10-21/083518264402s.shtml",
    "/a/13900001234.html",
    "10-66660000",
    "微信公众号“云埔医院”",
    "地址：www.demo.example",
    "统计数据 1 3 5 7 9 11 13 15 17 19 21",
    "QQ群里的人",
    "一三九零零",
    "2019-0755-26660000",
    "186-0755-26660000",
    "官方微信 WeChat",
    "微博\n微信\nEnglish",
    "微信公众号\nDepartments",
    "198\n1980\n2980",
    "洗牙 198 1980 2980 元",
    "洗牙198 1980 2980元",
    "账号 0228 0000 1234 5678",
    "卡号 622848 0010 8088 8888",
]
#: What stands behind an address and a blank without being a part of it.
BEHIND_ADDRESS = [
    " 电话：000-00001234",
    " 市场部电话：",
    " 网址：www.demo.example",
    " 咨询热线",
    " 2019年建",
    " 100000",
]
NUMBERS = [
    ("medical-ad", "（京）医广【2016】第07-01-0355号", True),
    ("medical-ad", "(京) 医广【2018】第12-05-0977号", True),
    ("medical-ad", "（成青） 医广【2019】第03-12-510105020号", True),
    ("medical-ad", "（呼市）医广【2017】第01—03—02号", True),
    ("medical-ad", "（渝）医广[2015]（网络）第189号", None),
    ("medical-ad", "济医广〔2022〕第1234号", None),
    ("medical-ad", "鲁中医广字【2013】第0902-001-3711号", True),
    ("medical-ad", "（粤B）医广【2019】第05-12-0123号", True),
    ("medical-ad", "粤（B）医广【2019】第05-12-0123号", True),
    ("medical-ad", "粤B医广【2019】第05-12-0123号", True),
    ("medical-ad", "鄂（武）医广【2019】第05-12-0123号", True),
    ("medical-ad", "（浙）（杭）医广【2018】第88-88-088号", False),
    ("medical-ad", "（沪）医广【2020】第0230123号", False),
    ("product-ad", "豫械广审(文)第261112-17214号", True),
    ("product-ad", "豫械广审(文)第261312-17214号", False),
    ("product-ad", "苏医械广审(文)第2012120208号", True),
    ("licence", "PDY00066X31010412A1002", None),
    ("credit-code", "914403001922038216", True),
    ("credit-code", "9144030071526726XG", True),
    ("icp", "京ICP备16017287号-1", None),
    ("icp", "京ICP证030173号", None),
    ("icp", "蜀ICP备12000001号-1", None),
    ("icp", "黔ICP备12000001号", None),
    ("icp", "滇ICP备2021000001号-2", None),
    ("icp", "陇ICP备12000001号", None),
    ("psb", "滇公网安备 53010202000001号", None),
    ("psb", "川公网安备 51010502010725号", None),
    ("psb", "川公网安备 99010502010725号", False),
]
FILLING = st.text(st.sampled_from("门诊 咨询，。\n电话热线名医a；"), max_size=12)


@given(FILLING, st.sampled_from(CONTACTS), FILLING)
def test_contact_stands_as_written(before: str, contact: tuple[str, str], after: str) -> None:
    kind, value = contact
    text = f"{before} {value} {after}"
    found = find_contacts(text)
    assert (kind, value) in [(str(each.kind), each.value) for each in found]
    assert all(text[each.start : each.end] == each.value for each in found)


@pytest.mark.parametrize(("kind", "label", "value"), LABELLED)
def test_labelled_contact(kind: str, label: str, value: str) -> None:
    text = f"请记住。{label}{value}，谢谢"
    (found,) = find_contacts(text)
    assert (str(found.kind), found.value, text[found.start : found.end]) == (kind, value, value)


@pytest.mark.parametrize("text", NOT_CONTACTS)
def test_no_contact(text: str) -> None:
    assert find_contacts(text) == ()


@pytest.mark.parametrize("behind", BEHIND_ADDRESS)
def test_address_ends_before_what_is_none(behind: str) -> None:
    addresses = [each.value for each in find_contacts(f"地址：青榆市柳泉区示例路8号{behind}") if each.kind == "address"]
    assert addresses == ["青榆市柳泉区示例路8号"]


def test_address_is_the_same_with_blanks() -> None:
    found = find_contacts("地址：青榆市 柳泉区 示例路 8 号\n地址：青榆市柳泉区示例路8号")
    assert {normal_number(contact) for contact in found} == {"青榆市柳泉区示例路8号"}


def test_one_number_in_several_spellings_is_one() -> None:
    found = find_contacts("13900001234；139-0000-1234；１３９００００１２３４；一三九零零零零一二三四")
    assert {normal_number(contact) for contact in found} == {"13900001234"}


def test_a_mobile_that_is_a_wechat_account_too() -> None:
    kinds = [contact.kind for contact in find_contacts("电话13900001234（微信同号）")]
    assert kinds == [ContactKind.MOBILE, ContactKind.WECHAT]
    kinds = [contact.kind for contact in find_contacts("手机/微信：13900001234（微信同号）")]
    assert kinds == [ContactKind.WECHAT, ContactKind.MOBILE]


@given(FILLING, st.sampled_from(NUMBERS), FILLING)
def test_number_stands_as_written(before: str, number: tuple[str, str, bool | None], after: str) -> None:
    text = f"{before}。{number[1]}。{after}"
    found = find_identifiers(text)
    assert number in [(each.kind, each.value, each.valid) for each in found]
    assert all(text[each.start : each.end] == each.value for each in found)


def test_a_wrong_check_character_is_told_only_behind_its_label() -> None:
    assert find_identifiers("914403001922038217") == ()
    (found,) = find_identifiers("统一社会信用代码：914403001922038217")
    assert (found.kind, found.valid) == ("credit-code", False)


def test_a_twelve_digit_licence_needs_its_label() -> None:
    assert find_identifiers("单号 310104000111") == ()
    assert [each.value for each in find_identifiers("执业许可证号：310104000111")] == ["310104000111"]


def test_a_citizen_number_is_never_taken_for_a_company() -> None:
    assert find_identifiers("身份证 110101199003070004") == ()
    assert all(find_identifiers(f"11010119900307{tail:04d}") == () for tail in range(200))


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_every_single_change_of_a_credit_code_is_noticed(place: int, character: str) -> None:
    code = "91330100799655058B"
    changed = code[:place] + character + code[place + 1 :]
    assert credit_code_holds(changed) == (changed == code)


def test_days_inside_certificate_numbers() -> None:
    assert medical_ad_day_holds("（京）医广【2016】第02-29-0355号") is True
    assert medical_ad_day_holds("（京）医广【2017】第02-29-0355号") is False
    assert medical_ad_day_holds("（京）医广【2017】第189号") is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_harm(text: str) -> None:
    every: list[Contact | Identifier] = [*find_contacts(text), *find_identifiers(text)]
    for found in every:
        assert text[found.start : found.end] == found.value
