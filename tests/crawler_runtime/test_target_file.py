"""Targets files as people make them."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses.target_file import COLUMNS, TargetFileError, parse_targets, read_targets_csv
from domain.targets import RenderMode, Target, TargetKind

ENGLISH = "name,url,kind,max_pages,delay_seconds\n示例门诊,http://a.example/,site,20,1.5\n"


def read(tmp_path: Path, raw: bytes) -> tuple[list[Target], list[tuple[int, str]], tuple[str, ...]]:
    path = tmp_path / "targets.csv"
    path.write_bytes(raw)
    table = read_targets_csv(path)
    targets, bad = parse_targets(table.rows)
    return targets, [(row.line, row.reason) for row in bad], table.unknown_columns


def test_columns_are_the_fields_of_a_target() -> None:
    assert list(COLUMNS) and set(COLUMNS) == {field.name for field in fields(Target)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str, line_end: str) -> None:
    raw = ENGLISH.replace(",", delimiter).replace("\n", line_end).encode(encoding)
    targets, bad, unknown = read(tmp_path, raw)
    assert targets == [Target("示例门诊", "http://a.example/", max_pages=20, delay_seconds=1.5)]
    assert (bad, unknown) == ([], ())


def test_chinese_headers_and_values(tmp_path: Path) -> None:
    text = "名称,网址,类型,渲染,最多页数,本地,备注,颜色\n示例,http://10.0.0.1/,公众号,总是,２０,是,内网,红\n"
    targets, bad, unknown = read(tmp_path, text.encode("gb18030"))
    assert bad == []
    assert targets == [
        Target(
            "示例",
            "http://10.0.0.1/",
            TargetKind.WECHAT,
            render=RenderMode.ALWAYS,
            max_pages=20,
            local=True,
            note="内网",
        )
    ]
    assert unknown == ("颜色",)


def test_days_between_visits(tmp_path: Path) -> None:
    targets, bad, _ = read(tmp_path, "名称,网址,每几天\n甲,http://a.example/,7\n乙,http://b.example/,\n".encode())
    assert ([target.every_days for target in targets], bad) == ([7, 1], [])


def test_quotes_empty_lines_and_line_numbers(tmp_path: Path) -> None:
    text = 'name,url,note\n\n"甲,门诊",http://a.example/,"两行\n备注"\n,,\n乙,ftp://b.example/,\n'
    targets, bad, _ = read(tmp_path, text.encode())
    assert [(target.name, target.note) for target in targets] == [("甲,门诊", "两行\n备注")]
    assert bad == [(6, "不访问 ftp 协议的网址")]


def test_cells_beyond_the_header_go_to_the_note(tmp_path: Path) -> None:
    targets, bad, _ = read(tmp_path, "name,url,note\n甲,http://a.example/,先看,再说\n".encode())
    assert (targets[0].note, bad) == ("先看 再说", [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"url": ""}, "缺少网址"),
        ({"name": " "}, "缺少名称"),
        ({"url": "a.example"}, "网址须以 http:// 或 https:// 开头，而不是“a.example”"),
        ({"url": "http://a.example/ b"}, "网址中有空白字符（也可能看不见）"),
        ({"url": "http://a.example/\u200b"}, "网址中有空白字符（也可能看不见）"),
        ({"url": "http://u:p@a.example/"}, "网址含有用户名或密码"),
        ({"url": "http://127.0.0.1/"}, "拒绝访问非公网地址 127.0.0.1；确属内网目标时请把 local（本地）列填为“是”"),
        (
            {"kind": "blog"},
            "kind 不能是“blog”，只能是 site（网站）、wechat（公众号）、feed（订阅）、album（合集）、list（列表）",
        ),
        ({"max_pages": "many"}, "max_pages 不是数字：many"),
        ({"max_pages": "0"}, "max_pages 须在 1 到 100000 之间：0"),
        ({"max_pages": "2.5"}, "max_pages 须是整数：2.5"),
        ({"every_days": "0"}, "every_days 须在 1 到 365 之间：0"),
        ({"max_pages": "nan"}, "max_pages 须在 1 到 100000 之间：nan"),
        ({"max_pages": 3, "min_pages": 5}, "min_pages（5）大于 max_pages（3）"),
        ({"local": "也许"}, "local 不能是“也许”，只能是 是 或 否"),
        ({"max_pages": "9" * 5000}, f"max_pages 须在 1 到 100000 之间：{'9' * 5000}"),
        ({"url": "http://a..example/"}, "网址的主机名无效：a..example"),
        ({"url": f"http://{'a' * 64}.example/"}, f"网址的主机名无效：{'a' * 64}.example"),
        ({"url": f"http://{'甲' * 64}.example/"}, f"网址的主机名无效：{'甲' * 64}.example"),
        ({"url": "http://./"}, "网址缺少主机名"),
        ({"url": "http://a.example:99999999999/"}, "网址无法解析：http://a.example:99999999999/"),
        ({"note": "a\x00b"}, "note 中有不能存储的字符（NUL 或不成对的代理字符）"),
        ({"name": "甲\ud800"}, "name 中有不能存储的字符（NUL 或不成对的代理字符）"),
        ({"name": ["甲"]}, "name 应是一个值，不能是列表或另一层内容"),
        ({"include": {"a": 1}}, "include 应是一个值，不能是列表或另一层内容"),
        ({"include": [["a"]]}, "include 应是一个值，不能是列表或另一层内容"),
    ],
)
def test_bad_rows_say_why(changes: dict[str, object], reason: str) -> None:
    row: dict[str, object] = {"name": "甲", "url": "http://a.example/"}
    targets, bad = parse_targets([(7, row | changes)])
    assert targets == []
    assert [(item.line, item.reason) for item in bad] == [(7, reason)]


def test_a_bad_cell_is_told_under_the_column_as_the_file_calls_it() -> None:
    row = {"名称": "甲", "网址": "http://a.example/"}
    _, bad = parse_targets([(2, row | {"页数上限": "两百"}), (3, row | {"类型": "博客"}), (4, row | {"内网": "也许"})])
    assert bad[0].reason == "页数上限 不是数字：两百"
    assert bad[1].reason.startswith("类型 不能是“博客”") and bad[2].reason.startswith("内网 不能是“也许”")


@pytest.mark.parametrize("separator", [",", "\t"])
def test_titles_above_the_header_are_passed_over(tmp_path: Path, separator: str) -> None:
    rows = [["云埠县监测对象一览表", "", ""], ["2026年11月", "", "共 1 个、分 2 片，见备注"], ["名称", "网址", "备注"]]
    rows.append(["甲", "http://a.example/", "一,二,三,四"])
    text = "".join(separator.join(f'"{cell}"' if "," in cell else cell for cell in row) + "\r\n" for row in rows)
    targets, bad, _ = read(tmp_path, text.encode("gb18030"))
    assert [(target.name, target.url, target.note) for target in targets] == [
        ("甲", "http://a.example/", "一,二,三,四")
    ]
    assert bad == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "文件是空的"),
        ("\n \n", "文件是空的"),
        ("甲,http://a.example/\n乙,http://b.example/\n", "须有一列叫 url 或网址。第一行是“甲,http://a.example/”"),
        ("名称，网址\n甲，http://a.example/\n", "须用半角逗号，而不是全角的“，”"),
        ("说明\n" * 6 + "名称,网址\n甲,http://a.example/\n", "前几行中没有表头"),
    ],
)
def test_a_file_without_a_header_is_told_what_is_wanting(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TargetFileError, match=re.escape(said)):
        read(tmp_path, text.encode())


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("９１４４０３００１９２２０３８２１６", "914403001922038216"),
        ("ＭＡ０１2345-6", "ＭＡ０１2345-6"),  # no code
        ("12100000 0000-0000０t", "12100000000000000T"),
        ("青屿安和门诊部（总院）", "青屿安和门诊部（总院）"),
    ],
)
def test_a_credit_code_is_kept_in_plain_characters_and_a_name_as_it_is_written(told: str, kept: str) -> None:
    (target,), _ = parse_targets([(2, {"name": "甲", "url": "http://a.example/", "统一社会信用代码": told})])
    assert target.institution == kept


def test_a_bad_pattern_is_a_bad_row() -> None:
    _, bad = parse_targets([(2, {"name": "甲", "url": "http://a.example/", "include": "/ok ("})])
    assert bad[0].reason.startswith("include 不是有效的正则表达式：(")


@pytest.mark.parametrize("pattern", ["a{99999999999}", "(" * 2000 + ")" * 2000])
def test_a_pattern_that_the_compiler_gives_up_is_a_bad_row_among_good_ones(pattern: str) -> None:
    rows = [
        (2, {"name": "甲", "url": "http://a.example/", "exclude": pattern}),
        (3, {"name": "乙", "url": "http://b.example/"}),
    ]
    targets, bad = parse_targets(rows)
    assert [target.name for target in targets] == ["乙"]
    assert [row.line for row in bad] == [2]
    assert bad[0].reason.startswith("exclude 不是有效的正则表达式：") and len(bad[0].reason) < 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name,url,note\n甲,http://a.example/,"先看\n乙,http://b.example/,\n', "第 2 行起有引号没有闭合"),
        ('name,url\n甲,http://a.example/\n"乙,http://b.example/\n丙,http://c.example/', "第 3 行起有引号没有闭合"),
        ("name,url\n甲,http://a.example/\n乙\x00,http://b.example/\n", "第 3 行有 NUL 字符"),
        (
            'name,url\n甲,http://a.example/\n乙,"' + "b" * 200_000,
            "第 3 行起不能按 CSV 读取：一格的内容过长，多半是其中的引号没有闭合$",
        ),
    ],
)
def test_rows_behind_a_quotation_mark_left_open_are_not_lost_unseen(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TargetFileError, match=said):
        read(tmp_path, text.encode())


def test_a_damaged_file_that_is_marked_as_utf_8_is_not_read_as_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match="既不是 UTF-8"):
        read(tmp_path, b"\xef\xbb\xbfurl,name\nhttp://a.example/,\xb2\xe2\xca\xd4\n")


def test_the_second_of_two_equal_urls_is_bad() -> None:
    row = {"name": "甲", "url": "http://a.example/"}
    targets, bad = parse_targets([(2, row), (3, row)])
    assert len(targets) == 1
    assert bad[0].reason == "网址与第 2 行重复"


def test_rows_as_yaml_gives_them() -> None:
    row = {"name": "甲", "url": "http://a.example/", "include": ["/a b/", "/c/"], "local": True, "max_pages": 20.0}
    targets, bad = parse_targets([(1, row)])
    assert bad == []
    assert (targets[0].include, targets[0].local, targets[0].max_pages) == (("/a b/", "/c/"), True, 20)


@pytest.mark.parametrize("raw", [b"", b"name,note\n1,2\n", b"PK\x03\x04\x00\x00\xff\xff", b"\x80\xff\x80"])
def test_a_file_that_is_no_table(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "targets.csv"
    path.write_bytes(raw)
    with pytest.raises(TargetFileError):
        read_targets_csv(path)


@given(st.dictionaries(st.sampled_from([*COLUMNS, "x"]), st.one_of(st.none(), st.text(), st.floats(), st.booleans())))
def test_any_row_is_a_target_or_a_bad_row(row: dict[str, object]) -> None:
    targets, bad = parse_targets([(1, row)])
    assert len(targets) + len(bad) == 1


def test_another_spelling_of_a_url_is_the_same_target() -> None:
    """Of two such rows one would take the place of the other when they are stored."""
    rows = [(2, {"name": "甲", "url": "http://a.example"}), (3, {"name": "乙", "url": "http://A.example:80/"})]
    targets, bad = parse_targets(rows)
    assert [target.name for target in targets] == ["甲"]
    assert [(row.line, row.reason) for row in bad] == [(3, "网址与第 2 行重复")]
