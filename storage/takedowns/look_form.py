"""The form of `evidence/look.json`: which fields there are, and of what kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.outcome import Outcome
from domain.takedown import Grade
from storage.archive.warc import warc_date
from storage.evidence.provenance import both_clocks

_MAYBE_TEXT = (str, type(None))
_CLAIM_LISTS = ("referred", "left", "dropped", "added")


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Fields of an object and what each may be; `bool` is no `int` here."""

    of: Mapping[str, tuple[type, ...]]

    def fit(self, value: Any) -> bool:
        return (
            isinstance(value, dict)
            and value.keys() == self.of.keys()
            and all(type(value[name]) in kinds for name, kinds in self.of.items())
        )


_LOOK = _Kinds(
    {
        **dict.fromkeys(("format", "night_id", "url", "final_url", "robots", "outcome", "outcome_zh"), (str,)),
        **dict.fromkeys(("detail", "grade", "grade_zh"), (str,)),
        **dict.fromkeys(("case", "number", "days", "page"), (int,)),
        **dict.fromkeys(("reappeared", "flagged"), (bool,)),
        **dict.fromkeys(("error", "text_sha256", "shot_bundle_sha256"), _MAYBE_TEXT),
        **dict.fromkeys(("referred_at", "looked_at", "first_capture", "claims"), (dict,)),
        **dict.fromkeys(("redirects", "copies", "earlier"), (list,)),
        **dict.fromkeys(("response", "control"), (dict, type(None))),
        "http_status": (int, type(None)),
    }
)
_FIRST = _Kinds({"captured_at": (dict,), "text_sha256": (str,), "bundle_sha256": (str,)})
_CLAIMS = _Kinds(dict.fromkeys(_CLAIM_LISTS, (list,)))
_CLAIM = _Kinds(
    {**dict.fromkeys(("rule", "quote", "quote_sha256"), (str,)), **dict.fromkeys(("start", "end"), (int, type(None)))}
)
_EARLIER = _Kinds({**dict.fromkeys(("at", "outcome", "grade"), (str,)), "bundle_sha256": _MAYBE_TEXT})


def has_its_form(look: Any) -> bool:
    """Whether every field is there and of its kind, and no other. Raises ValueError for a time, an outcome or a grade that is none."""
    if not (_LOOK.fit(look) and _FIRST.fit(look["first_capture"]) and _CLAIMS.fit(look["claims"])):
        return False
    claims = [row for name in _CLAIM_LISTS for row in look["claims"][name]]
    moments = (look["referred_at"], look["looked_at"], look["first_capture"]["captured_at"])
    digests = [look["text_sha256"], look["shot_bundle_sha256"]]
    if not (all(map(_CLAIM.fit, claims)) and all(map(_EARLIER.fit, look["earlier"])) and all(map(_is_time, moments))):
        return False
    digests += [each["bundle_sha256"] for each in look["earlier"]]
    named = all(Outcome(each["outcome"]) and Grade(each["grade"]) for each in look["earlier"])
    return (
        named
        and all(each["at"] == warc_date(datetime.fromisoformat(each["at"])) for each in look["earlier"])
        and all(digest is None or len(digest) == 64 for digest in digests)
        and all(type(url) is str for url in look["copies"])
        and all(_is_place(row["start"], row["end"]) for row in claims)
        and (look["error"] is None) == (look["outcome"] == Outcome.CONTENT.value)
    )


def _is_place(start: int | None, end: int | None) -> bool:
    return start is end is None or (start is not None and end is not None and 0 <= start <= end)


def _is_time(value: Mapping[str, Any]) -> bool:
    return value == both_clocks(datetime.fromisoformat(value["utc"]))
