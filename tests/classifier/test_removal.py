"""The smallest set of findings that carries a lead."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.engine import Classifier
from classifier.removal import removal_reason, smallest_removal
from domain.findings import Document, Finding

CLASSIFIER = Classifier.load(Path(__file__).parents[2] / "lexicons")
AD = "我院采用祖传秘方，根治白癜风，治愈率高达98%，无效退款！咨询电话000-00001234"
TOLD = (
    "引起白癜风的原因有很多，比如遗传、精神压力大、饮食不节等。网友提问：白癜风去哪看比较好？"
    "专家回复：建议选择皮肤专科，因为专科医院只研究这一类疾病，医生每天接触的都是同类患者，方案更成熟，这一点是综合性医院做不到的。"
)


def finding(number: int, weight: float, quote: str = "", *, silenced: bool = False) -> Finding:
    quote = quote or f"引文{number}"
    return Finding(
        f"rule-{number}", "other", quote, number * 10, number * 10 + len(quote), weight, ("广告法16",), 1,
        silenced, ("G1",) if silenced else (),
    )  # fmt: skip


def additive(findings: list[Finding], base: float = 0.0) -> object:
    def score(removed: frozenset[Finding]) -> float:
        return base + sum(item.weight for item in findings if not item.silenced and item not in removed)

    return score


def test_the_smallest_set_is_found() -> None:
    findings = [finding(1, 0.25), finding(2, 0.375), finding(3, 0.0625), finding(4, 0.25, silenced=True)]
    removal = smallest_removal(findings, additive(findings), 0.5)  # type: ignore[arg-type]
    assert removal.findings == (findings[1],)
    assert removal.exact
    assert removal.score == 0.3125


def test_repeated_quotes_of_one_rule_count_once() -> None:
    again = [Finding("r", "other", "根治", at, at + 2, 0.5, ("广告法16",), 1) for at in (0, 10, 20)]
    removal = smallest_removal(again, additive(again), 0.5)  # type: ignore[arg-type]
    assert removal.findings == (again[0],)


def test_a_lead_that_no_finding_carries() -> None:
    findings = [finding(1, 0.1)]
    removal = smallest_removal(findings, additive(findings, base=0.8), 0.5)  # type: ignore[arg-type]
    assert removal.findings is None
    assert "0.80" in removal_reason(removal)


@given(st.lists(st.integers(1, 64), min_size=11, max_size=30), st.integers(1, 40))
def test_a_greedy_set_is_enough_and_needs_each_of_its_findings(weights: list[int], threshold: int) -> None:
    findings = [finding(number, float(weight)) for number, weight in enumerate(weights)]
    score = additive(findings)
    removal = smallest_removal(findings, score, threshold)  # type: ignore[arg-type]
    assert removal.findings is not None
    assert not removal.exact
    removed = frozenset(removal.findings)
    assert score(removed) == removal.score < threshold  # type: ignore[operator]
    assert all(score(removed - {one}) >= threshold for one in removed)  # type: ignore[operator]


def test_an_advertisement_without_its_decisive_findings_is_no_lead() -> None:
    explained = CLASSIFIER.explain(Document(text=AD))
    assert explained.judgement.flagged
    assert explained.removal is not None
    assert explained.removal.score < CLASSIFIER.threshold or explained.removal.findings is None
    assert set(explained.removal.findings or ()) <= set(explained.judgement.findings)
    assert explained.judgement.reasons[-1] == removal_reason(explained.removal)
    assert explained == CLASSIFIER.explain(Document(text=AD))


@pytest.mark.parametrize("text", ["", "请患者带好病历到二楼就诊。"])
def test_a_page_that_is_no_lead_needs_no_explanation(text: str) -> None:
    explained = CLASSIFIER.explain(Document(text=text))
    assert explained.removal is None
    assert explained.judgement == CLASSIFIER.judge(Document(text=text))


def test_a_page_that_is_no_advertisement_hangs_on_all_of_its_findings() -> None:
    """Its words alone reach the threshold, but where nothing can be pointed at there is no lead."""
    explained = CLASSIFIER.explain(Document(text=TOLD))
    judgement, removal = explained.judgement, explained.removal
    assert judgement.flagged and not judgement.is_ad
    assert removal is not None and removal.nothing_left and removal.score >= CLASSIFIER.threshold
    assert removal.findings and set(removal.findings) <= {item for item in judgement.findings if not item.silenced}
    assert {item.rule for item in judgement.findings if not item.silenced} == {item.rule for item in removal.findings}
    assert judgement.reasons[-1].startswith("不计全部命中，评分仍为") and "不成线索" in judgement.reasons[-1]


def test_explaining_changes_no_score() -> None:
    plain, explained = CLASSIFIER.judge(Document(text=AD)), CLASSIFIER.explain(Document(text=AD)).judgement
    assert (plain.score, plain.findings, plain.parts) == (explained.score, explained.findings, explained.parts)
    assert explained.score == pytest.approx(1 / (1 + math.exp(-math.fsum(explained.parts.values()))), abs=1e-5)
