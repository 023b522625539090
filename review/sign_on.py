"""Coming in by the sign-in provider: sent there, back once, and in when an administrator has linked who that is.

A browser that is sent away keeps a ticket in a cookie. State, nonce and verifier are derived from it, so that nothing which is of use to
others lies in the database: that has the ticket's digest alone, and loses it when the browser is back. The ticket's end says which page
was asked for: with another end it is another ticket, which nobody was given.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert

from review.audit_log import MACHINE, AuditLog
from review.id_tokens import named_by
from review.identities import Identities
from review.log_in_tries import LogInLimits, LogInRefused, LogInTries, Refusal
from review.provider import Provider, error_code
from review.sessions import Sessions, Way, token_digest
from review.sign_on_settings import PROVIDERS, SignOnFault, SignOnSettings, Trouble
from storage.database import writing
from storage.tables import desk_sign_ons

TICKET_LASTS = timedelta(minutes=10)
#: A provider that does not answer must not hold all of the desk's threads.
_AT_ONCE = 8
_WAIT_SECONDS = 2.0
_SUBJECT = "single-sign-on"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought back in the address: a code, or an error; empty for what was not there."""

    state: str
    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class SignOnRefused:
    """`retry_at` is when the next try is looked at, None when that is at once;
    `shown` what the person may hand to an administrator; `is_providers` when it is not the person who was refused."""

    message: str
    retry_at: datetime | None = None
    shown: str = ""
    is_providers: bool = False


