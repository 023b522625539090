"""What `pages why` says in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.nights import NightKind
from domain.outcome import Outcome
from domain.site_trials import ActionKind, PageAction, Rung, SiteTrial
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets
from storage.crawl.whereabouts import Fate, Whereabouts
from storage.database import open_engine
from tests.storage.crawl import open_sample_night
from tests.storage.samples import NOW
from yiguang.cli import run
from yiguang.commands.pages import in_words, trial_in_words

URL = "http://clinic.example/1"
AT = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Whereabouts(URL, "2026-11-26", Fate.VISITED, outcome=Outcome.HTTP_GONE, reason="HTTP 404", at=AT, tries=2),
            "已访问，结果为页面不存在（404/410）（HTTP 404），2026-11-26 02:00:00（北京时间），第 2 次尝试",
        ),
        (
            Whereabouts(URL, "2026-11-26", Fate.WAITING, outcome=Outcome.TIMEOUT, reason="30 秒", at=AT, tries=1),
            "待访问，不早于 2026-11-26 02:00:00（北京时间）；已试 1 次，上次为超时（30 秒）",
        ),
        (Whereabouts(URL, "2026-11-26", Fate.SKIPPED, reason="不是网页文件"), "不跟踪：不是网页文件"),
        (Whereabouts(URL, "2026-11-26", Fate.SURPLUS), "页数预算（max_pages）已用完"),
        (Whereabouts(URL, "2026-11-26", Fate.UNKNOWN, unlisted=7), "另有 7 个超出预算的网址没有留下明细"),
    ],
    ids=lambda value: value.fate.value if isinstance(value, Whereabouts) else None,
)
def test_says_what_became_of_a_url(found: Whereabouts, words: str) -> None:
    shown = in_words(found)
    assert shown.startswith(URL + "\n2026-11-26：")
    assert words in shown


def test_names_the_target_and_the_page_that_leads_there() -> None:
    skipped = Whereabouts(URL, "2026-11-26", Fate.SKIPPED, "示例门诊部", reason="x", found_on="http://clinic.example/")
    assert in_words(skipped).splitlines()[2:] == ["目标：示例门诊部", "发现于：http://clinic.example/"]


def test_says_what_a_browser_did_to_the_page() -> None:
    actions = (
        PageAction(ActionKind.WAIT, AT, "", 812),
        PageAction(ActionKind.UNFOLD, AT, "展开全文", 320),
        PageAction(ActionKind.LEAVE, AT, "查看更多"),
    )
    shown = Whereabouts(URL, "2026-11-26", Fate.VISITED, at=AT, why_shown="页面主要靠脚本显示", actions=actions)
    assert in_words(shown).splitlines()[-1] == (
        "浏览器：页面主要靠脚本显示；等待脚本（多出 812 字）；点击展开“展开全文”（多出 320 字）"
        "；点击“查看更多”后页面离开原处，已重新显示且不再点击"
    )


def test_says_what_was_worth_it_at_the_site() -> None:
    assert trial_in_words(SiteTrial("clinic.example", Rung.PATIENCE, -3, AT)) == (
        "本站经验：久等脚本，最近连续 3 次无所得（2026-11-26 02:00）"
    )


def test_a_url_without_a_record_is_told_of_the_last_night_and_not_of_a_recheck(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("YIGUANG_HOME", str(home))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    assert run(["init"]) == 0
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    night_id, _ = open_sample_night(engine)
    finish_night(engine, night_id, NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    recheck = open_night(engine, later, list_targets(engine), NightKind.RECHECK)
    finish_night(engine, recheck, later)
    engine.dispose()
    capsys.readouterr()
    assert run(["pages", "why", "http://nowhere.example/"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith(f"{night_id}：没有记录")


def test_an_address_without_its_scheme_is_told_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pages", "why", "www.clinic.example"]) == 2
    assert "须以 http:// 或 https:// 开头" in capsys.readouterr().err
