"""A targets file that is no table is told in Chinese, with the line where there is one."""

from pathlib import Path

import pytest

from yiguang.errors import CommandFailed
from yiguang.target_files import read_targets


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.yml", "- name: 甲\n  url: http://a.example/\n- 123\n".encode(), "第 3 行：这一项应是“名称: 值”的若干行"),
        ("a.yml", "targets:\n  - name: 甲\n".encode(), "应是目标的列表，每项以 - 开头"),
        ("a.yml", b"- name: [\n", "第 2 行第 1 列：不是有效的 YAML："),
        ("a.yml", "- name: 甲\n".encode("gb18030"), "YAML 文件须存为 UTF-8"),
        (
            "a.yml",
            "- name: 甲\n- note: 2026-99-99\n".encode(),
            "第 2 行第 9 列：这一项中有读不懂的值，文字请加引号（2026-99-99）",
        ),
        ("a.yml", b"- note: " + b"9" * 5000, "第 1 行第 9 列：这一项中有读不懂的值，文字请加引号（9"),
        ("a.yml", b"- note: !!bool x\n", "第 1 行第 9 列：这一项中有读不懂的值，文字请加引号（x）"),
        ("a.xlsx", b"PK\x03\x04", "是 Excel 工作簿：请在其中另存为 CSV，再导入"),
    ],
)
def test_what_is_no_table(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(CommandFailed, match="a\\.(yml|xlsx)") as fault:
        read_targets(file)
    assert said in str(fault.value)
