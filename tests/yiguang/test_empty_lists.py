"""A list in which nothing stands says so, and how it is filled, on stderr: what a program reads stays empty."""

from pathlib import Path

import pytest

from yiguang.cli import run
from yiguang.home import make_home
from yiguang.settings import read_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "home"
    make_home(read_settings({"YIGUANG_HOME": str(place)}))
    monkeypatch.setenv("YIGUANG_HOME", str(place))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("targets list", "还没有监测目标；用 yiguang targets import 导入"),
        ("targets list --json", "还没有监测目标；用 yiguang targets import 导入"),
        ("night list", "还没有巡查过；先运行 yiguang nightly"),
        ("cases list --json", "还没有巡查过；先运行 yiguang nightly"),
        ("intake --list", "目标网站最近几夜的网页上没有尚未受理的微信文章"),
        ("tips list --json", "还没有登记举报；用 yiguang tips add 登记"),
        ("tips late", "没有逾期未答复的"),
        ("evidence records", "还没有对证据做过留置、解除、改类、删除、调阅原件或更换密钥"),
        ("evidence expire --dry-run", "没有保存期限届满且未被留置的证据"),
        ("evidence expire --by 张示例", "没有保存期限届满且未被留置的证据"),
        ("registry operators --smallest 5", "没有 5 个以上疑为同一经营者的网站与账号；先用 yiguang nightly 巡查"),
        ("outbox list --json", "还没有移送材料；用 yiguang refer 制作"),
        ("outbox list --stage draft", "没有“待审批”的材料"),
        ("outbox late --within 5", "没有逾期的，5 个工作日内也没有到期的"),
        ("recheck --list", "还没有移送的线索；用 yiguang refer 制作移送材料后列入"),
        ("tokens list", "还没有令牌；用 yiguang tokens add 新建"),
        ("schedule list", "时间表还没有运行过，也没有停运时段；用 yiguang schedule --at 01:30 开始"),
        ("worker --list", "没有在场的进程"),
        ("decisions ledger", "审核台还没有已结的线索；线索由两人确认或一人排除后计入"),
    ],
)
def test_nothing_to_list(typed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(typed.split()) == 0
    assert capsys.readouterr() == ("", f"{said}\n")


def test_a_ledger_of_nothing_is_an_object_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["decisions", "ledger", "--json"]) == 0
    assert capsys.readouterr().out == "{}\n"
