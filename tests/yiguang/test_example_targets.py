"""The targets file that people copy from, and the page that explains its columns."""

import csv
from dataclasses import MISSING, fields
from pathlib import Path

from crawler.addresses.target_file import COLUMNS
from domain.targets import Target, TargetKind
from yiguang.target_files import read_targets

ROOT = Path(__file__).parents[2]
EXAMPLE, PAGE = ROOT / "examples" / "targets.csv", ROOT / "docs" / "zh" / "targets.md"


def test_the_example_shows_the_columns_and_has_no_fault() -> None:
    targets, bad, unknown = read_targets(EXAMPLE)
    assert (bad, unknown) == ([], ())
    assert {target.kind for target in targets} == {
        TargetKind.SITE,
        TargetKind.WECHAT,
        TargetKind.ALBUM,
        TargetKind.LIST,
    }
    assert targets[0].exclude == ("/english/", "/wap/")
    assert {target.every_days for target in targets} == {1, 7}
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(COLUMNS)


def test_the_page_tells_every_column_with_its_chinese_names_and_default() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text("utf-8").splitlines()]
    told = {cells[0].strip("`"): cells[1:] for cells in rows if len(cells) == 4 and cells[0].startswith("`")}
    assert {column: tuple(cells[0].split("、")) for column, cells in told.items()} == COLUMNS
    words = {MISSING: "必填", "": "空", (): "空", False: "否"}
    expected = {
        field.name: next((word for value, word in words.items() if field.default is value), f"{field.default:g}"
                         if isinstance(field.default, (int, float)) else f"`{field.default}`")
        for field in fields(Target)
    }  # fmt: skip
    assert {column: cells[2] for column, cells in told.items()} == expected
    assert all(f"`{kind}`" in told["kind"][1] for kind in TargetKind)
