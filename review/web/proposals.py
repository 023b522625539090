"""Changes of rules that are proposed at the desk: a difference to read and a trial, never a change of the live files."""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select

from domain.findings import Document
from storage.tables import pages

#: (id of the rule, its new file, pages to try it on)
Trial = Callable[[str, str, Sequence[Document]], "TrialResult"]
MAX_CHARACTERS = 60_000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a changed rule would do. `faults` are Chinese sentences for what the file must not say, or examples that fail; with
    faults in the file itself nothing was tried. `gained` and `lost` are quotes on the pages tried."""

    faults: tuple[str, ...]
    pages: int = 0
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    kept: int = 0


def rule_file(lexicons: Path, rule: str) -> Path | None:
    """The file of a rule; None unless it is the id of one that is there."""
    if not _ID.fullmatch(rule):
        return None
    path = lexicons / "rules" / f"{rule}.yml"
    return path if path.is_file() else None


def difference(rule: str, before: str, after: str) -> str:
    """As a patch of the lexicons' folder; empty when nothing differs."""
    name = f"rules/{rule}.yml"
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """As programs that apply patches see them: `splitlines` would part them at U+2028 as well."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def recent_documents(engine: Engine, limit: int = 300) -> list[Document]:
    """The newest pages with a text, flagged or not, to try a rule on."""
    columns = (pages.c.text, pages.c.title, pages.c.site_name, pages.c.url, pages.c.account)
    query = select(*columns).where(pages.c.text.is_not(None), pages.c.score.is_not(None))
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(pages.c.id.desc()).limit(limit)).all()
    return [Document(row.text, row.title or "", row.site_name or "", row.url, row.account or "") for row in rows]


def write_proposal(folder: Path, rule: str, patch: str, detail: Mapping[str, object], now: datetime) -> str:
    """Leave the patch, with who proposed it and why, for whoever publishes rules; the name of its file in `proposals/`."""
    name = f"{now:%Y%m%dT%H%M%S%f}-{rule}.patch"
    target = folder / "proposals" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    head = "".join(f"# {line}\n" for line in json.dumps(dict(detail), ensure_ascii=False, indent=1).splitlines())
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(head + patch)
    return name


def list_proposals(folder: Path, rule: str) -> list[str]:
    """Names of the files of a rule's proposals, newest first."""
    # A time has no hyphen; a rule has: `cure-rate` is not `rate`
    found = (path.name for path in (folder / "proposals").glob("*.patch") if path.stem.partition("-")[2] == rule)
    return sorted(found, reverse=True)
