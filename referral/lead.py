"""A confirmed lead with all that a letter says of it, patients blacked out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select

from classifier.reference import CitedArticle, Reference
from domain.institutions import RegisteredInstitution, name_key
from domain.licence_numbers import credit_code_key, licence_key
from domain.masking import Masker
from domain.outbox import Statement
from domain.page import Contact
from domain.reviews import FINDING_VERDICT_ZH, FindingVerdict, ItemState, Verdict
from domain.routing import Medium, Publication, RoutedFinding, Subject
from storage.leads.outbox import rescinded_pages, statements_of
from storage.operators.registry import SqlRegistry
from storage.pages.visit_rows import contacts_of, finding_of, identifiers_of
from storage.tables import (
    bundles,
    desk_accounts,
    desk_decisions,
    desk_finding_verdicts,
    desk_items,
    findings,
    lead_statements,
    pages,
    targets,
)
from storage.takedowns.takedown import RecordedLook, looks_at


class NotReferable(Exception):
    """The lead may not leave: not confirmed by two persons, or without evidence. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One live finding. `quote` is masked; offsets are code points into the page's text. `title` is what it is called outside, in words of the
    law, and `why` says what of the page it is; `rule` is our own id, for lists alone."""

    quote: str
    start: int
    end: int
    title: str
    family: str
    severity: int
    recipients: tuple[str, ...]
    articles: tuple[CitedArticle, ...]
    rule: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A live finding that those who confirmed the lead did not hold: it is in the evidence, and no claim. `verdict` is the last one said of it."""

    claim: Claim
    verdict: FindingVerdict

    @property
    def said(self) -> str:
        """For the sender's own desk: 审核判为不成立：“…”（第 3 至 9 字，cure-rate）."""
        place = f"第 {self.claim.start + 1} 至 {self.claim.end} 字，{self.claim.rule}"
        return f"审核判为{FINDING_VERDICT_ZH[self.verdict]}：“{self.claim.quote}”（{place}）"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's only one at the lead; `by` is what people call them, which two may share."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReferredLead:
    """Empty, or None for a time, where the page or the registry does not say. `first_seen` and `last_seen` are the first and
    latest captures of this text at this address, `confirmed_before` how many other confirmed leads its operator has. `statements` are
    what was said against it so far and `looks` what later visits found, oldest first. `plain_basis` is the article by which it goes to an
    authority as no advertisement, see `as_plain`; `target_institution` is the name or credit code that the targets file gives. `left_out` is what
    the program found and the readers did not hold."""

    case_id: int
    url: str
    final_url: str
    title: str
    site_name: str
    account: str
    published_at: datetime | None
    captured_at: datetime
    first_seen: datetime
    last_seen: datetime
    bundle: str
    bundle_sha256: str
    is_ad: bool
    ad_basis: tuple[CitedArticle, ...]
    claims: tuple[Claim, ...]
    named: tuple[str, ...]
    contacts: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    registered: tuple[RegisteredInstitution, ...]
    target_region: str
    confirmations: tuple[Confirmation, ...]
    confirmed_before: int
    statements: tuple[Statement, ...] = ()
    looks: tuple[RecordedLook, ...] = ()
    plain_basis: str = ""
    target_institution: str = ""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def institution(self) -> RegisteredInstitution | None:
        """The one that the registry has: whose site or account it is, before all others, then the one that the targets file names.
        None when it has none or several of different names, which a person must tell apart, or only one that the page speaks of beside others."""
        own = [item for item in self.registered if self._is_of(item)]
        told = [item for item in self.registered if self._is_told(item)]
        if self.target_institution and not own and not told:
            return None
        alone = not self._called and all(map(self._is_alone, self.registered))
        likely = [item for item in self.registered if alone or self._is_meant(item)]
        for found in (own, told, likely):
            if len({name_key(item.name) for item in found}) == 1:
                return found[0]
        return None

    def _is_meant(self, known: RegisteredInstitution) -> bool:
        """Whether the account or site is called by its name, or the page shows its number."""
        called = name_key(self.account or self.site_name)
        codes = {credit_code_key(value) for kind, value in self.numbers if kind == "credit-code"}
        licences = {licence_key(value) for kind, value in self.numbers if kind == "licence"}
        shown = bool(known.credit_code in codes - {""} or known.licence in licences - {""})
        return shown or any(name_key(name) in called for name in (known.name, *known.aliases))

    def _is_told(self, known: RegisteredInstitution) -> bool:
        """Whether the targets file names it, by a name or its credit code."""
        keys = {name_key(name) for name in (known.name, *known.aliases)} | ({known.credit_code} - {""})
        return bool({name_key(self.target_institution), credit_code_key(self.target_institution)} & keys)

    def _is_alone(self, known: RegisteredInstitution) -> bool:
        """Whether the page names no other."""
        return {name_key(name) for name in self.named} <= {name_key(name) for name in (known.name, *known.aliases)}

    def _is_of(self, known: RegisteredInstitution) -> bool:
        """Whether the registry has the account, or without one the host, as the institution's own."""
        if self.account:
            return self.account in known.accounts
        host = urlsplit(self.url).hostname or ""
        return any(host == domain or host.endswith(f".{domain}") for domain in known.domains)

    @property
    def _called(self) -> list[str]:
        """The named institutions by whose name the account, or without one the site, is called."""
        own = name_key(self.account or self.site_name)
        return [name for name in self.named if name_key(name) in own]

    @property
    def subject(self) -> Subject:
        known = self.institution
        if known is None:
            # Of the names on a page the first may be that of a hospital by which it wants to shine
            named = max(self._called, key=len) if self._called else next(iter(self.named), "")
            is_code = credit_code_key(
                self.target_institution
            ).isascii()  # which is no name; targets may have it full-width
            told = "" if is_code else self.target_institution
            return Subject(told or named or self.account or self.site_name, self.target_region)
        return Subject(known.name, known.region or self.target_region, bool(known.licence) or None)

    @property
    def publication(self) -> Publication:
        """Whose site or account it is: the institution's own when the registry has its host or account, or when it is called by the
        institution's name; open otherwise."""
        known = self.institution
        own = known is not None and self._is_of(known)
        if self.account:
            return Publication(Medium.OWN_ACCOUNT if own or self._called else Medium.UNKNOWN, is_account=True)
        if own:
            return Publication(Medium.OWN_SITE, known.region if known else "")
        return Publication(Medium.OWN_SITE if self._called else Medium.UNKNOWN)

    def as_plain(self, without: Collection[str], basis: CitedArticle) -> "ReferredLead":
        """The lead as no advertisement: laws in `without` (short names), which are for advertisements, are not held against it; `basis`
        says why it goes where it goes, and stands behind each claim."""
        claims = []
        for claim in self.claims:
            kept = [article for article in claim.articles if article.law is None or article.law.short not in without]
            claims.append(replace(claim, articles=(*kept, basis)))
        return replace(self, claims=tuple(claims), plain_basis=basis.formal)

    def routed(self) -> tuple[RoutedFinding, ...]:
        return tuple(RoutedFinding(claim.title, claim.severity, claim.recipients) for claim in self.claims)


