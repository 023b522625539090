"""What one look at a referred page found, as its evidence states it: `evidence/look.json`.

It names no person: quotes have patients blacked out, and are told apart by digest and place. `docs/evidence.md` describes the fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.masking import Masker
from domain.outcome import OUTCOME_ZH, Outcome
from domain.takedown import GRADE_ZH, Claim, Graded, Look
from storage.archive.warc import warc_date
from storage.columns import storable_text
from storage.digests import sha256_hex
from storage.evidence.provenance import both_clocks
from storage.takedowns.takedown import RecordedLook, ReferredCase

FORMAT = "yiguang-look-1"


@dataclass(frozen=True, slots=True)
class FirstCapture:
    """The capture that was referred. `text` is None when its words were cleared by policy."""

    captured_at: datetime
    text: str | None
    text_sha256: str
    bundle_sha256: str


@dataclass(frozen=True, slots=True)
class NewLook:
    """A look with its grade. `text` is the page's, None unless it had content; `shot_sha256` the bundle with a screenshot that the same visit
    brought because the page is still flagged, empty without one."""

    look: Look
    graded: Graded
    text: str | None
    shot_sha256: str


def look_record(
    case: ReferredCase, new: NewLook, first: FirstCapture, sheet: Mapping[str, Any], masker: Masker
) -> dict[str, Any]:
    """`sheet` is of the try that ended the visit (`storage.evidence.visit_sheet`). Every field is always there."""
    look, graded = new.look, new.graded
    then, now = _Quotes(first.text, masker), _Quotes(new.text, masker)
    same = ("night_id", "page", "url", "final_url", "http_status", "robots", "response", "redirects", "control")
    return {
        "format": FORMAT,
        "case": case.case_id,
        "number": len(case.looks) + 1,
        "referred_at": both_clocks(case.referred_at),
        "looked_at": both_clocks(look.at),
        "days": (look.at - case.referred_at).days,
        **{name: sheet[name] for name in same},
        "outcome": look.outcome.value,
        "outcome_zh": OUTCOME_ZH[look.outcome],
        "detail": sheet["detail"],
        "error": None if look.outcome is Outcome.CONTENT else sheet["detail"] or OUTCOME_ZH[look.outcome],
        "grade": graded.grade.value,
        "grade_zh": GRADE_ZH[graded.grade],
        "reappeared": graded.reappeared,
        "flagged": look.flagged,
        "text_sha256": None if new.text is None else sha256_hex(storable_text(new.text).encode()),
        "shot_bundle_sha256": new.shot_sha256 or None,
        "first_capture": {
            "captured_at": both_clocks(first.captured_at),
            "text_sha256": first.text_sha256,
            "bundle_sha256": first.bundle_sha256,
        },
        "claims": {
            "referred": then.rows(dict.fromkeys(case.claims)),
            "left": now.rows(graded.left),
            "dropped": then.rows(graded.dropped),
            "added": now.rows(graded.added),
        },
        "copies": list(look.copies),
        "earlier": [_earlier(each) for each in case.looks],
    }


def _earlier(each: RecordedLook) -> dict[str, Any]:
    return {
        "at": warc_date(each.look.at),
        "outcome": each.look.outcome.value,
        "grade": each.grade.value,
        "bundle_sha256": each.bundle_sha256 or None,
    }


class _Quotes:
    """Where claims stand in a text. What a patient is called is known from the whole text only, so that is what is masked."""

    def __init__(self, text: str | None, masker: Masker) -> None:
        self._text = None if text is None else storable_text(text)
        self._masker = masker
        self._masked = "" if self._text is None else masker.mask(self._text).text

    def rows(self, claims: Sequence[Claim] | Mapping[Claim, None]) -> list[dict[str, Any]]:
        return [self._row(claim) for claim in claims]

    def _row(self, claim: Claim) -> dict[str, Any]:
        quote = storable_text(claim.quote)
        start = -1 if self._text is None else self._text.find(quote)
        end = start + len(quote)
        return {
            "rule": claim.rule,
            "quote": self._masker.mask(quote).text if start < 0 else self._masked[start:end],
            "quote_sha256": sha256_hex(quote.encode()),
            "start": None if start < 0 else start,
            "end": None if start < 0 else end,
        }
