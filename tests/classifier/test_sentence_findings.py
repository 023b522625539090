"""Findings by sentence in the whole classifier: they point at the sentence, pass the gates and leave the score alone."""

import re
import shutil
from pathlib import Path

import pytest

from classifier.engine import Analyser, Classifier
from classifier.errors import LexiconError
from classifier.model import load_model
from classifier.sentence_families import FILE, Wording, load_sentence_families
from classifier.sentence_findings import SentenceFinder
from classifier.sentence_model import load_sentence_model
from domain.findings import FAMILIES, Document, Finding

LEXICONS = Path(__file__).parents[2] / "lexicons"
CLASSIFIER = Classifier.load(LEXICONS)
ANALYSER = Analyser(LEXICONS)
WITHOUT = Classifier(ANALYSER, load_model(LEXICONS, ANALYSER.feature_names))
ADS = (
    "糖友福音！我院调理方案，喝到第二个月胰岛素就成了摆设。隔壁王大爷原先一天四针，如今逢人就夸。加微信 demo_tang88 领取名额。",
    "祛斑不用激光，敷三回脸上像剥了壳的鸡蛋。店里的老师给明星做过脸，预约电话 000-00001234，前二十名半价。",
    "颈椎病别开刀！我院正骨手法三次见效，治愈率 98%，多少人躺着进来走着出去。咨询热线 000-00005678",
)


def by_sentence(text: str) -> list[Finding]:
    return [item for item in CLASSIFIER.judge(Document(text)).findings if item.rule.startswith("sentence-")]


@pytest.mark.parametrize("text", ADS)
def test_findings_by_sentence_add_families_and_leave_the_score_alone(text: str) -> None:
    plain, judged = WITHOUT.judge(Document(text)), CLASSIFIER.judge(Document(text))
    assert (judged.score, judged.flagged, judged.genre, judged.is_ad) == (
        plain.score, plain.flagged, plain.genre, plain.is_ad,
    )  # fmt: skip
    added = [item for item in judged.findings if item not in plain.findings]
    assert added == by_sentence(text)
    assert not {item.family for item in added} & {item.family for item in plain.findings if not item.silenced}
    for item in added:
        assert text[item.start : item.end] == item.quote
        assert item.rule == f"sentence-{item.family}"
    assert judged.model_sha256 != plain.model_sha256


def test_some_family_is_recognised_without_a_rule() -> None:
    assert any(not item.silenced for text in ADS for item in by_sentence(text))


def test_nothing_is_read_on_a_page_that_scores_low() -> None:
    text = "门诊楼三楼正在装修，请患者走东侧电梯到四楼候诊。给您带来不便，敬请谅解。"
    assert CLASSIFIER.judge(Document(text)).score < load_sentence_families(LEXICONS).least_score
    assert by_sentence(text) == []


def test_a_warning_silences_a_finding_by_sentence() -> None:
    finder = SentenceFinder(load_sentence_families(LEXICONS), load_sentence_model(LEXICONS), ANALYSER.gates)
    told = ANALYSER.analyse(
        Document("市场监管部门提醒：有商家宣称“喝了这款酵素，胰岛素都停了，血糖稳稳降下来”，属于虚假宣传，切勿轻信。")
    )
    silenced = [item.finding for item in finder.find(told, 1.0) if item.finding.family == "health-product-cure"]
    assert [item.silenced for item in silenced] == [True]
    assert set(silenced[0].gates) == {"G2", "G3", "G10"}
    said = finder.find(ANALYSER.analyse(Document("我家的好东西，面膜敷好了我十年的湿疹。")), 1.0)
    assert [item.finding.silenced for item in said if item.finding.family == "health-product-cure"] == [False]


def test_a_long_sentence_is_quoted_by_its_telling_clause() -> None:
    model = load_sentence_model(LEXICONS)
    text = "本店位于城东菜市场往里走两百米的地方,每天早上八点开门营业到晚上,治好了几千位患者有效率百分之九十八,欢迎新老朋友常来坐坐"
    spans = {proposal.family: text[proposal.start : proposal.end] for proposal in model.propose(text, ())}
    assert spans["efficacy-rate"] == "治好了几千位患者有效率百分之九十八"


def test_a_heading_shorter_than_a_clause_is_not_pointed_at() -> None:
    model = load_sentence_model(LEXICONS)
    assert {item.family for item in model.propose("治愈率高99%", ())} >= {"efficacy-rate"}
    assert model.propose("治愈99%", ()) == ()


def test_live_families_are_not_proposed_again() -> None:
    model = load_sentence_model(LEXICONS)
    assert model.propose("成功率 98%,做完就能上班没有一点风险", FAMILIES) == ()
    assert model.propose("", ()) == model.propose(" \n。", ()) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  cure-guarantee:", "  cure-promise:", "no family"),
        ("广告法16(1)(1), 医疗", "广告法典16(1)(1), 医疗", "no law"),
        ("weight: 0.4", "weight: 1.4", "number from 0 to 1"),
        ("gates: [G1,", "gates: [G99,", "G99"),
        ("recipients: [amr, nhc]", "recipients: [amr, nobody]", "nobody"),
        ("severity: 4", "severity: 9", "number from 1 to 5"),
        ("least_score:", "lowest_score:", "least_score"),
        ("    severity: 4\n", "    severity: 4\n    colour: red\n", "expected basis"),
    ],
)
def test_families_are_read_strictly(tmp_path: Path, old: str, new: str, message: str) -> None:
    shutil.copytree(LEXICONS / "laws", tmp_path / "laws")
    text = (LEXICONS / FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        load_sentence_families(tmp_path)


def test_a_sentence_is_pointed_at_only_when_its_family_allows_the_wording() -> None:
    model = load_sentence_model(LEXICONS)
    text = "咨询热线 000-00001234 000-00005678。前二十名半价，只要一百元。"
    wordings = load_sentence_families(LEXICONS).wordings
    spans = {item.family: text[item.start : item.end] for item in model.propose(text, (), wordings)}
    assert spans.get("price-lure", "半价") != "咨询热线 000-00001234 000-00005678"
    never = {"price-lure": Wording(needs=re.compile("无此一说"))}
    assert "price-lure" not in {item.family for item in model.propose(text, (), never)}
    assert not Wording(unless=re.compile("半价")).allows("前二十名半价", 0, 6)


def test_a_wording_that_could_run_away_is_refused(tmp_path: Path) -> None:
    shutil.copytree(LEXICONS / "laws", tmp_path / "laws")
    text = (LEXICONS / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.replace("    needs: '", "    needs: '(?:a+)+", 1), encoding="utf-8")
    with pytest.raises(LexiconError, match="repetition|repeats|repeated"):
        load_sentence_families(tmp_path)