def gather(engine: Engine, case_id: int, reference: Reference, masker: Masker) -> ReferredLead:
    """Raises NotReferable, and KeyError when there is no page of that id."""
    with engine.connect() as connection:
        page = connection.execute(select(pages).where(pages.c.id == case_id)).one_or_none()
        if page is None:
            raise KeyError(case_id)
        item = connection.execute(select(desk_items).where(desk_items.c.page_id == case_id)).one_or_none()
        if connection.scalar(rescinded_pages().where(lead_statements.c.page_id == case_id)) is not None:
            raise NotReferable(f"线索 {case_id} 已由本单位撤回，不得移送")
        confirmations = _confirmations(connection, case_id, item)
        bundle = connection.execute(select(bundles).where(bundles.c.page_id == case_id)).one_or_none()
        if bundle is None or item is None:
            raise NotReferable(f"线索 {case_id} 没有封存的证据")
        if page.text is None:
            raise NotReferable(f"线索 {case_id} 的正文已依保存期限清除")
        found = connection.execute(
            select(findings)
            .where(findings.c.page_id == case_id, findings.c.silenced.is_(False))
            .order_by(findings.c.start_offset, findings.c.id)
        ).all()
        refused = _not_held(connection, item.id)
        before = connection.scalar(
            select(func.count())
            .select_from(desk_items)
            .where(
                desk_items.c.institution == item.institution,
                desk_items.c.institution != "",
                desk_items.c.state == ItemState.CONFIRMED.value,
                desk_items.c.id != item.id,
                desk_items.c.page_id.not_in(rescinded_pages()),
            )
        )
        told = connection.scalar(select(targets.c.institution).where(targets.c.id == page.target_id)) or ""
        first_seen = connection.scalar(
            select(func.min(pages.c.captured_at)).where(
                pages.c.url == page.url, pages.c.text_sha256 == page.text_sha256
            )
        )
    if found and all(row.id in refused for row in found):
        raise NotReferable(f"线索 {case_id} 的各处命中都被审核人判为不成立或规则不对，没有可移送的内容")
    masked = masker.mask(page.text).text
    numbers = tuple((number.kind, number.value) for number in identifiers_of(page))
    named = tuple(page.institutions or ())
    judgement = page.judgement
    return ReferredLead(
        case_id=case_id,
        url=page.url,
        final_url=page.final_url,
        title=masker.mask(page.title or "").text,
        site_name=page.site_name or "",
        account=page.account or "",
        published_at=page.published_at,
        captured_at=page.captured_at,
        first_seen=first_seen or page.captured_at,
        last_seen=max(item.seen_at, page.captured_at),
        bundle=bundle.path,
        bundle_sha256=bundle.sha256,
        is_ad=bool(judgement["is_ad"]),
        ad_basis=tuple(map(reference.cite, judgement["ad_basis"])),
        claims=tuple(_claim(row, masked, reference) for row in found if row.id not in refused),
        named=named,
        contacts=_contacts(contacts_of(page), masked),
        numbers=numbers,
        registered=_registered(engine, page, told, named, numbers),
        target_region=item.region,
        confirmations=confirmations,
        confirmed_before=before or 0,
        statements=tuple(
            replace(said, text=masker.mask(said.text).text)
            for said in statements_of(engine, [case_id]).get(case_id, ())
        ),
        looks=tuple(looks_at(engine, case_id)),
        target_institution=told,
        left_out=tuple(LeftOut(_claim(row, masked, reference), refused[row.id]) for row in found if row.id in refused),
    )


