"""The list in a package against its published schema, and what each recipient asks for."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from domain.outbox import Statement, StatementKind
from domain.routing import Recipient
from referral.checklist import FIELDS
from referral.lead import Confirmation, ReferredLead
from referral.letter import Consignment
from referral.package import MANIFEST, listings, lists_of, rows_of
from tests.referral.leads import CARDS, LEAD, LOOKED_AT, MADE, consignment, hostile

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs/schema/referral.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
DISPUTED = replace(
    LEAD, statements=(Statement(StatementKind.DISPUTE, "wang", MADE, MADE + timedelta(hours=1), "称系第三方代运营"),)
)


def manifest(of: Consignment) -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(listings(rows_of(lists_of(of)), of)[MANIFEST])
    return listed


def to(recipient: Recipient, lead: ReferredLead = LEAD, **told: str) -> Consignment:
    """The letter that the lead's own route gives, addressed to another recipient."""
    return replace(consignment(Recipient.AMR, lead, **told), card=CARDS[recipient])


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("recipient", list(Recipient))
@pytest.mark.parametrize("lead", [LEAD, DISPUTED, LOOKED_AT, hostile('<b>&"\x00\x1b=1+1'), hostile("\u202e倒")])
def test_what_a_package_lists_is_as_published(recipient: Recipient, lead: ReferredLead) -> None:
    errors = [error.message for error in VALIDATOR.iter_errors(manifest(to(recipient, lead)))]
    assert errors == []


def test_two_persons_of_one_name_are_two() -> None:
    same = replace(LEAD, confirmations=(Confirmation("张示例", LEAD.captured_at), Confirmation("张示例", MADE)))
    listed = manifest(to(Recipient.AMR, same))
    assert listed["leads"][0]["confirmed_by"] == 2
    assert list(VALIDATOR.iter_errors(listed)) == []


@pytest.mark.parametrize("recipient", list(Recipient))
def test_everything_a_recipient_asks_for_is_there_or_named_as_missing(recipient: Recipient) -> None:
    (lead,) = manifest(to(recipient))["leads"]
    asked = {FIELDS[key].label for key in CARDS[recipient].requires}
    there, missing = {item["label"] for item in lead["present"]}, set(lead["missing"])
    assert there | missing == asked and not there & missing
    told = dict.fromkeys(CARDS[recipient].requires, "人工填写")
    (filled,) = manifest(to(recipient, LEAD, **told))["leads"]
    assert filled["missing"] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda listed: listed.update(nature="violation"),
        lambda listed: listed.pop("opinion"),
        lambda listed: listed["leads"][0].update(confirmed_by=1),
        lambda listed: listed["leads"][0].update(claims=[]),
        lambda listed: listed["leads"][0].update(verdict="guilty"),
        lambda listed: listed["files"][0].update(sha256="x"),
        lambda listed: listed.update(made_at="yesterday"),
        lambda listed: listed["leads"][0]["looks"][0].update(grade="deleted"),
        lambda listed: listed["leads"][0]["looks"][0].pop("bundle_sha256"),
    ],
)
def test_the_schema_refuses_what_it_should(change: Any) -> None:
    listed = manifest(consignment(Recipient.AMR, LOOKED_AT))
    change(listed)
    assert list(VALIDATOR.iter_errors(listed))
