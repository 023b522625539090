"""What `pages why` says in words."""

from datetime import UTC, datetime

import pytest

from domain.outcome import Outcome
from domain.site_trials import ActionKind, PageAction, Rung, SiteTrial
from storage.crawl.whereabouts import Fate, Whereabouts
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
