"""`yiguang registry`: what an operator sees when a list is taken in, taken in again, and looked up."""

import json
from pathlib import Path

from tests.e2e.command_line import Run

SAMPLE = Path(__file__).parents[2] / "examples" / "registry.csv"


def test_a_list_is_imported_once_and_shown(yiguang: Run, home: Path) -> None:
    assert yiguang("init").returncode == 0
    first = yiguang("registry", "import", SAMPLE, "--source", "样例", "--as-of", "2026-11-01")
    assert (first.returncode, first.stdout.decode()) == (0, "新增 6，变更 0，未变 0\n")
    again = yiguang("registry", "import", SAMPLE, "--source", "样例", "--as-of", "2026-11-01")
    assert (again.returncode, again.stdout.decode()) == (0, "新增 0，变更 0，未变 6\n")
    shown = yiguang("registry", "show", "www.anhe.example")
    assert shown.returncode == 0
    text = shown.stdout.decode()
    assert "青屿安和门诊部（来源：样例，2026-11-01）" in text and "诊疗科目：内科、中医科、口腔科" in text
    found = yiguang("registry", "show", "（浙）医广[2025]第03-12-018号", "--json")
    profile = json.loads(found.stdout)
    assert [row["name"] for row in profile["registered"]] == ["临浦明视眼科医院"]
    assert profile["clusters"] == [] and profile["rating"]["level"] == "low"
    pictureless = yiguang("registry", "show", "青屿安和门诊部", "--picture", home / "a.svg")
    assert pictureless.returncode == 1 and "无图可画" in pictureless.stderr.decode()
    nobody = yiguang("registry", "operators")
    assert (nobody.returncode, nobody.stdout) == (0, b"")
    missing = yiguang("registry", "show", "没有的医院")
    assert missing.returncode == 1 and "未见记载不等于未登记" in missing.stderr.decode()


def test_changes_bad_rows_and_unknown_columns_are_told(yiguang: Run, tmp_path: Path) -> None:
    assert yiguang("init").returncode == 0
    listed = tmp_path / "名录.csv"
    listed.write_text("单位全名,所在区,登记号,怪列\n青屿安和门诊部,青屿区,A1,x\n,青屿区,A2,x\n", "utf-8")
    refused = yiguang("registry", "import", listed)
    assert refused.returncode == 1 and "表头" in refused.stderr.decode()
    wrong = yiguang("registry", "import", listed, "--map", "单位全名=什么")
    assert wrong.returncode == 2
    mapped = yiguang("registry", "import", listed, "--map", "单位全名=name", "--as-of", "2026-11-01")
    errors = mapped.stderr.decode()
    assert mapped.returncode == 1 and "怪列" in errors and "第 3 行：没有机构名称" in errors
    assert mapped.stdout.decode() == "新增 1，变更 0，未变 0\n"
    listed.write_text("单位全名,所在区,登记号\n青屿安和综合门诊部,青屿区,A1\n", "utf-8")
    changed = yiguang("registry", "import", listed, "--as-of", "2026-11-10")
    assert changed.returncode == 0
    assert "青屿安和门诊部 name：青屿安和门诊部 → 青屿安和综合门诊部" in changed.stdout.decode()
    assert yiguang("registry", "import", listed, "--as-of", "昨天").returncode == 2
    assert yiguang("registry", "import", tmp_path / "没有.csv").returncode == 2


def test_a_list_is_stated_complete_and_the_statement_withdrawn(yiguang: Run) -> None:
    assert yiguang("init").returncode == 0
    whole = ("registry", "import", SAMPLE, "--source", "样例", "--as-of", "2026-11-01", "--complete-for")
    assert yiguang(*whole, "沪").returncode == 0
    foreign = yiguang(*whole, "京")
    assert foreign.returncode == 1 and "没有以“京医广”开头的文号" in foreign.stderr.decode()
    assert yiguang(*whole, "x").returncode == 2
    withdrawn = yiguang("registry", "incomplete", "沪")
    assert (withdrawn.returncode, withdrawn.stdout.decode()) == (0, "已撤回 1 项关于“沪医广”的完整声明\n")
    assert yiguang("registry", "incomplete", "沪").returncode == 1


def test_a_list_of_practitioners_is_imported_without_its_numbers(yiguang: Run, tmp_path: Path, home: Path) -> None:
    assert yiguang("init").returncode == 0
    listed = tmp_path / "医师.csv"
    listed.write_text("医务人员,执业机构,执业证书编码\n李云屿,青屿安和门诊部,110000000000001\n", "utf-8")
    unmapped = yiguang("registry", "practitioners", listed)
    assert unmapped.returncode == 1 and "至少要有姓名" in unmapped.stderr.decode()
    mapped = ("registry", "practitioners", listed, "--source", "市卫健委", "--as-of", "2026-11-01")
    first = yiguang(*mapped, "--map", "医务人员=name")
    assert (first.returncode, first.stdout.decode()) == (0, "名单 1 人\n"), first.stderr.decode()
    assert yiguang(*mapped).returncode == 0, "the mapping is remembered"
    assert b"110000000000001" not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert yiguang(*mapped, "--map", "医务人员=什么").returncode == 2
    assert yiguang("registry", "practitioners", tmp_path / "没有.csv").returncode == 2
