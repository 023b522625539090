"""The papers that go with a case which an authority transfers to the police, as drafts: 行政执法机关移送涉嫌犯罪案件的规定 6.

They say what the program knows. What only the authority can say stands as a blank that names itself, and on the checklist.
"""

from collections.abc import Mapping
from typing import Any

from domain.institutions import shown_party
from referral.checklist import FIELDS
from referral.lead import ReferredLead
from referral.letter import LEADS_SHOWN, Consignment, letter_values
from referral.paper import on_paper
from referral.recipients import RecipientCard

BLANK = "（由移送机关填写）"
DRAFT = "（草稿）"
#: Of `referral.checklist.FIELDS`: what a person may have told for the whole package.
_TOLD = ("crime", "amount", "victims")


def paper_values(consignment: Consignment) -> dict[str, Any]:
    """The names that a template of a paper may use: those of a letter, and blanks for the authority."""
    told = {key: on_paper(consignment.told.get(key, "")) or BLANK for key in _TOLD}
    return (
        letter_values(consignment)
        | told
        | {"blank": BLANK, "parties": [_party(lead) for lead in consignment.leads[:LEADS_SHOWN]]}
    )


def papers_text(card: RecipientCard, told: Mapping[str, str]) -> list[str]:
    """Lines for the sender's own checklist: what is drafted, what is blank in it, what is to be added."""
    blanks = [FIELDS[key].label for key in _TOLD if not told.get(key, "").strip()]
    lines = ["", f"由行政机关移送的材料（{card.papers_basis}）"]
    lines += [f"  [草稿] {title}（须由移送机关核对、填写、盖章）" for _, title in card.papers]
    lines += [f"  [缺] {lacking}" for lacking in card.papers_lacking]
    lines += [
        f"  [缺] 草稿中待填：{'、'.join(('文号', '负责人姓名与批准日期', '调查经过与结论', '涉案物品', *blanks))}"
    ]
    return lines


def _party(lead: ReferredLead) -> dict[str, str]:
    known = {key: FIELDS[key].read for key in ("credit-code", "address", "contacts", "account")}
    read = {key: on_paper(reader(lead)) if reader else "" for key, reader in known.items()}
    return {
        "name": on_paper(shown_party(lead.subject.name)) or BLANK,
        "code": read["credit-code"] or BLANK,
        "address": read["address"] or BLANK,
        "contacts": read["contacts"] or BLANK,
        "account": read["account"] or BLANK,
        "url": on_paper(lead.url),
    }
