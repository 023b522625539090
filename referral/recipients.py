"""The recipients as the lexicons describe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from classifier.yaml_file import load_mapping
from domain.routing import Recipient

_MEGABYTE = 1_000_000


class RecipientsBroken(Exception):
    """`recipients.yml` lacks something; the message is Chinese for whoever keeps it."""


@dataclass(frozen=True, slots=True)
class RecipientCard:
    """One kind of authority. `letter` is the title of the letter, `request` what it asks for, `requires` keys of
    `referral.checklist.FIELDS`; `attachments_bytes` how much one transmission takes. `papers` are key and title of what is drafted when an authority
    transfers a case, `papers_basis` the rule that asks for them, `papers_lacking` what it asks for and nobody can draft."""

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
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 有误：{fault}") from fault
        if unknown := set(card.requires) - known_fields:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 要求了不存在的项目：{'、'.join(sorted(unknown))}")
        if card.attachments_bytes <= 0:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 的 attachments_mb 应为正数")
        cards[recipient] = card
    return cards
