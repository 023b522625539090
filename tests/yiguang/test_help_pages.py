"""`--help` is in Chinese in all its parts, and says the whole of what each command is for."""

import re
from collections.abc import Iterator
from typing import Any
from unicodedata import east_asian_width

import pytest
import typer

from yiguang.cli import app, run


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _paths(inner, (*path, name))


PATHS = tuple(_paths(typer.main.get_command(app)))


@pytest.fixture
def page(capsys: pytest.CaptureFixture[str]) -> Any:
    def shown(*path: str) -> str:
        assert run([*path, "--help"]) == 0
        return capsys.readouterr().out

    return shown


def test_no_word_of_the_library_is_left(page: Any) -> None:
    english = re.compile(
        r"Usage|Options|Commands|Arguments|OPTIONS|ARGS|required|default:|Show this|<(str|int|list|path)"
    )
    for path in PATHS:
        said = page(*path)
        assert said.startswith(f"用法：{' '.join(('yiguang', *path))} [选项]"), path
        assert not english.search(said), path
        assert "显示这一页" in said


def test_a_command_is_described_in_full(page: Any) -> None:
    """The library cut the first paragraph at 80 characters, or where it found a blank: `evaluate  ...`."""
    assert "DOCX 与 PDF）、网址清单" in page()
    assert re.search(r"evaluate +用现有模型评判标注数据", page("model"))
    assert not [path for path in PATHS if re.search(r"^  \w.*\.\.\.$", page(*path), re.M)]


def test_lines_are_as_wide_as_the_terminal(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for path in PATHS:
        text = re.split(r"\n  例：", page(*path))[0].splitlines()[1:]
        wide = [line for line in text if sum(2 if east_asian_width(one) in "WFA" else 1 for one in line) > 80]
        assert not wide, path


def test_no_mark_begins_a_line_and_no_word_is_broken(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for path in PATHS:
        assert not re.search(r"^\s*[，。；：、）”]", page(*path), re.M), path
    assert "YIGUANG_SHARDS" in page("worker")


def test_what_must_be_given_and_what_holds_otherwise(page: Any) -> None:
    assert "CASE <整数>  线索编号，见 cases list（必填）" in page("cases", "show")
    assert "--within <整数>  也列出几个工作日内到期的（默认 3；0 至 90）" in page("outbox", "late")
    assert "用法：yiguang evidence looks [选项] [CASE]..." in page("evidence", "looks")


def test_a_group_without_a_command_shows_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cases"]) == 2
    assert capsys.readouterr().err.startswith("用法：yiguang cases [选项] 命令")


def test_what_may_be_chosen_is_explained(page: Any) -> None:
    told = page("outbox", "step").replace("\n", "").replace(" ", "")
    noted = told.split("STEP<文字>")[1].split("选项：")[0]
    assert "received对方已接收；" in noted and "supervision-ended解除督办；" in noted and "note备注" in noted
    assert not [own for own in ("revised", "approved", "returned", "sent", "struck") if own in noted]
    assert "<referred|lead|dismissed>" in page("evidence", "retain")
    assert "fined罚没款；ordered责令整改" in told and "nothing未予处理" in told
    for path, words in (
        ("outbox list", "draft 待审批"),
        ("refer", "amr 市场监管"),
        ("tips add", "hotline 12345"),
        ("respond", "dispute 当事人异议"),
        ("accounts add", "analyst 初审员"),
    ):
        assert words in page(*path.split())


def test_who_may_stands_beside_the_option_that_names_somebody(page: Any) -> None:
    for path, who in (
        ("outbox approve", "须是复审员或移送员"),
        ("outbox return", "须是复审员或移送员"),
        ("outbox send", "须是移送员"),
        ("outbox strike", "须是可以记被撤销的那一步的账号"),
        ("respond", "须是移送员（当事人的意见）或复审员（撤回、撤销撤回）"),
        ("refer", "须是移送员"),
        ("report-form", "须是移送员"),
        ("tips add", "须是移送员"),
        ("tokens add", "须是管理员"),
        ("evidence export", "须是初审员或复审员或移送员或规则编辑或审计员"),
    ):
        assert who in page(*path.split()).replace("\n", "").replace(" ", ""), path


def test_what_nights_of_one_day_are_called(page: Any) -> None:
    for path in (("nightly",), ("night", "show")):
        assert "2026-11-27-2" in page(*path), path


def test_taking_in_and_registering_are_told_apart(page: Any) -> None:
    taking_in = "".join(page("intake").split())
    assert "只列入监测，不登记来源、期限与举报人；有举报人或须答复的，用yiguangtipsadd" in taking_in
    assert "微信以外的网址只取这一页" in taking_in
    assert "只列入监测而不登记的，用yiguangintake" in "".join(page("tips").split())
