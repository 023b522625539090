"""The classifier as a whole: quotes, determinism, hostile input, parts that add up."""

import math
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.engine import Classifier
from domain.findings import FAMILIES, GENRES, Document

ROOT = Path(__file__).parents[2]
CLASSIFIER = Classifier.load(ROOT / "lexicons")
LIVE_EXAMPLES = [
    example.text for rule in CLASSIFIER.rules if rule.status == "live" for example in rule.fires_on if example.text
]
AD = "我院采用祖传秘方，根治白癜风，治愈率高达98%，无效退款！咨询电话000-00001234"


def check(text: str) -> None:
    judgement = CLASSIFIER.judge(Document(text=text))
    assert 0.0 <= judgement.score <= 1.0
    assert judgement.score >= CLASSIFIER.threshold or not judgement.flagged
    assert judgement.genre in GENRES
    for finding in judgement.findings:
        assert text[finding.start : finding.end] == finding.quote
        assert finding.quote
        assert finding.family in FAMILIES
        assert finding.silenced is bool(finding.gates)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_is_judged(text: str) -> None:
    check(text)


@given(st.randoms(use_true_random=False), st.sampled_from(LIVE_EXAMPLES))
@settings(max_examples=150, deadline=None)
def test_quotes_hold_in_disguise(rng: random.Random, text: str) -> None:
    separator = rng.choice(["\u200b", "*", " ", "·", "\ufeff", "_", "️"])
    disguised = "".join(c + separator if rng.random() < 0.4 else c for c in text)
    disguised = disguised.translate(str.maketrans("0123456789%，！：", "０１２３４５６７８９％,!:"))
    check(disguised)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "\ud800", "治\udfff愈\ud800率98%", "\x00".join(AD), "治愈率" * 20_000, "患者" * 20_000 + "治愈",
     "a" * 1_000_000, "98.6" * 50_000, "“" * 20_000, "\n" * 50_000, "最" * 50_000 + "最佳", "(" * 30_000, AD * 500],
    ids=lambda text: f"{text[:4]!r}x{len(text)}",
)  # fmt: skip
def test_hostile_text(text: str) -> None:
    check(text)


def test_hostile_fields() -> None:
    bait = "治愈率98%" * 5_000 + "\ud800\x00"
    document = Document(text=AD, title=bait, site_name=bait, account=bait, url=bait, contact_in_body=("", bait))
    findings = CLASSIFIER.judge(document).findings
    assert findings
    assert all(AD[finding.start : finding.end] == finding.quote for finding in findings)


def test_an_advertisement_is_a_lead_and_says_why() -> None:
    judgement = CLASSIFIER.judge(Document(text=AD))
    assert judgement.flagged
    assert judgement.is_ad
    assert judgement.ad_basis
    assert {finding.family for finding in judgement.findings} >= {"efficacy-rate", "cure-guarantee"}
    assert any("98%" in reason for reason in judgement.reasons)


@pytest.mark.parametrize(
    "text",
    [
        "经查，当事人在网页上宣称治愈率98%、无效退款，违反《广告法》第十六条，责令停止发布，处罚款二十万元。",
        "高血压患者应坚持长期服药，把血压控制在目标范围内，不要轻信所谓根治的偏方。",
        "门诊时间：周一至周五上午八点至十二点，请携带医保卡和既往病历，提前三十分钟到分诊台签到。",
        "昨天下午，市气象台发布暴雨黄色预警，提醒市民减少外出。",
    ],
)
def test_lawful_texts_are_no_leads(text: str) -> None:
    judgement = CLASSIFIER.judge(Document(text=text))
    assert not judgement.flagged
    assert not judgement.is_ad


def test_parts_add_up_to_the_score() -> None:
    judgement = CLASSIFIER.judge(Document(text=AD))
    log_odds = math.fsum(judgement.parts.values())
    assert judgement.score == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-5)


def test_body_bounds_keep_menus_out() -> None:
    menu = "特惠活动 限时秒杀 免费领取 国际领先 专家亲诊 一次根治\n"
    body = (
        "高血压患者应坚持长期服药，定期测量血压，按时复查，饮食清淡，适当运动，戒烟限酒，保持心情舒畅，不要自行停药。"
        * 3
    )
    page = Document(text=menu + body, body_start=len(menu), body_end=len(menu) + len(body))
    assert CLASSIFIER.judge(page).score < CLASSIFIER.judge(Document(text=menu + body)).score


