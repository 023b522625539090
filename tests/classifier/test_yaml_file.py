from pathlib import Path

import pytest

from classifier.errors import LexiconError
from classifier.yaml_file import line_of, load_mapping, load_yaml_rows


def written(folder: Path, text: str) -> Path:
    path = folder / "file.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_know_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "# targets\n- name: 甲\n  url: http://a.example/\n\n- {name: 乙}\n")
    assert load_yaml_rows(path) == [(2, {"name": "甲", "url": "http://a.example/"}), (5, {"name": "乙"})]


def test_no_rows_in_an_empty_file(tmp_path: Path) -> None:
    assert load_yaml_rows(written(tmp_path, "# nothing yet\n")) == []
    assert load_yaml_rows(written(tmp_path, "")) == []


@pytest.mark.parametrize(
    ("text", "where"), [("name: [1, 2", 1), ("- a\n- b: c\n", 1), ("a: 1\n", 0), ("- a: 1\n- 7\n", 2), ("a: b: c\n", 1)]
)
def test_broken_rows_name_file_and_line(tmp_path: Path, text: str, where: int) -> None:
    with pytest.raises(LexiconError) as caught:
        load_yaml_rows(written(tmp_path, text))
    assert caught.value.path.name == "file.yml"
    assert caught.value.line >= where


def test_code_in_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="python/object"):
        load_mapping(written(tmp_path, "!!python/object/apply:os.getcwd []\n"))
    with pytest.raises(LexiconError, match="python/object"):
        load_yaml_rows(written(tmp_path, "- !!python/object/apply:os.getcwd []\n"))
    with pytest.raises(LexiconError, match="list of rows"):
        load_yaml_rows(written(tmp_path, "!!python/object/apply:os.getcwd []\n"))


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yml"
    path.write_bytes("名称: 甲".encode("gbk"))
    with pytest.raises(LexiconError, match="not UTF-8"):
        load_mapping(path)


def test_a_mapping_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="mapping"):
        load_mapping(written(tmp_path, "- 1\n"))


def test_line_of_follows_keys(tmp_path: Path) -> None:
    path = written(tmp_path, "a: 1\nb:\n  - x: 1\n  - x: 2\n    y: 3\n")
    assert line_of(path, "b", 1, "y") == 5
    assert line_of(path, "b", 1, "missing") == 4


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb: 2\na: 3\n", 3), ("a:\n  - x: 1\n    y: 2\n    x: 3\n", 4)])
def test_a_key_stands_once(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(LexiconError, match="twice") as caught:
        load_mapping(written(tmp_path, text))
    assert caught.value.line == line