def _confirmations(connection: Connection, case_id: int, item: Row[Any] | None) -> tuple[Confirmation, ...]:
    if item is None or item.state != ItemState.CONFIRMED.value:
        raise NotReferable(f"线索 {case_id} 尚未由两人确认，不得移送（在审核台办理）")
    made = connection.execute(
        select(desk_accounts.c.display, desk_accounts.c.name, desk_decisions.c.made_at)
        .join(desk_accounts, desk_accounts.c.id == desk_decisions.c.account_id)
        .where(*_confirming(item.id))
        .order_by(desk_decisions.c.made_at)
    ).all()
    if len({row.name for row in made}) < 2:
        raise NotReferable(f"线索 {case_id} 的确认记录不足两人，不得移送")
    return tuple(Confirmation(row.display or row.name, row.made_at) for row in made)


def _confirming(item_id: int) -> tuple[ColumnElement[bool], ...]:
    """The confirmations of an item that count."""
    made = desk_decisions.c
    return (
        made.item_id == item_id,
        made.verdict == Verdict.CONFIRM.value,
        made.undone_at.is_(None),
        made.superseded_at.is_(None),
    )


def _not_held(connection: Connection, item_id: int) -> Mapping[int, FindingVerdict]:
    """By id, the findings of which the last of those who confirmed and spoke of it said that it is none, or none of that rule."""
    said = desk_finding_verdicts.c
    rows = connection.execute(
        select(said.finding_id, said.verdict)
        .join(desk_decisions, desk_decisions.c.id == said.decision_id)
        .where(*_confirming(item_id))
        .order_by(desk_decisions.c.made_at, desk_decisions.c.id)
    )
    last = {row.finding_id: FindingVerdict(row.verdict) for row in rows}
    return {number: verdict for number, verdict in last.items() if verdict is not FindingVerdict.YES}


def _claim(row: Row[Any], masked: str, reference: Reference) -> Claim:
    finding = finding_of(row)
    rule, matter = reference.card_of(finding.rule), reference.matter_of(finding.rule, finding.family)
    return Claim(
        quote=masked[finding.start : finding.end],
        start=finding.start,
        end=finding.end,
        title=matter.said,
        family=finding.family,
        severity=finding.severity,
        recipients=("amr", "nhc") if rule is None else rule.recipients,
        articles=tuple(map(reference.cite, finding.basis)),
        rule=finding.rule,
        why=matter.why,
    )


def _contacts(found: Sequence[Contact], masked: str) -> tuple[str, ...]:
    """Those of which the masker blacked out nothing."""
    shown = (contact.value for contact in found if "█" not in masked[contact.start : contact.end])
    return tuple(dict.fromkeys(shown))


def _registered(
    engine: Engine, page: Row[Any], told: str, named: Sequence[str], numbers: Sequence[tuple[str, str]]
) -> tuple[RegisteredInstitution, ...]:
    told_too = (("credit-code", told), *numbers)  # the targets file gives a name or a credit code
    names = (told, page.site_name or "", *named)
    return SqlRegistry(engine).of_page(page.url, page.account or "", told_too, names)
