"""Leads of clinics that do not exist, as a letter has them."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from classifier.reference import Reference, load_reference
from domain.masking import Masker, MaskWords
from domain.outcome import Outcome
from domain.reviews import Verdict
from domain.roles import Role
from domain.routing import Recipient, routes_of
from domain.takedown import Grade, Look
from referral.checklist import FIELDS
from referral.lead import Claim, Confirmation, ReferredLead
from referral.letter import Consignment
from referral.recipients import load_recipients
from review.accounts import Account
from review.decisions import Decisions
from storage.tables import desk_items
from storage.takedowns.takedown import RecordedLook
from tests.review.desk import Clock, people

LEXICONS = Path(__file__).parents[2] / "lexicons"
REFERENCE: Reference = load_reference(LEXICONS)
CARDS = load_recipients(LEXICONS, frozenset(FIELDS))
SEEN = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # 02:00 on the 26th in Beijing
MADE = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)

RATE = Claim(
    "治愈率达98%",
    8,
    15,
    REFERENCE.matters.rules["cure-rate"].said,
    "efficacy-rate",
    5,
    ("amr", "nhc"),
    (REFERENCE.cite("广告法16(1)(2)"),),
    "cure-rate",
    REFERENCE.matters.rules["cure-rate"].why,
)
PROMISE = Claim(
    "无效退款",
    21,
    25,
    REFERENCE.matters.rules["cure-guarantee"].said,
    "cure-guarantee",
    5,
    ("amr", "nhc"),
    (REFERENCE.cite("广告法16(1)(1)"),),
    "cure-guarantee",
    REFERENCE.matters.rules["cure-guarantee"].why,
)
LEAD = ReferredLead(
    case_id=7,
    url="http://clinic.example/qlx",
    final_url="http://clinic.example/qlx.html",
    title="前列腺炎一次治好",
    site_name="示例门诊部",
    account="",
    published_at=None,
    captured_at=SEEN,
    first_seen=SEEN,
    last_seen=SEEN,
    bundle="evidence/2026-11-26/ab.wacz",
    bundle_sha256="ab" * 32,
    is_ad=True,
    ad_basis=(REFERENCE.cite("认定指南6(2)"),),
    claims=(RATE, PROMISE),
    named=("示例门诊部",),
    contacts=("000-00001234",),
    numbers=(),
    registered=(),
    target_region="甲省乙市",
    confirmations=(Confirmation("张示例", SEEN), Confirmation("李示例", MADE)),
    confirmed_before=1,
)

#: It was gone after an earlier package, once seen so, and is there again.
LOOKS = tuple(
    RecordedLook(
        Look(at, outcome, flagged=outcome is Outcome.CONTENT),
        page,
        "2026-11-27-recheck",
        "",
        grade,
        again,
        f"evidence/{page}.wacz",
        digest * 32,
    )
    for at, outcome, page, grade, again, digest in (
        (SEEN, Outcome.HTTP_GONE, 8, Grade.GONE_ONCE, False, "cd"),
        (MADE, Outcome.CONTENT, 9, Grade.UNCHANGED, True, "ef"),
    )
)
LOOKED_AT = replace(LEAD, looks=LOOKS)


def masker() -> Masker:
    lists: dict[str, Any] = tomllib.loads((LEXICONS / "keeping" / "masking.toml").read_text("utf-8"))
    return Masker(
        MaskWords(**{key: tuple(value.split() if isinstance(value, str) else value) for key, value in lists.items()})
    )


def consignment(recipient: Recipient = Recipient.AMR, *leads: ReferredLead, **told: str) -> Consignment:
    """To that recipient, with the route that the rules propose."""
    sent = leads or (LEAD,)
    routes = [
        next(
            route
            for route in routes_of(lead.routed(), lead.is_ad, lead.subject, lead.publication)
            if route.recipient is recipient
        )
        for lead in sent
    ]
    return Consignment("医广线移〔2026〕1号", CARDS[recipient], sent, routes, "示例监测中心", MADE, told)


def confirm(engine: Engine, item_id: int, readers: list[Account] | None = None) -> None:
    """Two persons confirm it."""
    clock = Clock()
    for reader in readers or people(engine, clock, Role.ANALYST, Role.REVIEWER):
        with engine.connect() as connection:
            version = connection.execute(select(desk_items.c.version).where(desk_items.c.id == item_id)).scalar_one()
        Decisions(engine, clock).decide(reader, item_id, Verdict.CONFIRM, expected_version=version)


def hostile(text: str) -> ReferredLead:
    """A lead whose every text is that one."""
    claim = replace(RATE, quote=text, title=text)
    return replace(
        LEAD,
        url=f"http://clinic.example/{text}",
        title=text,
        site_name=text,
        account=text,
        claims=(claim,),
        named=(text,),
        contacts=(text,),
        target_region=text,
        confirmations=(Confirmation(text, SEEN), Confirmation("李示例", MADE)),
    )