def test_same_input_same_bytes_in_another_process() -> None:
    program = (
        "import sys; from pathlib import Path; from classifier.engine import Classifier; from domain.findings import Document;"
        "print(ascii(Classifier.load(Path(sys.argv[1])).judge(Document(text=sys.argv[2], title='根治'))))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT / "lexicons"), AD],
            cwd=ROOT, env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert outputs[0].strip() == ascii(CLASSIFIER.judge(Document(text=AD, title="根治")))


def test_judging_loads_no_training_library() -> None:
    program = (
        "import sys; from pathlib import Path; from classifier.engine import Classifier; from domain.findings import Document;"
        "Classifier.load(Path(sys.argv[1])).judge(Document(text=sys.argv[2])); print(sorted({'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "lexicons"), AD],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_a_page_that_nothing_can_be_named_of_is_no_lead() -> None:
    lenient = Classifier.load(ROOT / "lexicons")
    lenient.threshold = 0.0
    abstract = "目的 探讨两种缝合方法的差异。方法 将120例患者随机分为两组。结果 两组住院天数差异无统计学意义（P>0.05）。结论 两法均可行。"
    plain = lenient.judge(Document(abstract))
    assert not plain.is_ad and all(finding.silenced for finding in plain.findings)
    assert not plain.flagged
    assert lenient.judge(Document("本院治愈率达98%，签约治疗，无效退款。")).flagged


def test_the_patterns_that_the_model_was_trained_with_are_not_checked_again() -> None:
    words = [item for rule in Classifier.load(ROOT / "lexicons").rules for item in rule.words if item.pattern]
    assert words and all(item.pattern._compiled is None for item in words if item.pattern)


def test_a_page_rule_points_at_the_good() -> None:
    text = "国庆期间打折。某某牌驼奶蛋白粉，老糖友吃了都停针了，一盒 268 元，订购电话 000-00001234。"
    quotes = {item.rule: item.quote for item in CLASSIFIER.judge(Document(text)).findings if not item.silenced}
    assert quotes["drug-device-food-no-approval"] == "某某牌驼奶蛋白粉"


def test_a_page_rule_does_not_point_where_its_words_do() -> None:
    judged = CLASSIFIER.judge(Document(text="远红外床垫能排毒、排酸，各种疾病不上身，全家人都该睡一张。"))
    places = [(item.rule, item.start, item.end) for item in judged.findings]
    assert "health-food-treat" in {rule for rule, _, _ in places}
    assert len(places) == len(set(places))


def test_a_page_rule_does_not_point_at_a_claim_where_its_words_found_one() -> None:
    text = (
        "本品无毒副作用。负离子能降血压，远红外床垫的负离子可提高免疫，高血压的人都在用负离子。"
        "负离子床垫一张 3980 元，订购电话 000-00001234。"
    )
    found = [item for item in CLASSIFIER.judge(Document(text)).findings if item.rule == "health-food-treat"]
    assert found and not any("副作用" in item.quote for item in found)


def test_a_bad_name_is_quoted_without_what_follows() -> None:
    text = "来源：江北市银屑病研究所专家组成员，门诊时间八点到五点。"
    quotes = {item.rule: item.quote for item in CLASSIFIER.judge(Document(text)).findings if not item.silenced}
    assert quotes["irregular-name"] == "江北市银屑病研究所"


def test_a_number_and_the_word_before_it_are_one_finding() -> None:
    text = "双眼皮手术后自然大方，恢复快，专家团队技术精湛，效果显著。本月优惠，咨询微信号：demoabc12。"
    quotes = [
        finding.quote for finding in CLASSIFIER.judge(Document(text=text)).findings if finding.rule == "no-ad-cert"
    ]
    assert quotes == ["咨询微信号：demoabc12"]


def test_a_house_is_quoted_with_its_name() -> None:
    text = "种植牙效果显著，终身不松动，全程无痛。安和口腔的团队技术精湛，牙齿矫正本月优惠。"
    document = Document(text=text, contact_in_footer=("000-00001234",))
    quotes = [finding.quote for finding in CLASSIFIER.judge(document).findings if finding.rule == "no-ad-cert"]
    assert quotes
    assert all("安和口腔" in quote for quote in quotes)
