"""What a person types into a public report form (12315, 12377): the fields as the page has them, each within its length.

Only a report: a complaint needs a dispute of the reporter's own, which a monitor has not.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.outbox import STATEMENT_ZH
from referral.checklist import FIELDS, to_the_minute
from referral.lead import ReferredLead
from referral.lead_matters import LeadMatter, matters_of
from referral.paper import on_paper

FILE = "report_forms.toml"
_OWN_KEYS = frozenset({"captured", "description", "attachments"})
_NO_AD = "注意：系统判断该页面不构成广告（医疗广告认定指南第五条至第九条的情形），所引广告法律法规未必适用，提交前须由人确认。"
#: A report quotes so many places for a matter.
_QUOTES = 3
_TAIL = "以上为网上监测发现的线索，尚未经主管部门认定，请依法核查。"


class ReportFormsBroken(Exception):
    """The file of forms lacks something; the message is Chinese for whoever keeps it."""


@dataclass(frozen=True, slots=True)
class FormField:
    """`key` names what the program fills in and `text` a fixed answer; with neither a person does, as `hint` says. `limit` is in
    characters, 0 where a person fills in."""

    label: str
    key: str
    text: str
    hint: str
    limit: int


@dataclass(frozen=True, slots=True)
class ReportForm:
    code: str
    name: str
    address: str
    note: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class FilledField:
    """`value` is empty where a person has to fill in; `shortened` when more was known than the form takes."""

    field: FormField
    value: str
    shortened: bool


def load_report_forms(letters: Path) -> Mapping[str, ReportForm]:
    """By code, such as `12315`. Raises ReportFormsBroken."""
    try:
        data = tomllib.loads((letters / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ReportFormsBroken(f"无法读取 {FILE}：{fault}") from fault
    return {code: _form(code, entry) for code, entry in data.items()}


def _form(code: str, entry: Mapping[str, Any]) -> ReportForm:
    try:
        fields = tuple(_field(code, each) for each in entry["fields"])
        return ReportForm(code, str(entry["name"]), str(entry["address"]), str(entry["note"]), fields)
    except (KeyError, TypeError, AttributeError) as fault:
        raise ReportFormsBroken(f"{FILE} 中 {code} 缺少或者写错 {fault}") from fault


def _field(code: str, entry: Mapping[str, Any]) -> FormField:
    label = str(entry["label"])
    key, text, hint = (str(entry.get(name, "")) for name in ("key", "text", "hint"))
    if sum(map(bool, (key, text, hint))) != 1:
        raise ReportFormsBroken(f"{FILE} 中 {code} 的“{label}”应在 key、text、hint 中写一项")
    if key and key not in _OWN_KEYS and key not in FIELDS:
        raise ReportFormsBroken(f"{FILE} 中 {code} 的“{label}”用了不存在的项目 {key}")
    limit = entry.get("limit", 0)
    if type(limit) is not int or (limit <= 0) is not bool(hint):
        raise ReportFormsBroken(f"{FILE} 中 {code} 的“{label}”的 limit 应为正整数，由人填写的不写")
    if key == "description" and limit < 2 * len(_TAIL):
        raise ReportFormsBroken(f"{FILE} 中 {code} 的“{label}”的 limit 太小，放不下说明")
    return FormField(label, key, text, hint, limit)


def fill(form: ReportForm, lead: ReferredLead, attachments: Sequence[str]) -> tuple[FilledField, ...]:
    """`attachments` are names of files that go with the report."""
    return tuple(_filled(field, lead, attachments) for field in form.fields)


def _filled(field: FormField, lead: ReferredLead, attachments: Sequence[str]) -> FilledField:
    if field.hint:
        return FilledField(field, "", False)
    if field.key == "description":
        return FilledField(field, *_description(lead, field.limit))
    whole = on_paper(field.text or _known(field.key, lead, attachments))
    if len(whole) <= field.limit:
        return FilledField(field, whole, False)
    if field.key == "url":  # half an address leads nowhere
        return FilledField(field, "网址过长，见附件", True)
    return FilledField(field, whole[: field.limit - 1] + "…", True)


def _known(key: str, lead: ReferredLead, attachments: Sequence[str]) -> str:
    if key == "captured":
        return to_the_minute(lead.captured_at)
    if key == "attachments":
        return "、".join(attachments)
    read = FIELDS[key].read
    return "" if read is None else read(lead)


def _description(lead: ReferredLead, limit: int) -> tuple[str, bool]:
    """The gravest matters first, as many as fit whole, and whether some were left out."""
    head = f"{to_the_minute(lead.captured_at)} 在该网址见到以下内容："
    matters = matters_of(lead)
    said = ""
    for number, matter in enumerate(matters, 1):
        line = f"{number}.{_quoted(matter)}（{on_paper(matter.said)}，{_basis(matter)}）；"
        left = f"另有 {len(matters) - number + 1} 项见附件。"
        room = limit - len(head) - len(said) - len(_TAIL) - len(left)
        if len(line) > room:
            return f"{head}{said}{left}{_TAIL}", True
        said += line
    return f"{head}{said.removesuffix('；')}。{_TAIL}", False


def _quoted(matter: LeadMatter) -> str:
    """The gravest places and how many there are."""
    quotes = "".join(f"“{on_paper(place.quote)}”" for place in matter.gravest(_QUOTES))
    return quotes if len(matter.places) <= _QUOTES else f"{quotes}等 {len(matter.places)} 处"


def _basis(matter: LeadMatter) -> str:
    """Guides are no law that anybody offends against."""
    return f"涉嫌违反{duties}" if (duties := matter.duties()) else f"参照{matter.guides()}"


def form_text(form: ReportForm, lead: ReferredLead, filled: Sequence[FilledField]) -> str:
    """To copy from, field by field."""
    lines = [f"{form.name}　{form.address}", f"线索 {lead.case_id}。{form.note}。", ""]
    if not lead.is_ad:
        lines += [_NO_AD, ""]
    for item in filled:
        if item.field.hint:
            lines += [f"【{item.field.label}】（{item.field.hint}）", ""]
            continue
        size = f"{len(item.value)}／{item.field.limit} 字" + ("，已截短" if item.shortened else "")
        lines += [f"【{item.field.label}】（{size}）", item.value or "（未知，须人工填写或者留空）", ""]
    lines += [f"{STATEMENT_ZH[said.kind]}：{on_paper(said.text)}" for said in lead.statements]
    return "\n".join(lines).rstrip() + "\n"
