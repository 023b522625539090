"""What may leave, and what is known of it."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from domain.identifiers import find_identifiers
from domain.institutions import RegisteredInstitution
from domain.reviews import FINDING_VERDICT_ZH, FindingVerdict, Verdict
from domain.roles import Role
from domain.routing import Medium, Subject
from referral.lead import NotReferable, ReferredLead, gather
from review.accounts import Account
from review.decisions import Decisions
from storage.operators.registry_import import import_institutions
from storage.tables import bundles, desk_decisions, desk_items, findings, pages, targets
from tests.referral.leads import LEAD, REFERENCE, confirm, masker
from tests.review.desk import Clock, Page, desk, own_text, people
from tests.storage.samples import PRINTED, REGISTERED

LISTED = RegisteredInstitution("示例门诊部", "甲省名录", LEAD.captured_at.date(), licence="12345", region="甲省")


def _case(engine: Engine, item_id: int) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item_id)).scalar_one())


def _gather(engine: Engine, case: int) -> ReferredLead:
    return gather(engine, case, REFERENCE, masker())


def test_a_lead_that_two_persons_confirmed(engine: Engine, tmp_path: Path) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    confirm(engine, item)
    lead = _gather(engine, _case(engine, item))
    (claim,) = lead.claims
    assert (claim.quote, claim.family) == ("治愈率达98%", "efficacy-rate")
    assert own_text("a")[claim.start : claim.end] == claim.quote
    assert claim.recipients[0] == "amr" and claim.articles[0].point
    assert (claim.rule, claim.title) == ("cure-rate", "说明治愈率、有效率，或者以例数说明疗效") and claim.why
    assert [made.by for made in lead.confirmations] == ["analyst1", "reviewer2"]
    assert (lead.publication.medium, lead.subject.name) == (Medium.UNKNOWN, "示例门诊部")


def _findings(engine: Engine, case: int) -> list[int]:
    with engine.connect() as connection:
        query = select(findings.c.id).where(findings.c.page_id == case, findings.c.silenced.is_(False))
        return list(connection.scalars(query.order_by(findings.c.start_offset, findings.c.id)))


def _say(engine: Engine, reader: Account, item: int, said: dict[int, FindingVerdict]) -> None:
    with engine.connect() as connection:
        version = connection.execute(select(desk_items.c.version).where(desk_items.c.id == item)).scalar_one()
    Decisions(engine, Clock()).decide(reader, item, Verdict.CONFIRM, finding_verdicts=said, expected_version=version)


@pytest.mark.parametrize("verdict", [FindingVerdict.NO, FindingVerdict.WRONG_RULE])
def test_what_the_readers_did_not_hold_is_no_claim(engine: Engine, tmp_path: Path, verdict: FindingVerdict) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    case = _case(engine, item)
    with engine.begin() as connection:
        live = select(findings).where(findings.c.page_id == case, findings.c.silenced.is_(False))
        row = connection.execute(live).one()
        other = {**row._mapping, "rule": "cure-guarantee", "id": row.id + 100}
        connection.execute(insert(findings).values(other))
    first, second = _findings(engine, case)
    analyst, reviewer = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    _say(engine, analyst, item, {first: verdict, second: verdict})
    _say(engine, reviewer, item, {second: FindingVerdict.YES})  # who speaks of it last decides
    lead = _gather(engine, case)
    (claim,), (left,) = lead.claims, lead.left_out
    assert (claim.rule, left.claim.rule, left.verdict) == ("cure-guarantee", "cure-rate", verdict)
    assert f"审核判为{FINDING_VERDICT_ZH[verdict]}：“{left.claim.quote}”" in left.said and left.claim.rule in left.said


def test_a_lead_of_which_no_finding_is_held_does_not_leave(engine: Engine, tmp_path: Path) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    case = _case(engine, item)
    analyst, reviewer = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    _say(engine, analyst, item, {})
    _say(engine, reviewer, item, dict.fromkeys(_findings(engine, case), FindingVerdict.NO))
    with pytest.raises(NotReferable, match="没有可移送的内容"):
        _gather(engine, case)


def test_what_was_said_with_a_decision_that_does_not_count_any_more_is_not_heard(
    engine: Engine, tmp_path: Path
) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    case = _case(engine, item)
    analyst, reviewer = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    _say(engine, analyst, item, dict.fromkeys(_findings(engine, case), FindingVerdict.NO))
    Decisions(engine, Clock()).undo(analyst)
    confirm(engine, item, [analyst, reviewer])
    lead = _gather(engine, case)
    assert len(lead.claims) == len(_findings(engine, case)) and not lead.left_out


def test_one_person_is_not_enough(engine: Engine, tmp_path: Path) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    (analyst,) = people(engine, Clock(), Role.ANALYST)
    case = _case(engine, item)
    with pytest.raises(NotReferable, match="尚未由两人确认"):
        _gather(engine, case)
    Decisions(engine, Clock()).decide(analyst, item, Verdict.CONFIRM, expected_version=1)
    with pytest.raises(NotReferable, match="尚未由两人确认"):
        _gather(engine, case)


def test_a_state_without_its_decisions_is_not_believed(engine: Engine, tmp_path: Path) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    confirm(engine, item)
    with engine.begin() as connection:
        first = connection.scalars(select(desk_decisions.c.id).order_by(desk_decisions.c.id)).first()
        connection.execute(update(desk_decisions).where(desk_decisions.c.id == first).values(undone_at=LEAD.last_seen))
    with pytest.raises(NotReferable, match="不足两人"):
        _gather(engine, _case(engine, item))


def test_words_that_were_cleared_and_evidence_that_is_gone(engine: Engine, tmp_path: Path) -> None:
    ids = desk(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8)})
    readers = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    cases = {path: _case(engine, item) for path, item in ids.items()}
    for item in ids.values():
        confirm(engine, item, readers)
    with engine.begin() as connection:
        connection.execute(update(pages).where(pages.c.id == cases["a"]).values(text=None))
        connection.execute(delete(bundles).where(bundles.c.page_id == cases["b"]))
    with pytest.raises(NotReferable, match="正文已依保存期限清除"):
        _gather(engine, cases["a"])
    with pytest.raises(NotReferable, match="没有封存的证据"):
        _gather(engine, cases["b"])


def test_a_page_that_is_not_there(engine: Engine) -> None:
    with pytest.raises(KeyError):
        _gather(engine, 404)


def test_other_confirmed_leads_of_the_institution_are_counted(engine: Engine, tmp_path: Path) -> None:
    ids = desk(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8), "c": Page(0.7)})
    readers = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    for path in ("a", "b"):
        confirm(engine, ids[path], readers)
    assert _gather(engine, _case(engine, ids["a"])).confirmed_before == 1


def test_the_registry_says_whose_site_it_is() -> None:
    owned = replace(LISTED, domains=("clinic.example",))
    lead = replace(LEAD, named=(), site_name="", registered=(owned,))
    assert (lead.publication.medium, lead.publication.region) == (Medium.OWN_SITE, "甲省")
    assert lead.subject.licensed
    other = replace(LEAD, named=(), site_name="", registered=(LISTED,))
    assert other.publication.medium is Medium.UNKNOWN


def test_a_host_that_only_ends_alike_is_not_the_institutions() -> None:
    owned = replace(LISTED, domains=("nic.example",))
    assert replace(LEAD, named=(), site_name="", registered=(owned,)).publication.medium is Medium.UNKNOWN


def test_two_institutions_of_different_names_are_not_chosen_between() -> None:
    lead = replace(LEAD, site_name="", registered=(LISTED, replace(LISTED, name="另一门诊部")))
    assert lead.institution is None
    assert (lead.subject.name, lead.subject.licensed) == ("示例门诊部", None)


FAMOUS = replace(LISTED, name="北京示例医院", region="北京市", licence="67890")


def test_the_party_is_whose_site_it_is_not_the_hospital_that_the_page_names_first() -> None:
    named = ("北京示例医院", "示例门诊部")
    lead = replace(LEAD, named=named, site_name="示例门诊部官网", registered=(FAMOUS,))
    assert (lead.institution, lead.subject) == (None, Subject("示例门诊部", "甲省乙市"))
    assert replace(lead, registered=()).subject == lead.subject
    assert replace(lead, numbers=(("licence", "67890"),)).institution == FAMOUS
    assert replace(lead, site_name="").institution is None
    assert replace(lead, site_name="", named=("北京示例医院",)).institution == FAMOUS
    owned = replace(lead, site_name="", registered=(FAMOUS, replace(LISTED, domains=("clinic.example",))))
    assert (owned.subject.name, owned.subject.region) == ("示例门诊部", "甲省")
    assert owned.publication.medium is Medium.OWN_SITE
    post = replace(lead, account="示例健康号", registered=(FAMOUS, replace(LISTED, accounts=("示例健康号",))))
    assert (post.subject.name, post.publication.medium) == ("示例门诊部", Medium.OWN_ACCOUNT)


@pytest.mark.parametrize("told", ["示例门诊部", "91440300192203821x", "９１４４０３００ １９２２０３８２１Ｘ"])
def test_the_party_is_who_the_targets_file_names(told: str) -> None:
    named = ("北京示例医院", "示例门诊部")
    own = replace(LISTED, credit_code="91440300192203821X")
    lead = replace(LEAD, site_name="", named=named, registered=(FAMOUS, own), target_institution=told)
    assert lead.subject == Subject("示例门诊部", "甲省", True)
    assert replace(lead, registered=(FAMOUS,)).institution is None


@pytest.mark.parametrize(
    "told", ["91440300192203821X", "９１４４０３００１９２２０３８２１Ｘ", "９１４４０３００ １９２２０３８２１Ｘ"]
)
def test_a_credit_code_is_nobodys_name_however_the_targets_file_writes_it(told: str) -> None:
    lead = replace(LEAD, site_name="示例门诊部官网", named=("示例门诊部",), registered=(), target_institution=told)
    assert lead.subject.name == "示例门诊部"


@pytest.mark.parametrize("printed", PRINTED)
def test_the_party_is_whose_number_the_page_shows_however_it_is_printed(
    engine: Engine, tmp_path: Path, printed: str
) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    confirm(engine, item)
    import_institutions(engine, [REGISTERED], REGISTERED.source, REGISTERED.as_of)
    shown = [asdict(each) for each in find_identifiers(printed)]
    with engine.begin() as connection:
        connection.execute(update(pages).values(identifiers=shown, institutions=["云埠示例医院"]))
    lead = _gather(engine, _case(engine, item))
    assert (lead.registered, lead.institution) == ((REGISTERED,), REGISTERED)


def test_the_targets_file_is_asked_who_it_is(engine: Engine, tmp_path: Path) -> None:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    confirm(engine, item)
    with engine.begin() as connection:
        connection.execute(update(targets).values(institution="云埠示例医院"))
    assert _gather(engine, _case(engine, item)).subject.name == "云埠示例医院"


def test_an_account_is_the_institutions_when_the_registry_has_it_or_its_name_says_so() -> None:
    post = replace(LEAD, account="demo_xxxx", site_name="")
    assert (post.publication.medium, post.publication.is_account) == (Medium.UNKNOWN, True)
    listed = replace(post, named=(), registered=(replace(LISTED, accounts=("demo_xxxx",)),))
    assert listed.publication.medium is Medium.OWN_ACCOUNT
    assert replace(post, account="示例门诊部服务号").publication.medium is Medium.OWN_ACCOUNT
