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
    `referral.checklist.FIELDS`; `attachments_bytes` how much one transmission takes."""

    recipient: Recipient
    name: str
    handles: str
    letter: str
    request: str
    requires: tuple[str, ...]
    attachments_bytes: int


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
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 有误：{fault}") from fault
        if unknown := set(card.requires) - known_fields:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 要求了不存在的项目：{'、'.join(sorted(unknown))}")
        if card.attachments_bytes <= 0:
            raise RecipientsBroken(f"{file.name} 中 {recipient} 的 attachments_mb 应为正数")
        cards[recipient] = card
    return cards
