"""Leads from names and from the registry: added after the score, quoted where the page has the words, silent otherwise."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from classifier.engine import Classifier
from domain.certificate_coverage import CertificateCoverage
from domain.contacts import find_contacts
from domain.findings import Document, Judgement
from domain.identifiers import find_identifiers
from domain.institutions import RegisteredInstitution
from domain.licence_numbers import parse_licence
from domain.name_findings import forbidden_word, with_brand_findings
from domain.page import ExtractedPage
from storage.database import migrate, open_engine
from storage.operators.certificate_lists import state_complete, withdraw_complete
from storage.operators.practitioners import RegisteredPractitioner, SqlPractitioners, import_practitioners
from storage.operators.registry import SqlRegistry
from storage.operators.registry_file import open_registry_file
from storage.operators.registry_import import import_institutions
from storage.operators.registry_rows import RowReader, load_headings
from tests.storage.samples import PRINTED, REGISTERED
from yiguang.judging import NamesAndWords, names_sha256
from yiguang.lexicon_books import load_brand_book, load_finding_kinds, load_subjects
from yiguang.night_judge import RegistryJudge, registry_view

ROOT = Path(__file__).parents[2]
LEXICONS = ROOT / "lexicons"
DAY = date(2026, 11, 1)
AD = "青屿安和门诊部特色口腔科，种植牙特价3980元，专治牙缺失，一次治愈，无效退款。预约热线000-00001234，微信demo_anhe。"


@cache
def words() -> NamesAndWords:
    return NamesAndWords.load(Classifier.load(LEXICONS), LEXICONS)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with the sample registry of the examples."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('registry')}/a.db")
    migrate(engine)
    headings, public, private = load_headings(LEXICONS)
    reader = RowReader(load_subjects(LEXICONS), public, private, "样例", DAY)
    with open_registry_file(ROOT / "examples" / "registry.csv", headings) as table:
        rows = list(reader.read_all(table))
    institutions = [row for row in rows if isinstance(row, RegisteredInstitution)]
    assert len(institutions) == len(rows) and all(parse_licence(row.licence) for row in institutions if row.licence)
    import_institutions(engine, institutions, "样例", DAY)
    yield engine
    engine.dispose()


def judge_of(engine: Engine) -> RegistryJudge:
    return RegistryJudge(
        words(), SqlRegistry(engine), SqlPractitioners(engine), (), LEXICONS, lambda: datetime(2026, 11, 25, tzinfo=UTC)
    )


def judged(engine: Engine, text: str, **page: str) -> Judgement:
    url = page.pop("url", "https://www.anhe.example/a")
    extracted = ExtractedPage(
        url=url,
        title="",
        encoding="utf-8",
        text=text,
        body_end=len(text),
        contacts=find_contacts(text),
        identifiers=find_identifiers(text),
        **page,  # type: ignore[arg-type]
    )
    return judge_of(engine)(extracted)


def rules(judgement: Judgement) -> dict[str, str]:
    return {finding.rule: finding.quote for finding in judgement.findings}


def test_a_brand_in_the_name_is_a_lead_and_the_score_stays() -> None:
    text = "宁川新西京男科医院欢迎您，门诊时间八点至五点。"
    document = Document(text=text, site_name="宁川新西京男科医院", url="https://www.kangtai.example/")
    before = words().classifier.judge(document)
    after = words().judge(document)
    assert (after.score, after.flagged) == (before.score, before.flagged)
    assert any("傍名牌线索" in reason and "西京" in reason for reason in after.reasons)
    assert any(finding.family == "brand-piggyback" for finding in after.findings)
    for finding in after.findings:
        assert text[finding.start : finding.end] == finding.quote


@pytest.mark.parametrize(
    "document",
    [
        Document(text="门诊时间与就诊须知。", site_name="北京协和医院", url="https://www.pumch.cn/"),
        Document(text="门诊时间与就诊须知。", site_name="中山市人民医院", url="https://www.a.example/"),
        Document(text="门诊时间与就诊须知。", site_name="青屿安和门诊部", url="https://www.anhe.example/"),
        Document(text="门诊时间与就诊须知。", url="https://["),
        Document(text=""),
    ],
)
def test_lawful_names_add_nothing(document: Document) -> None:
    assert words().judge(document) == words().classifier.judge(document)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("沅北癫痫病治愈医院", "治愈"),
        ("青屿疑难病专治馆", "疑难病"),
        ("江洲祖传骨科诊所官网", "祖传"),
        ("江洲名医馆", "名医"),
        ("青屿安和门诊部", ""),
        ("青屿区人民医院", ""),
        ("青屿区人民医院专家门诊", ""),
        ("名医讲堂", ""),
        ("青屿市精神医院", ""),
        ("", ""),
    ],
)
def test_words_that_no_institution_may_be_named_with(name: str, word: str) -> None:
    assert forbidden_word(name, words().kinds) == word


def test_a_forbidden_name_is_quoted_and_told() -> None:
    document = Document(text="沅北祖传骨病门诊部，接骨四十年，电话000-00001234。", site_name="沅北祖传骨病门诊部")
    judgement = words().judge(document)
    assert any("名称含“祖传”" in reason for reason in judgement.reasons)
    assert any(finding.family == "bad-naming" for finding in judgement.findings)
    assert judgement.score == words().classifier.judge(document).score


def test_pages_about_others_add_nothing() -> None:
    document = Document(text="新协和男科医院", site_name="新协和男科医院")
    quiet = replace(words().classifier.judge(document), genre="news")
    assert with_brand_findings(quiet, document, load_brand_book(LEXICONS), load_finding_kinds(LEXICONS)) == quiet


def test_another_name_among_the_keywords_is_told_and_quoted_nowhere() -> None:
    document = Document(
        text="江洲安美整形美容医院欢迎您，门诊时间八点至五点。",
        site_name="江洲安美整形美容医院",
        keywords="江洲整形,北京协和医院整形外科",
    )
    before, after = words().classifier.judge(document), words().judge(document)
    assert (after.score, after.findings) == (before.score, before.findings)
    assert any(reason.startswith("傍名牌线索：关键词“北京协和医院整形外科”") for reason in after.reasons)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "李医生毕业于协和医学院，曾在北京协和医院进修。"},
        {"description": "李医生曾在北京协和医院进修，现于本院出诊"},
        {"description": "北京协和医院医联体成员单位"},
        {"site_name": "江洲市人民医院"},
        {"site_name": "江洲医院大全"},
        {"site_name": "江洲日报新闻网"},
    ],
)
def test_lawful_reasons_for_another_name_among_the_keywords_make_no_lead(changes: dict[str, Any]) -> None:
    document = Document(text="门诊时间八点至五点。", site_name="江洲安美整形美容医院", keywords="北京协和医院整形外科")
    assert any("傍名牌线索" in reason for reason in words().judge(document).reasons)
    assert not any("傍名牌线索" in reason for reason in words().judge(replace(document, **changes)).reasons)


def test_a_description_alone_stays_to_be_verified() -> None:
    document = Document(
        text="门诊时间八点至五点。", site_name="江洲安美整形美容医院", description="江洲安美，胜似北京协和医院"
    )
    reasons = words().judge(document).reasons
    assert any(reason.startswith("待核：页面简介“胜似北京协和医院”") for reason in reasons)


def test_a_registered_affiliate_may_use_the_name(engine: Engine) -> None:
    text = "青屿区协和妇产医院欢迎您。"
    partner = RegisteredInstitution(
        "青屿区协和妇产医院", "医联体名单", DAY, affiliated_with=("北京协和医院",), domains=("partner.example",)
    )
    import_institutions(engine, [partner], "医联体名单", DAY)
    alone = judged(engine, text, site_name="青屿区协和妇产医院 ", url="https://other.example/")
    assert not any("傍名牌线索" in reason for reason in alone.reasons)
    stranger = judged(engine, "宁川协和妇产医院欢迎您。", site_name="宁川协和妇产医院", url="https://other.example/")
    assert any("傍名牌线索" in reason for reason in stranger.reasons)


@pytest.mark.parametrize("printed", PRINTED)
def test_the_operator_is_known_by_its_number_however_it_is_printed(tmp_path: Path, printed: str) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.db")
    migrate(engine)
    import_institutions(engine, [REGISTERED], "样例", DAY)
    numbers = find_identifiers(printed)
    page = ExtractedPage("https://a.example/", "", printed, "utf-8", identifiers=numbers)
    assert registry_view(page, SqlRegistry(engine)).identified == (REGISTERED,)
    engine.dispose()


def test_certificates_are_held_against_the_register(engine: Engine) -> None:
    good = judged(engine, AD + "（沪）医广[2026]第07-01-0355号", site_name="青屿安和门诊部")
    assert good.is_ad and any("持证人 青屿安和门诊部" in reason for reason in good.reasons)
    assert not {rule for rule in rules(good) if rule.startswith("certificate-")}
    borrowed = judged(
        engine, AD + "（沪）医广【2026】第07-01-0355号", site_name="江洲丽颜", url="https://liyan.example/"
    )
    assert rules(borrowed).get("certificate-mismatch") == "（沪）医广【2026】第07-01-0355号"
    unknown = judged(engine, AD + "（沪）医广【2026】第07-02-0355号", site_name="青屿安和门诊部")
    assert any("待核" in reason for reason in unknown.reasons)
    assert not {rule for rule in rules(unknown) if rule.startswith("certificate-")}


def test_subjects_beyond_the_licence_are_leads_and_licensed_ones_are_not(engine: Engine) -> None:
    text = AD.replace("特色口腔科", "特色口腔科，另设有妇产科、皮肤科门诊，内科常年开展")
    found = judged(engine, text, site_name="青屿安和门诊部")
    quotes = [finding.quote for finding in found.findings if finding.rule == "subject-not-licensed"]
    assert quotes == ["妇产科", "皮肤科"]
    assert any("妇产科" in reason and "待核" in reason for reason in found.reasons)
    sent_away = judged(engine, AD + "产后患者可转诊至妇产科。", site_name="青屿安和门诊部")
    assert "subject-not-licensed" not in rules(sent_away)


def test_a_name_unlike_the_registered_one_is_told(engine: Engine) -> None:
    other = judged(engine, "青屿国医堂馆：" + AD, site_name="青屿国医堂馆")
    assert any("青屿国医堂馆" in reason and "登记名称" in reason for reason in other.reasons)
    short = judged(engine, AD, site_name="青屿安和官网")
    assert not any("登记名称" in reason for reason in short.reasons)


def test_what_is_no_advertisement_is_not_compared(engine: Engine) -> None:
    plain = judged(engine, "高血压患者应坚持服药，设有妇产科的医院可做孕检。", site_name="青屿国医堂馆")
    assert not plain.is_ad
    assert not {"subject-not-licensed", "name-differs"} & rules(plain).keys()


def test_doctors_whom_no_list_has_are_a_question_and_never_a_finding(engine: Engine) -> None:
    text = AD + "\n主任医师 李云屿\n主治医师 沈澄"
    before = judged(engine, text, site_name="青屿安和门诊部")
    assert not any("未见于名录所载本机构医师" in reason for reason in before.reasons)
    import_practitioners(engine, [RegisteredPractitioner("沈澄", "青屿安和门诊部")], "医师名单", DAY)
    after = judged(engine, text, site_name="青屿安和门诊部")
    assert (after.findings, after.score) == (before.findings, before.score)
    (said,) = [reason for reason in after.reasons if "未见于名录所载本机构医师" in reason]
    assert said.startswith("待核：") and "李云屿（主任医师）" in said and "沈澄" not in said
    assert "practitioners of 医师名单 2026-11-01 1" in judge_of(engine).registry_state


@pytest.mark.parametrize(
    "name",
    [
        "brands.csv",
        "brand_names/words.toml",
        "registry/findings.toml",
        "registry/operators.toml",
        "registry/practitioners.toml",
        "registry/subjects.csv",
    ],
)
def test_the_digest_of_names_covers_every_list(tmp_path: Path, name: str) -> None:
    for folder in ("brand_names", "registry"):
        shutil.copytree(LEXICONS / folder, tmp_path / folder)
    shutil.copy(LEXICONS / "brands.csv", tmp_path)
    before = names_sha256(tmp_path)
    assert before == names_sha256(LEXICONS)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write("#")
    assert names_sha256(tmp_path) != before


def test_a_judgement_names_the_lists_and_the_registry_it_rests_on(engine: Engine, tmp_path: Path) -> None:
    empty = open_engine(f"sqlite:///{tmp_path}/empty.db")
    migrate(empty)
    judges = [judge_of(held) for held in (empty, engine)]
    assert [bool(judge.registry_state) for judge in judges] == [False, True]
    assert "样例 2026-11-01" in judges[1].registry_state
    named = [judged(held, AD).names_sha256 for held in (empty, engine)]
    assert named == [judge.names_sha256 for judge in judges]
    assert len(set(named)) == 2


def test_a_number_missing_from_a_list_stated_complete_is_a_lead_until_withdrawn(engine: Engine) -> None:
    missing, later = "（沪）医广【2026】第07-02-0355号", "（沪）医广【2026】第11-02-0355号"
    state_complete(engine, [CertificateCoverage("沪医广", "样例", DAY)])
    try:
        stated = judge_of(engine).registry_state
        found = judged(engine, AD + missing, site_name="青屿安和门诊部")
        assert rules(found).get("certificate-not-found") == missing
        assert any("样例，2026-11-01" in reason and "待核" in reason for reason in found.reasons)
        for text in (later, missing.replace("沪", "苏"), "（沪）医广【2026】第07-01-0355号"):
            assert "certificate-not-found" not in rules(judged(engine, AD + text, site_name="青屿安和门诊部"))
    finally:
        assert withdraw_complete(engine, "沪医广") == 1
    assert judge_of(engine).registry_state != stated and withdraw_complete(engine, "沪医广") == 0
    assert "certificate-not-found" not in rules(judged(engine, AD + missing, site_name="青屿安和门诊部"))
