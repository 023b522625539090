"""What the end of a night prints of very many targets."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from domain.nights import TargetResult
from domain.outcome import Outcome
from tests.yiguang.test_morning import GOOD, NIGHT, SHRUNK
from yiguang.nights.nightly import NightResult
from yiguang.nights.summary import print_summary


def printed(*targets: TargetResult) -> str:
    out = io.StringIO()
    night = replace(NIGHT, targets=targets)
    print_summary(Console(file=out, width=200), NightResult(night, ()), [], Path("home"))
    return out.getvalue()


def test_a_few_targets_are_all_shown() -> None:
    said = printed(GOOD, SHRUNK)
    assert "示例门诊部" in said and "示例医院：只取得 5 页，远少于平时的 50 页" in said
    assert "另有" not in said


def test_of_very_many_the_telling_ones_are_shown_and_the_rest_counted() -> None:
    failures = (("http://clinic.example/x", Outcome.TIMEOUT, "超时"),)
    quiet = [replace(GOOD, target_id=number, name=f"安静{number}", leads=0, failures=failures) for number in range(300)]
    broken = [replace(SHRUNK, target_id=300 + number, name=f"少页{number}") for number in range(80)]
    said = printed(*quiet, *broken, replace(GOOD, target_id=999, name="有线索者"))
    table, _, rest = said.partition("合计 381 个目标")
    assert all(f"少页{number} " in table for number in range(80)) and "有线索者" in table
    assert "另有 181 个目标（见 yiguang night show --json）" in table
    assert "另有 30 个目标不正常（全部：yiguang night show --all）" in rest
    assert rest.count("http://clinic.example/x") == 50
    assert "· 另有 250 个目标（全部：yiguang night lost）" in rest
