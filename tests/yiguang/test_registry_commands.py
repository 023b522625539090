"""`yiguang registry` as typed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.beijing import BEIJING
from yiguang.cli import run

Printed = pytest.CaptureFixture[str]
EARLY = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)  # 01:30 on the 26th in Beijing


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    assert run(["init"]) == 0
    monkeypatch.setattr("yiguang.home.utc_now", lambda: EARLY)
    return tmp_path


@pytest.mark.parametrize("told", [[], ["--as-of", "2026-11-26"]])
def test_a_list_without_a_date_is_of_today_in_beijing(folder: Path, capsys: Printed, told: list[str]) -> None:
    """By night it is the day before by UTC: a list would be older than one that was taken in with that date."""
    file = folder / "list.csv"
    file.write_text("机构名称,登记号,类别\n青屿安和门诊部,PDY90001X31010412D2152,综合门诊部\n", encoding="utf-8")
    assert run(["registry", "import", str(file), "--source", "市卫健委", *told]) == 0
    file.write_text("机构名称,登记号,类别\n青屿安和门诊部,PDY90001X31010412D2152,中医门诊部\n", encoding="utf-8")
    assert run(["registry", "import", str(file), "--source", "市卫健委"]) == 0
    assert run(["registry", "show", "青屿安和门诊部"]) == 0
    shown = capsys.readouterr().out
    assert f"来源：市卫健委，{EARLY.astimezone(BEIJING).date()}" in shown and "类别：中医门诊部" in shown


@pytest.mark.parametrize("what", ["import", "practitioners", "logos"])
def test_a_list_is_not_of_a_day_to_come(folder: Path, capsys: Printed, what: str) -> None:
    """A year mistyped would set aside every later list as an older one."""
    file = folder / "list.csv"
    file.write_text(
        "机构名称,登记号,姓名,执业机构\n青屿安和门诊部,PDY90001X31010412D2152,张示例,青屿安和门诊部\n", encoding="utf-8"
    )
    given = folder if what == "logos" else file
    assert run(["registry", what, str(given), "--as-of", "2062-11-01"]) == 2
    assert "--as-of 不能晚于今天（" in capsys.readouterr().err


def test_a_list_under_another_key_names_the_key_and_reports_nobody_gone(folder: Path, capsys: Printed) -> None:
    file = folder / "doctors.csv"
    file.write_text(
        "姓名,执业机构,执业证书编码\n李云屿,青屿安和门诊部,110000000000001\n沈澄,青屿安和门诊部,110000000000002\n",
        "utf-8",
    )
    taken_in = ["registry", "practitioners", str(file)]
    assert run(taken_in) == run(taken_in) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("名单 2 人\n名单 2 人\n", "")
    (folder / "home/keys/practitioners.key").unlink()
    assert run(taken_in) == 0
    said = capsys.readouterr()
    assert said.out == "名单 2 人\n"
    assert said.err.startswith("2 人的执业证书编码已重记") and "keys/practitioners.key" in said.err
    file.write_text(file.read_text("utf-8").replace("000001", "000003"), "utf-8")
    assert run(taken_in) == 0
    assert capsys.readouterr().err == "1 人的执业证书编码与上次名单不同，已更新\n"