class SignOn:
    """Sign-on at one provider for the accounts of one database."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        settings: SignOnSettings,
        provider: Provider,
        limits: LogInLimits | None = None,
    ) -> None:
        self.settings = settings
        self.identities = Identities(engine, clock, settings)
        self._engine = engine
        self._clock = clock
        self._provider = provider
        self._tries = LogInTries(engine, limits or LogInLimits())
        self._log = AuditLog(engine, clock)
        self._talks = BoundedSemaphore(_AT_ONCE)

    def begin(self, address: str, to: str = "/") -> tuple[str, str] | SignOnRefused:
        """Where to send the browser, and the ticket that it keeps, from which `asked_for` reads `to`."""
        ticket, now = f"{secrets.token_urlsafe(32)}.{_base64url(to.encode())}", self._clock()
        challenge = _base64url(hashlib.sha256(_derived(ticket, "verifier").encode()).digest())
        try:
            with self._talking():
                url = self._provider.sign_on_url(_derived(ticket, "state"), _derived(ticket, "nonce"), challenge)
        except SignOnFault as fault:
            return self._refuse(fault, address)
        with writing(self._engine) as connection:
            connection.execute(delete(desk_sign_ons).where(desk_sign_ons.c.began_at <= now - TICKET_LASTS))
            connection.execute(insert(desk_sign_ons), {"ticket_sha256": token_digest(ticket), "began_at": now})
        return url, ticket

    def finish(self, ticket: str, answer: Answer, address: str) -> str | SignOnRefused:
        """A new session's token, or why there is none. A ticket is used by coming back with its state, whatever comes of it."""
        name = _try()
        limited = self._tries.count(name, f"sign-on:{address}", self._clock())
        if limited is not None:
            return _said(limited)
        try:
            claims = self._claims(ticket, answer)
            subject = named_by(claims, self.settings.claim)
        except SignOnFault as fault:
            return self._refuse(fault, address, name)
        return self._enter(subject, claims, address, name)

    def _claims(self, ticket: str, answer: Answer) -> dict[str, Any]:
        if not ticket or not hmac.compare_digest(
            _derived(ticket, "state").encode(), answer.state.encode(errors="replace")
        ):
            raise SignOnFault(Trouble.STATE)
        began_at = self._use(ticket)
        with self._talking():
            self._provider.check_issuer(answer.issuer)
            if answer.error:
                code = error_code(answer.error)
                raise SignOnFault(Trouble.DENIED if code == "access_denied" else Trouble.PROVIDER, code)
            if not answer.code:
                raise SignOnFault(Trouble.GARBLED, "neither code nor error")
            verifier, nonce = _derived(ticket, "verifier"), _derived(ticket, "nonce")
            return self._provider.claims(answer.code, verifier, nonce, began_at, self._clock())

    def _use(self, ticket: str) -> datetime:
        """When it began. Raises SignOnFault unless this is the first time that it is used, and soon enough."""
        with writing(self._engine) as connection:
            began_at: datetime | None = connection.scalar(
                delete(desk_sign_ons)
                .where(desk_sign_ons.c.ticket_sha256 == token_digest(ticket))
                .returning(desk_sign_ons.c.began_at)
            )
        if began_at is None or began_at <= self._clock() - TICKET_LASTS:
            raise SignOnFault(Trouble.USED)
        return began_at

    def _enter(self, subject: str, claims: dict[str, Any], address: str, name: str) -> str | SignOnRefused:
        now = self._clock()
        with writing(self._engine) as connection:
            account, linked = self.identities.account_of(connection, subject), True
            if account is None:
                account, linked = self.identities.allowed_account(connection, claims, now), False
            if account is None:
                return self._refused(connection, _unlinked(subject, claims), address)
            if (stopped := self._stopped(connection, account, now)) is not None:
                detail = {"address": address, "by": Way.SINGLE.value, "why": stopped.refusal.value}
                self._log.record(connection, MACHINE, "log-in-refused", f"account:{account.name}", detail)
                return _said(stopped)
            if not linked and not self.identities.become(connection, account, subject):
                return self._refused(connection, _unlinked(subject, claims), address)
            self._tries.forget(connection, name)
            token = Sessions.open(connection, account.id, address, now, Way.SINGLE)
            if not linked:
                made = {"issuer": self.settings.issuer, "claim": self.settings.claim, "subject": subject}
                self._log.record(connection, account.name, "identity-linked", f"account:{account.name}", made)
            detail = {"address": address, "by": Way.SINGLE.value}
            self._log.record(connection, account.name, "log-in", f"account:{account.name}", detail)
        return token

    def _stopped(self, connection: Connection, account: Any, now: datetime) -> LogInRefused | None:
        """An account that is disabled or locked is so whichever way its person comes."""
        if account.disabled_at is not None:
            return LogInRefused(Refusal.DISABLED)
        return self._tries.limited(connection, account.name, "", now)

    def _refuse(self, fault: SignOnFault, address: str, name: str = "") -> SignOnRefused:
        """What is the provider's doing locks nobody out, and its telling is limited instead: a log that fills helps nobody."""
        if fault.trouble in PROVIDERS:
            with writing(self._engine) as connection:
                self._tries.forget(connection, name)
            if self._tries.count(_try(), f"provider:{address}", self._clock()) is not None:
                return SignOnRefused(fault.message, is_providers=True)
        with writing(self._engine) as connection:
            return self._refused(connection, fault, address)

    def _refused(self, connection: Connection, fault: SignOnFault, address: str) -> SignOnRefused:
        detail = {"address": address, "by": Way.SINGLE.value, "why": fault.trouble.value}
        detail |= {"detail": fault.detail} if fault.detail else {}
        detail |= {"subject": fault.shown} if fault.shown else {}
        self._log.record(connection, MACHINE, "log-in-refused", _SUBJECT, detail)
        return SignOnRefused(fault.message, None, fault.shown, fault.trouble in PROVIDERS)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        if not self._talks.acquire(timeout=_WAIT_SECONDS):
            raise SignOnFault(Trouble.BUSY)
        try:
            yield
        finally:
            self._talks.release()


def asked_for(ticket: str) -> str:
    """The `to` that a ticket was begun with; empty for what is none. A browser may bring anything: nothing is proven before `finish`."""
    encoded = ticket.partition(".")[2]
    try:
        return base64.urlsafe_b64decode(f"{encoded}{'=' * (-len(encoded) % 4)}").decode()
    except ValueError:
        return ""


def _derived(ticket: str, what: str) -> str:
    """43 characters that only who has the ticket can tell; a verifier of RFC 7636 may look so."""
    return _base64url(hmac.new(ticket.encode(), what.encode(), hashlib.sha256).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unlinked(subject: str, claims: dict[str, Any]) -> SignOnFault:
    """A subject often says nothing to a reader; the name beside it is for the administrator, who should make sure of it."""
    username = claims.get("preferred_username")
    told = f"preferred_username {username[:100]!r}" if isinstance(username, str) else ""
    return SignOnFault(Trouble.UNLINKED, told, subject)


def _try() -> str:
    """A name under which one try is counted: no account can bear it, and no other try does."""
    return f"sign-on:{secrets.token_hex(8)}"


def _said(refused: LogInRefused) -> SignOnRefused:
    return SignOnRefused(refused.message, refused.retry_at)
