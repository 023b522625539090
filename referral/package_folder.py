"""A package on disk: whether it is what was registered, and letters that an officer has edited since."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from domain.system_words import file_fault
from referral.package import DIGESTS, MANIFEST, digests_text, rows_of, sizes_of, transmissions
from storage.canonical import canonical_json
from storage.digests import sha256_hex
from storage.files_on_demand import FilesOnDemand, files_in


class PackageDamaged(Exception):
    """The folder is not a package, or not the one that was registered; the message is Chinese and names the file."""


@dataclass(frozen=True, slots=True)
class PackageFolder:
    """A folder and the list in it. `changed` are the listed files that are not what the list says, by name."""

    folder: Path
    facts: Mapping[str, Any]
    changed: tuple[str, ...]
    manifest_sha256: str

    @property
    def letters(self) -> tuple[str, ...]:
        """The letter and drafts that go with it, each as a Word file and its PDF: what an officer may edit."""
        names = [row["name"] for row in self.facts["files"]]
        stems = [name.removesuffix(".docx") for name in names if name.endswith(".docx")]
        return tuple(name for name in names if any(name in (f"{stem}.docx", f"{stem}.pdf") for stem in stems))


def read_folder(folder: Path, number: str) -> PackageFolder:
    """Raises PackageDamaged where the list cannot be read or is of another package, or a file is missing or is in no list."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
        facts = json.loads(data)
        listed = {row["name"]: row["sha256"] for row in facts["files"]}
        found = facts["number"]
    except OSError as fault:
        raise PackageDamaged(f"无法读取 {path}：{file_fault(fault)}") from fault
    except (ValueError, LookupError, TypeError, AttributeError) as fault:
        raise PackageDamaged(f"{path} 不是移送材料的清单") from fault
    if found != number:
        raise PackageDamaged(f"{folder} 是 {found} 的材料，不是 {number} 的")
    present = {
        file.name for file in folder.iterdir() if not file.name.startswith(".")
    }  # what systems leave is no part of it
    if missing := sorted(listed.keys() - present):
        raise PackageDamaged(f"{folder} 缺 {missing[0]}（共缺 {len(missing)} 个文件）")
    if more := sorted(present - listed.keys() - {MANIFEST, DIGESTS}):
        raise PackageDamaged(f"{folder} 多出清单中没有的 {more[0]}（共 {len(more)} 个）")
    try:
        changed = tuple(name for name, digest in listed.items() if sha256_hex((folder / name).read_bytes()) != digest)
    except OSError as fault:
        raise PackageDamaged(f"无法读取 {fault.filename}：{file_fault(fault)}") from fault
    return PackageFolder(folder, facts, changed, sha256_hex(data))


def require_unchanged(package: PackageFolder) -> None:
    """Raises PackageDamaged unless every file, the list of digests and the archives for sending are what the list says."""
    if package.changed:
        letters_only = set(package.changed) <= set(package.letters)
        said = "；只改了函的，先用 yiguang outbox revise 登记" if letters_only else ""
        raise PackageDamaged(f"{package.changed[0]} 与清单不符（共 {len(package.changed)} 个文件），材料已被改动{said}")
    rows = package.facts["files"]
    try:
        digests = (package.folder / DIGESTS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise PackageDamaged(f"{DIGESTS} 无法读取") from fault
    if digests != digests_text(rows):
        raise PackageDamaged(f"{DIGESTS} 与清单不符，材料已被改动")
    listed = {row["name"]: row["sha256"] for row in rows} | {
        MANIFEST: package.manifest_sha256,
        DIGESTS: sha256_hex(digests.encode()),
    }
    sent: set[str] = set()
    for archive in _archives(package):
        for name, digest in _members(archive):
            if listed.get(name) != digest:
                raise PackageDamaged(f"{archive.name} 中的 {name} 与清单不符：压缩包不是由这份材料制作的")
            sent.add(name)
    if sent and (left := sorted(listed.keys() - sent)):
        raise PackageDamaged(f"压缩包缺 {left[0]}（共缺 {len(left)} 个文件）：少了一个压缩包，或其中的文件")


def revised(package: PackageFolder, limit_bytes: int) -> FilesOnDemand:
    """What is to be written beside the edited letters: the lists in the folder, and archives of at most so many bytes, by names
    relative to the folder's parent.

    Raises PackageDamaged when anything but the letters was changed, or Word file and PDF were not changed together, and
    `referral.package.AttachmentTooLarge`.
    """
    if others := [name for name in package.changed if name not in package.letters]:
        raise PackageDamaged(f"只能修改函，{others[0]} 也被改动")
    if not package.changed:
        raise PackageDamaged("函没有改动")
    stems = {name.rpartition(".")[0] for name in package.changed}
    if left := next(
        (name for name in package.letters if name not in package.changed and name.rpartition(".")[0] in stems), ""
    ):
        raise PackageDamaged(f"{left} 没有一并改动：Word 与 PDF 的内容须相同（在 Word 中修改后另存为同名 PDF）")
    files = files_in(package.folder, [row["name"] for row in package.facts["files"]])
    rows = rows_of(files)
    own = {DIGESTS: digests_text(rows).encode(), MANIFEST: canonical_json({**package.facts, "files": rows})}
    parts = transmissions(files.then(own), sizes_of(rows, own), limit_bytes, package.facts["number"])
    return parts.then({f"{package.folder.name}/{name}": data for name, data in own.items()})


def left_over(package: PackageFolder, written: Mapping[str, bytes]) -> list[Path]:
    """Archives of before, in excess of those that were written now."""
    return [path for path in _archives(package) if path.name not in written]


def _archives(package: PackageFolder) -> list[Path]:
    before = f"{package.facts['number']}（"
    return sorted(path for path in package.folder.parent.glob("*.zip") if path.name.startswith(before))


def _members(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with ZipFile(path) as archive:
            for name in archive.namelist():
                yield name, sha256_hex(archive.read(name))
    except (OSError, BadZipFile) as fault:
        raise PackageDamaged(f"{path.name} 无法读取") from fault
