"""Each gate silences what it should, keeps the trace, and leaves claims alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier.engine import Analyser
from domain.findings import Document

LEXICONS = Path(__file__).parents[2] / "lexicons"
RULE = """\
id: demo
title: 示例
status: live
family: {family}
basis: [广告法16(1)(2)]
weight: 0.5
severity: 3
gates: [G1, G2, G3, G4, G5, G6, G7, G8, G9, G10, G11, G12, G13]
detect:
  - anchors: [根治, 治愈率, 不复发, 最佳, 协和, 免费体检]
fires_on: [根治, 不复发, 最佳, 治愈率]
silent_on: [甲, 乙, 丙, 丁]
"""


@pytest.fixture(scope="module")
def analysers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Analyser]]:
    made: dict[str, Analyser] = {}
    for family in ("efficacy-rate", "absolute-term", "insurance-lure"):
        folder = tmp_path_factory.mktemp(family) / "lexicons"
        shutil.copytree(LEXICONS, folder, ignore=shutil.ignore_patterns("corpus", "model.*", "rules"))
        (folder / "rules").mkdir()
        (folder / "rules" / "demo.yml").write_text(RULE.format(family=family), encoding="utf-8")
        made[family] = Analyser(folder)
    yield made


def gates(analyser: Analyser, text: str, **fields: str) -> tuple[str, ...]:
    located = analyser.analyse(Document(text, **fields)).located  # type: ignore[arg-type]
    assert len(located) == 1
    finding = located[0].finding
    assert finding.silenced is bool(finding.gates)
    return finding.gates


@pytest.mark.parametrize(
    ("gate", "text", "fields"),
    [
        ("G1", "目前医学上没有药物可以根治这种病", {}),
        ("G1", "承诺根治是违法的", {}),
        ("G2", "市监局通报：当事人因宣传根治被罚款二十万元，责令停止发布", {}),
        ("G2", "根治某病的广告", {"url": "http://amr.demo.gov.cn/a.html"}),
        ("G3", "有的商家声称“三天根治”老寒腿", {}),
        ("G3", "她听说艾草能“根治”宫寒，买了一箱", {}),
        ("G3", "卖方说根治脚气只要三天，她信了", {}),
        ("G3", "“三个月根治近视”，这类文章转了一遍又一遍", {}),
        ("G3", "后台总有人问我：“什么药能根治鼻炎？”", {}),
        ("G4", "一项多中心随机试验随访三年，治愈率为61%（P<0.05）", {}),
        ("G5", "第十六条 广告不得有下列内容：说明治愈率的", {}),
        ("G9", "岗位：市场专员，任职要求：熟悉行业，负责治愈率数据整理，五险一金", {}),
        ("G2", "包治百病的枕头是骗局，卖家承诺根治颈椎病", {}),
        ("G2", "他信了“根治”的祛斑霜，到底还是烂脸，所谓草本，号称天然", {}),
        ("G10", "鱼油不是药品，不能代替药物，说它根治三高是误会，买时认准蓝帽，有病就医", {}),
        ("G13", "对校外培训乱象要重拳出击，力争根治", {}),
        ("G13", "这台电脑的病毒要重装才能根治", {}),
    ],
)
def test_gate_silences(analysers: dict[str, Analyser], gate: str, text: str, fields: dict[str, str]) -> None:
    assert gate in gates(analysers["efficacy-rate"], text, **fields)


@pytest.mark.parametrize(
    ("family", "gate", "text"),
    [
        ("absolute-term", "G7", "发病后六小时是溶栓的最佳时机"),
        ("absolute-term", "G7", "我们追求最佳服务"),
        ("absolute-term", "G8", "她毕业于北京协和医学院"),
        ("insurance-lure", "G6", "卫生院为65岁以上老人提供免费体检"),
    ],
)
def test_gate_silences_by_family(analysers: dict[str, Analyser], family: str, gate: str, text: str) -> None:
    assert gate in gates(analysers[family], text)


@pytest.mark.parametrize(
    "text",
    [
        "我院三个疗程根治牛皮癣",
        "没有治不好的牛皮癣，我院专注根治",
        "治好以后终身不复发，让您放心",
        "根治牛皮癣。效果因人而异，本文仅供参考",
        "本院治愈率98%，咨询电话000-00001234",
        "多中心随机试验显示，本品治愈率达到九成。\n厂家直销，买二送一，加微信demo_0001。",
        "微电脑能量仪根治肩周问题",
        "无污染的灵芝根治寒症，权威期刊报道",
        "谨防假冒，只有正宗药酒能根治",
        "别家的祛斑霜都是骗局，本店的能根治，限时特价，加微信demo_0002",
        "不是智商税，这款足贴根治脚气",
        "血压平稳也莫放松警惕，这款足贴根治高血压",
    ],
)
def test_claims_stay_live(analysers: dict[str, Analyser], text: str) -> None:
    assert gates(analysers["efficacy-rate"], text) == ()


def test_seller_who_quotes_a_study_is_not_excused(analysers: dict[str, Analyser]) -> None:
    """A test about words may be for some pages only."""
    study = "研究显示，治愈率为61%。"
    praise = "青禾蜂胶防治糖尿病，蜂胶有降血糖的治疗作用。蜂胶适用对象：血糖高的人。蜂胶疗效好。"
    assert gates(analysers["efficacy-rate"], study) == ("G4",)
    assert gates(analysers["efficacy-rate"], praise + study) == ()


def test_disclaimer_never_silences(analysers: dict[str, Analyser]) -> None:
    analyser = analysers["efficacy-rate"]
    assert gates(analyser, "我院根治白斑") == gates(analyser, "我院根治白斑，效果因人而异，请遵医嘱") == ()
