"""Rules as a reader and an editor see them: what they look for, what became of them, and what a change would do."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.responses import Response

from classifier.reference import RuleCard
from domain.findings import FAMILY_ZH, Document, Judgement
from domain.roles import Act
from review.training import rule_ledger
from review.web.guard import Page
from review.web.highlights import Span, pieces
from review.web.problems import Problem, bad_request, not_found
from review.web.proposals import (
    MAX_CHARACTERS,
    TrialResult,
    difference,
    list_proposals,
    recent_documents,
    rule_file,
    write_proposal,
)
from review.web.visit import Visit

_MAX_TRIED = 20_000


def rules(visit: Visit) -> Response:
    cards = visit.desk.lexicon.reference.rules.values()
    family = visit.query("family")
    chosen = [card for card in cards if not family or card.family == family]
    grouped: dict[str, list[RuleCard]] = {}
    for card in sorted(chosen, key=lambda card: (list(FAMILY_ZH).index(card.family), card.id)):
        grouped.setdefault(card.family, []).append(card)
    return visit.page(
        "rules.html", grouped=grouped, ledger=rule_ledger(visit.desk.engine), total=len(chosen), family=family,
        can_try=visit.desk.lexicon.judge is not None, text="", judgement=None, pieces=[],
    )  # fmt: skip


def rule(visit: Visit) -> Response:
    return _shown(visit, _source(visit), None, "")


def try_text(visit: Visit) -> Response:
    """What the rules in force make of a text that somebody types; nothing of it is kept."""
    judge = visit.desk.lexicon.judge
    if judge is None:
        raise not_found("没有载入分类器")
    text = visit.text("text", _MAX_TRIED)
    judgement = judge(Document(text, visit.text("title", 500)))
    spans = [
        Span(finding.start, finding.end, number, not finding.silenced)
        for number, finding in enumerate(judgement.findings, 1)
    ]
    return visit.page("_tried.html" if visit.wants_part else "tried.html", text=text, judgement=judgement,
        pieces=pieces(text, spans), titles=_titles(visit, judgement),
    )  # fmt: skip


def _titles(visit: Visit, judgement: Judgement) -> dict[str, str]:
    return {finding.rule: visit.desk.lexicon.reference.title_of(finding.rule) for finding in judgement.findings}


def try_change(visit: Visit) -> Response:
    """What a changed rule would do; nothing is written."""
    source = _source(visit)
    changed = _changed(visit)
    return _shown(visit, source, _tried(visit, source, changed), changed)


def propose(visit: Visit) -> Response:
    """Leave a change for review. A file that does not hold, or examples that fail, are not taken."""
    source, changed, note = _source(visit), _changed(visit), visit.text("note")
    if not note.strip():
        raise bad_request("请写明为何要改")
    result = _tried(visit, source, changed)
    patch = difference(source.stem, source.read_text(encoding="utf-8"), changed)
    if result.faults or not patch:
        return _shown(visit, source, result, changed, HTTPStatus.UNPROCESSABLE_ENTITY)
    now, who = visit.desk.clock(), visit.account.name
    trial = {"pages": result.pages, "gained": len(result.gained), "lost": len(result.lost), "kept": result.kept}
    detail = {"rule": source.stem, "by": who, "at": now.isoformat(), "why": note, "trial": trial}
    name = write_proposal(visit.desk.folder, source.stem, patch, detail, now)
    visit.desk.log.record_alone(
        who, "rule-proposed", f"rule:{source.stem}", {"file": name, "why": note, "trial": trial}
    )
    return visit.go(f"/rules/{source.stem}?done=proposed")


def _source(visit: Visit) -> Path:
    folder = visit.desk.lexicon.folder
    path = None if folder is None else rule_file(folder, str(visit.request.path_params["rule"]))
    if path is None:
        raise not_found("没有这条规则")
    return path


def _changed(visit: Visit) -> str:
    text = visit.text("yaml", MAX_CHARACTERS).replace("\r\n", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def _tried(visit: Visit, source: Path, changed: str) -> TrialResult:
    trial = visit.desk.lexicon.trial
    if trial is None:
        raise Problem(HTTPStatus.NOT_IMPLEMENTED, "此审核台没有载入规则试行")
    return trial(source.stem, changed, recent_documents(visit.desk.engine))


def _shown(
    visit: Visit, source: Path, result: TrialResult | None, changed: str, status: int = HTTPStatus.OK
) -> Response:
    before = source.read_text(encoding="utf-8")
    card = visit.desk.lexicon.reference.rules.get(source.stem)
    if card is None:
        raise not_found("没有这条规则")
    values: dict[str, Any] = {
        "card": card,
        "entry": rule_ledger(visit.desk.engine).get(card.id),
        "yaml": before,
        "changed": changed or before,
        "patch": difference(card.id, before, changed).splitlines() if changed else [],
        "result": result,
        "gates": visit.desk.lexicon.reference.gates,
        "proposals": list_proposals(visit.desk.folder, card.id),
        "done": visit.query("done"),
    }
    return visit.page("rule.html", status, **values)


PAGES = (
    Page("GET", "/rules", rules, Act.READ_RULES),
    Page("POST", "/rules/try", try_text, Act.READ_RULES, cost=5.0),
    Page("GET", "/rules/{rule}", rule, Act.READ_RULES),
    Page("POST", "/rules/{rule}/try", try_change, Act.PROPOSE_RULE, cost=40.0),
    Page("POST", "/rules/{rule}/propose", propose, Act.PROPOSE_RULE, cost=40.0),
)
