"""Values of the evidence bundle and its verification."""

from dataclasses import dataclass


class EvidenceIncomplete(Exception):
    """A required part of an evidence record is missing; nothing was written."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing verified in a bundle. `name` is the member or property; `message` is Chinese for the auditor."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The result of verifying one bundle; `ok` is true only if every check is.

    `notes` are Chinese sentences on what is no failure but should be known, as a time stamp still awaited.
    """

    path: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.ok for check in self.checks)
