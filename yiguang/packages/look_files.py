"""The files that tell of the looks at a referred page: the sheet for everybody, the sealed originals for those who may see them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from yiguang.errors import CommandFailed
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from storage.takedowns.takedown import RecordedLook

SHEET = "复测记录.txt"


def look_sheet_files(settings: Settings, engine: "Engine", case_id: int, before: str) -> dict[str, bytes]:
    """The sheet, its name beginning with `before`; nothing where no look has a bundle. Raises CommandFailed."""
    from storage.canonical import NotCanonical
    from storage.sealing.seal_states import seal_states
    from storage.takedowns.look_sheet import LookTemplateBroken, SealedLook, look_sheet

    looks = bundled_looks(engine, case_id)
    if not looks:
        return {}
    states = seal_states(engine, [each.bundle for each in looks])
    try:
        template = (settings.lexicons / "letters" / "look-record.txt").read_text(encoding="utf-8")
        sealed = [SealedLook((settings.home / each.bundle).read_bytes(), states.get(each.bundle)) for each in looks]
        return {before + SHEET: look_sheet(sealed, template).encode()}
    except LookTemplateBroken as fault:
        raise CommandFailed(str(fault)) from fault
    except (OSError, ValueError, NotCanonical) as fault:
        raise CommandFailed(f"线索 {case_id} 的复测记录无法生成：{fault}") from fault


def look_proofs(
    engine: "Engine", case_id: int, before: str, proof_of: "Callable[[str], bytes | None]"
) -> dict[str, bytes]:
    """That each look's bundle is sealed, as far as it is; names begin with `before` and go on with the bundle's."""
    from storage.sealing.proof import SUFFIX

    found = {before + name_of(each) + SUFFIX: proof_of(each.bundle) for each in bundled_looks(engine, case_id)}
    return {name: proof for name, proof in found.items() if proof is not None}


def look_originals(settings: Settings, engine: "Engine", case_id: int) -> dict[str, bytes]:
    """The sealed bundle of each look by its name. Raises CommandFailed, also when one does not verify."""
    from storage.checking.verify_bundle import bundle_checks

    files = {}
    for each in bundled_looks(engine, case_id):
        try:
            data = (settings.home / each.bundle).read_bytes()
        except OSError as fault:
            raise CommandFailed(f"线索 {case_id} 的复测证据无法读取：{fault.strerror}") from fault
        if faults := [check for check in bundle_checks(data, None) if not check.ok]:
            raise CommandFailed(f"复测证据 {each.bundle} 未通过核验，不予导出：{faults[0].name}：{faults[0].message}")
        files[name_of(each)] = data
    return files


def name_of(look: "RecordedLook") -> str:
    """The name of a look's bundle, which is its digest."""
    return Path(look.bundle).name


def bundled_looks(engine: "Engine", case_id: int) -> "list[RecordedLook]":
    """The looks at a case that have a bundle which was not deleted by policy, oldest first."""
    from storage.keeping.expiry import deletions
    from storage.takedowns.takedown import looks_at

    with engine.connect() as connection:
        gone = deletions(connection)
    return [each for each in looks_at(engine, case_id) if each.bundle and each.bundle not in gone]
