"""Pages that no medical institution runs and that offer medical acts: evidence on both sides, silence where it is lawful."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from classifier.engine import Classifier
from domain.findings import Document, Judgement
from domain.institutions import RegisteredInstitution
from domain.operator_findings import with_operator_findings
from domain.operator_scope import LEAD_FROM, REMARK_FROM, ScopeBook, judge_scope
from domain.page import ExtractedPage
from storage.database import migrate, open_engine
from storage.operators.practitioners import SqlPractitioners
from storage.operators.registry import SqlRegistry
from storage.operators.registry_import import import_institutions
from yiguang.judging import NamesAndWords
from yiguang.lexicon_books import load_scope_book
from yiguang.night_judge import RegistryJudge

LEXICONS = Path(__file__).parents[2] / "lexicons"
DAY = date(2026, 11, 1)
OFFER = "本店新推水光针，一次399元；瘦脸针特价580元，无任何副作用，预约微信demo_shop1。"
RULE = "operator-not-medical"


@cache
def words() -> NamesAndWords:
    return NamesAndWords.load(Classifier.load(LEXICONS), LEXICONS)


@cache
def book() -> ScopeBook:
    return load_scope_book(LEXICONS)


def judged(text: str, **fields: str) -> Judgement:
    return words().judge(Document(text=text, **fields))  # type: ignore[arg-type]


def found(judgement: Judgement) -> list[str]:
    return [finding.quote for finding in judgement.findings if finding.rule == RULE]


@pytest.mark.parametrize(
    ("name", "text", "quotes"),
    [
        ("青屿丽人美容院", OFFER, ["水光针"]),
        (
            "临浦和安养生馆",
            "本馆小针刀专治颈椎病，三次断根，体验价198元，预约电话000-00001234。",
            ["小针刀", "专治颈椎病"],
        ),
        ("宁川顺足足浴城", "泡脚之外另有排毒输液，价格优惠，无效退款，微信demo_zu01。", ["输液"]),
        ("江洲阿欢美甲", "美甲顺便激光点痣，一次99元，保证不留疤，微信demo_huan。", ["激光点痣"]),
    ],
)
def test_a_shop_that_offers_medical_acts_is_a_lead_in_the_family_out_of_scope(
    name: str, text: str, quotes: list[str]
) -> None:
    before = words().classifier.judge(Document(text=text, site_name=name))
    after = judged(text, site_name=name)
    assert found(after) == quotes and (after.score, after.flagged) == (before.score, before.flagged)
    for finding in after.findings:
        assert text[finding.start : finding.end] == finding.quote
    lead = next(finding for finding in after.findings if finding.rule == RULE)
    assert lead.family == "out-of-scope" and "医疗广告管理办法5" in lead.basis
    reason = next(reason for reason in after.reasons if reason.startswith("经营主体线索"))
    assert name in reason and quotes[0] in reason and "待核" in reason


@pytest.mark.parametrize(
    "document",
    [
        Document(text=OFFER, site_name="青屿丽人医疗美容门诊部"),
        Document(text=OFFER, site_name="青屿丽人诊所"),
        Document(text=OFFER, title="项目价目 - 青屿丽人医疗美容诊所"),
        Document(text="本店做补水清洁，一次99元，不做水光针、瘦脸针等注射项目。", site_name="青屿丽人美容院"),
        Document(text="水光针面膜、玻尿酸原液特价49元，到店即送双眼皮贴。", site_name="青屿丽人美容院"),
        Document(text="免打针、非注射，手法提拉一次199元。", site_name="青屿丽人美容院"),
        Document(text="水光针属于医疗美容，应当到有资质的医疗机构，本店不提供。", site_name="青屿丽人美容院"),
        Document(text="艾灸、刮痧、肩颈推拿，体验价68元。", site_name="临浦和安养生馆"),
        Document(text="县卫健局查处一家美容院违法开展水光针，罚款三万元。", title="查处通报"),
        Document(text="美容院老板王某非法注射肉毒素被判刑，法院提醒选择正规机构。", site_name="青屿日报"),
        Document(text="零基础学水光针，开店扶持，学费优惠2980元。", site_name="青屿美容培训学校"),
        Document(text=""),
    ],
)
def test_lawful_pages_add_nothing(document: Document) -> None:
    judgement = words().judge(document)
    assert not found(judgement)
    assert not any("经营主体" in reason or "医疗机构资格" in reason for reason in judgement.reasons)


def test_thin_evidence_is_told_as_to_be_verified_and_is_no_lead() -> None:
    judgement = judged(
        "引进干细胞回输，名额有限，无任何副作用，保证见效，先到先得，项目详询店长。", site_name="康年健康管理有限公司"
    )
    assert not found(judgement)
    assert any(reason.startswith("待核：") and "健康管理" in reason for reason in judgement.reasons)


def test_a_licence_on_the_page_and_a_partner_weigh_against_it() -> None:
    plain = Document(text=OFFER, site_name="青屿丽人美容院")
    licensed = replace(plain, identifiers=("licence:PDY90001X31010412D2152",))
    partner = replace(plain, text=OFFER + "注射由合作医院医师实施。")
    scores = [judge_scope(document, book()) for document in (plain, licensed, partner)]
    assert all(scores)
    bare, shown, shared = (judged for judged in scores if judged is not None)
    assert bare.score >= LEAD_FROM > shown.score >= REMARK_FROM and shared.score < bare.score
    assert [item.name for item in shown.evidence_against] == ["licence-shown"]
    assert [item.name for item in shared.evidence_against] == ["partner"]


@pytest.mark.parametrize("genre", ["news", "regulatory", "science", "research", "forum", "recruitment"])
def test_pages_about_others_are_silent(genre: str) -> None:
    document = Document(text=OFFER, site_name="青屿丽人美容院")
    judgement = replace(words().classifier.judge(document), genre=genre)
    assert with_operator_findings(judgement, document, book(), words().kinds) == judgement


def test_what_is_no_advertisement_gets_a_remark_only() -> None:
    document = Document(text=OFFER, site_name="青屿丽人美容院")
    judgement = replace(words().classifier.judge(document), is_ad=False)
    after = with_operator_findings(judgement, document, book(), words().kinds)
    assert after.findings == judgement.findings and after.reasons[-1].startswith("待核：")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('scope')}/a.db")
    migrate(engine)
    rows = [
        RegisteredInstitution(
            "青屿丽人美容院", "样例", DAY, institution_class="诊所", licence="PDY90009X31010412D2152"
        ),
        RegisteredInstitution("临浦秀水美容院", "样例", DAY, institution_class="生活美容场所"),
    ]
    import_institutions(engine, rows, "样例", DAY)
    yield engine
    engine.dispose()


def at_night(engine: Engine, name: str) -> Judgement:
    judge = RegistryJudge(
        words(), SqlRegistry(engine), SqlPractitioners(engine), (), LEXICONS, lambda: datetime(2026, 11, 25, tzinfo=UTC)
    )
    return judge(ExtractedPage("https://www.a.example/", "", OFFER, "utf-8", site_name=name, body_end=len(OFFER)))


def test_the_registry_decides_both_ways_and_what_it_lacks_is_said(engine: Engine) -> None:
    assert not found(at_night(engine, "青屿丽人美容院"))
    other = at_night(engine, "临浦秀水美容院")
    assert found(other) and any(
        "名录所载类别为“生活美容场所”（样例，2026-11-01）" in reason for reason in other.reasons
    )
    unknown = at_night(engine, "宁川芳华美容院")
    assert found(unknown) and any("未见记载不等于未登记" in reason for reason in unknown.reasons)
    assert any("未比对名录" in reason for reason in judged(OFFER, site_name="宁川芳华美容院").reasons)


@given(st.text(alphabet="本店美容院水光针养生馆治疗颈椎病不得做元。，医诊所a 1\n", max_size=120), st.text(max_size=12))
def test_quotes_lie_in_the_text_and_scores_in_range(text: str, name: str) -> None:
    judgement = judge_scope(Document(text=text, site_name=name), book())
    if judgement is not None:
        assert 0 <= judgement.score < 1 and judgement.evidence_for
        assert all(text[act.start : act.end] == act.words for act in judgement.acts)
