"""Why leads are dismissed: a list that a lawyer may change (`lexicons/desk/reasons.toml`)."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.reviews import Verdict

_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_KEYS = frozenset({"code", "title", "verdicts", "key", "note", "retired"})


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `key` is what a reader presses; `needs_note` that a sentence must be given with it; a `retired` one is only
    still known for the decisions that name it."""

    code: str
    title: str
    verdicts: tuple[Verdict, ...]
    key: str
    needs_note: bool = False
    retired: bool = False


def load_reasons(lexicons: Path) -> tuple[Reason, ...]:
    """In the order of the file. Raises OSError, or ValueError saying what is wrong with it."""
    path = lexicons / "desk" / "reasons.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if set(data) != {"reason"}:
        raise ValueError(f"{path.name}: only [[reason]] is known")
    reasons = tuple(_reason(entry) for entry in data["reason"])
    if len({reason.code for reason in reasons}) != len(reasons):
        raise ValueError(f"{path.name}: a code is there twice")
    for verdict in (Verdict.DISMISS, Verdict.NOT_AD):
        keys = [reason.key for reason in reasons_for(reasons, verdict)]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError(f"{path.name}: {verdict} needs reasons, each with a key of its own")
    return reasons


def reasons_for(reasons: Sequence[Reason], verdict: Verdict) -> tuple[Reason, ...]:
    """What may be chosen for a verdict."""
    return tuple(reason for reason in reasons if verdict in reason.verdicts and not reason.retired)


def _reason(entry: Any) -> Reason:
    if not isinstance(entry, dict) or not set(entry) <= _KEYS:
        raise ValueError(f"a reason knows only {sorted(_KEYS)}")
    code, title, key = (str(entry.get(name, "")) for name in ("code", "title", "key"))
    if not _CODE.fullmatch(code) or not title or len(key) != 1:
        raise ValueError(f"a reason needs a code, a title and a key of one character: {code!r}")
    verdicts = tuple(Verdict(name) for name in entry.get("verdicts", ()))
    if not verdicts or not set(verdicts) <= {Verdict.DISMISS, Verdict.NOT_AD}:
        raise ValueError(f"reason {code}: verdicts are dismiss and not-ad")
    return Reason(code, title, verdicts, key, bool(entry.get("note", False)), bool(entry.get("retired", False)))
