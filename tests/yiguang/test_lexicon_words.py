"""What libraries say of files in English is told in Chinese, with the place."""

import re
from pathlib import Path

import pytest

from classifier.decisions import read_decisions
from classifier.errors import LexiconError
from classifier.train import read_rows
from classifier.yaml_file import load_mapping
from yiguang.lexicon_books import load_subjects
from yiguang.lexicon_words import said_of, told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c\n", "第 1 行第 5 列：不是有效的 YAML：此处不能有冒号（文字中有冒号的请加引号）"),
        ("甲: 1\na: [1\n", "第 3 行第 1 列：不是有效的 YAML：各项之间缺少逗号，或缺少 ]"),
        (
            "a:\n\t- b\n",
            "第 2 行第 1 列：不是有效的 YAML：此处不能是这个字符（缩进须用空格，以符号开头的文字请加引号）",
        ),
        ("a: 'x\n", "第 2 行第 1 列：不是有效的 YAML：引号没有闭合"),
        ("# 示例\n名称: \x07\n", "第 2 行第 5 列：不是有效的 YAML：有不能使用的字符 '\\x07'"),
        ("a: *x\n", "第 1 行第 4 列：不是有效的 YAML：以 * 开头的文字请加引号"),
        ("a: !x y\n", "第 1 行第 4 列：不是有效的 YAML：不认识 '!x'（以 ! 开头的文字请加引号）"),
        ("a: 1\nb: [x, 2026-99-99]\n", "第 2 行第 8 列：有读不懂的值，文字请加引号：2026-99-99"),
        ("a: 1\na: 2\n", "第 2 行第 1 列：键 'a' 重复"),
        ("%YAML 9\n", "第 1 行第 8 列：不是有效的 YAML（did not find expected digit or '.' character）"),
    ],
)
def test_what_is_wrong_with_yaml_and_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LexiconError) as fault:
        load_mapping(file)
    assert told(fault.value) == f"{file} {said}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": 1, "text": "甲", ', "不是有效的 JSON（"),
        ('{"id": 1}', "第 2 行：每行应有 id 与 text"),
        ('{"id": 1, "text": "甲", "label": 7}', "第 2 行：decision 应是 confirmed 或 dismissed"),
        ('{"id": 1, "text": "甲", "label": 1, "weight": "x"}', "第 2 行：weight 应是数字"),
        ('{"id": 1, "text": "甲", "label": 1, "families": 7}', "第 2 行：families 应是字符串的列表"),
        ('{"id": 1, "text": "甲", "label": 1, "rules": "x"}', "第 2 行：rules 应是字符串的列表"),
    ],
)
def test_what_is_wrong_with_a_decision_and_where(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(LexiconError) as fault:
        read_decisions(file)
    assert said in told(fault.value) and re.search("第 2 行", told(fault.value))


def test_a_corpus_that_is_no_json_names_the_column(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": x}\n', encoding="utf-8")
    with pytest.raises(LexiconError) as fault:
        read_rows(file)
    assert told(fault.value).startswith(f"{file} 第 1 行第 10 列：不是有效的 JSON（")


def test_a_corpus_whose_row_has_no_id_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('\n{"text": "甲", "label": 0}\n', encoding="utf-8")
    with pytest.raises(LexiconError) as fault:
        read_rows(file)
    assert told(fault.value) == f"{file} 第 2 行：缺少 id"


def test_a_list_of_names_that_is_no_csv_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "registry" / "subjects.csv"
    file.parent.mkdir()
    file.write_text('code,name\n1,"' + "b" * 200_000, encoding="utf-8")
    with pytest.raises(ValueError, match=r"subjects\.csv 第 \d 行起不能按 CSV 读取：一格的内容过长"):
        load_subjects(tmp_path)


def test_other_faults_keep_their_words(tmp_path: Path) -> None:
    with pytest.raises(OSError) as gone:
        (tmp_path / "x").read_bytes()
    assert said_of(gone.value) == f"{tmp_path / 'x'}：没有这个文件或目录"
    assert said_of(ValueError("词表为空")) == "词表为空"
