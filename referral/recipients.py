"""The recipients as the lexicons describe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.yaml_file import load_mapping
from domain.routing import Recipient

_MEGABYTE = 1_000_000


class RecipientsBroken(Exception):
    """`recipients.yml` lacks something; the message is Chinese for whoever keeps it."""


@dataclass(frozen=True, slots=True)
class PlainLeads:
    """How leads go to an authority that are no advertisements: `letter` is the title of a letter with such leads alone, `mixed_letter`
    with others too, `request` what is asked for them. `basis` is the article by which they go there; laws in `without` (short names) do not apply to
    them."""

    letter: str
    mixed_letter: str
    request: str
    basis: str
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecipientCard:
    """One kind of authority. `letter` is the title of the letter, `request` what it asks for, `requires` keys of
    `referral.checklist.FIELDS`; `attachments_bytes` how much one transmission takes. `papers` are key and title of what is drafted when an authority
    transfers a case, `papers_basis` the rule that asks for them, `papers_lacking` what it asks for and nobody can draft. `plain` is None
    where what is no advertisement goes only if a person holds it for one."""

    recipient: Recipient
    name: str
    handles: str
    letter: str
    request: str
    requires: tuple[str, ...]
    attachments_bytes: int
    papers: tuple[tuple[str, str], ...] = ()
    papers_basis: str = ""
    papers_lacking: tuple[str, ...] = ()
    plain: PlainLeads | None = None


def load_recipients(lexicons: Path, known_fields: frozenset[str]) -> Mapping[Recipient, RecipientCard]:
    """A card for every recipient. Raises RecipientsBroken, and `classifier.errors.LexiconError` for a file that is no YAML."""
    file = lexicons / "recipients.yml"
    data = load_mapping(file)
    cards = {}
    for recipient in Recipient:
        entry = data.get(recipient)
        if not isinstance(entry, Mapping):
            raise RecipientsBroken(f"{file.name} 中没有 {recipient}")
        try:
            card = RecipientCard(
                recipient,
                str(entry["name"]),
                str(entry["handles"]),
                str(entry["letter"]),
                str(entry["request"]),
                tuple(map(str, entry["requires"])),
                int(entry["attachments_mb"]) * _MEGABYTE,
                tuple((str(key), str(title)) for key, title in dict(entry.get("papers", {})).items()),
                str(entry.get("papers_basis", "")),
                tuple(map(str, entry.get("papers_lacking", ()))),
                _plain(entry["plain"]) if "plain" in entry else None,
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 有误：{fault}") from fault
        if unknown := set(card.requires) - known_fields:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 要求了不存在的项目：{'、'.join(sorted(unknown))}")
        if card.attachments_bytes <= 0:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 的 attachments_mb 应为正数")
        cards[recipient] = card
    return cards


def _plain(entry: Mapping[str, Any]) -> PlainLeads:
    return PlainLeads(
        str(entry["letter"]),
        str(entry["mixed_letter"]),
        str(entry["request"]),
        str(entry["basis"]),
        frozenset(map(str, entry["without"])),
    )
