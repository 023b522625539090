"""A package on disk against its list: what was altered is found, and edited letters are registered whole."""

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from referral.package import DIGESTS, MANIFEST, listings, lists_of, rows_of, sizes_of, transmissions
from referral.package_folder import PackageDamaged, PackageFolder, left_over, read_folder, require_unchanged, revised
from storage.digests import sha256_hex
from tests.referral.leads import consignment

NUMBER = "医广线移〔2026〕1号"
LETTER = "涉嫌违法广告线索移送函"
ROOMY = 20_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As `yiguang refer` leaves it, with letters that are none."""
    of = consignment()
    files = {f"{LETTER}.docx": b"word", f"{LETTER}.pdf": b"print", **lists_of(of)}
    files |= listings(rows_of(files), of)
    made = tmp_path / NUMBER
    made.mkdir()
    for name, data in files.items():
        (made / name).write_bytes(data)
    for name, data in transmissions(files, sizes_of([], files), ROOMY, NUMBER).items():
        (tmp_path / name).write_bytes(data)
    return made


def edit_letters(folder: Path) -> None:
    (folder / f"{LETTER}.docx").write_bytes(b"word, with a name to call")
    (folder / f"{LETTER}.pdf").write_bytes(b"print, with a name to call")


def test_what_was_made_is_as_its_list_says(folder: Path) -> None:
    package = read_folder(folder, NUMBER)
    require_unchanged(package)
    assert package.manifest_sha256 == sha256_hex((folder / MANIFEST).read_bytes())
    assert set(package.letters) == {f"{LETTER}.docx", f"{LETTER}.pdf"}


def _swap_archive(folder: Path) -> None:
    (archive,) = folder.parent.glob("*.zip")
    with ZipFile(archive, "w") as written:
        written.writestr("网址清单.csv", "http://other.example/")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "网址清单.csv").write_text("x"), "网址清单.csv 与清单不符.*已被改动$"),
        (lambda folder: (folder / f"{LETTER}.docx").write_text("x"), "outbox revise 登记"),
        (lambda folder: (folder / "证据目录.csv").unlink(), "缺 证据目录.csv"),
        (
            lambda folder: [(folder / "证据目录.csv").unlink(), (folder / "证据目录.csv").mkdir()],
            "无法读取 .*证据目录.csv",
        ),
        (lambda folder: (folder / "另一份.pdf").write_text("x"), "多出清单中没有的 另一份.pdf"),
        (lambda folder: (folder / DIGESTS).write_text("x"), "校验值.txt 与清单不符"),
        (lambda folder: (folder / DIGESTS).unlink(), "校验值.txt 无法读取"),
        (lambda folder: (folder / MANIFEST).unlink(), "无法读取"),
        (lambda folder: (folder / MANIFEST).write_text("[]"), "不是移送材料的清单"),
        (_swap_archive, "压缩包不是由这份材料制作的"),
        (lambda folder: next(folder.parent.glob("*.zip")).write_text("x"), "无法读取"),
    ],
)
def test_what_was_altered_is_named(folder: Path, harm: Callable[[Path], object], words: str) -> None:
    harm(folder)
    with pytest.raises(PackageDamaged, match=words):
        require_unchanged(read_folder(folder, NUMBER))


def test_a_transmission_that_is_missing_is_told_and_none_at_all_is_not(folder: Path) -> None:
    edit_letters(folder)
    write(read_folder(folder, NUMBER), 9_000)
    first, *others = sorted(folder.parent.glob("*.zip"))
    first.unlink()
    with pytest.raises(PackageDamaged, match="压缩包缺 .*少了一个压缩包"):
        require_unchanged(read_folder(folder, NUMBER))
    for archive in others:
        archive.unlink()
    require_unchanged(read_folder(folder, NUMBER))


def test_the_folder_of_another_package_is_not_taken(folder: Path) -> None:
    with pytest.raises(PackageDamaged, match="不是 医广线移〔2026〕2号 的"):
        read_folder(folder, "医广线移〔2026〕2号")


def write(package: PackageFolder, limit_bytes: int) -> None:
    files = revised(package, limit_bytes)
    for path in left_over(package, files):
        path.unlink()
    for name, data in files.items():
        (package.folder.parent / name).write_bytes(data)


def test_edited_letters_become_part_of_the_package(folder: Path) -> None:
    before = json.loads((folder / MANIFEST).read_text("utf-8"))
    edit_letters(folder)
    write(read_folder(folder, NUMBER), ROOMY)
    package = read_folder(folder, NUMBER)
    require_unchanged(package)
    after = dict(package.facts)
    assert {row["name"] for row in after.pop("files")} == {row["name"] for row in before.pop("files")}
    assert after == before
    (archive,) = folder.parent.glob("*.zip")
    assert ZipFile(archive).read(f"{LETTER}.docx") == b"word, with a name to call"


def test_archives_of_before_do_not_stay(folder: Path) -> None:
    edit_letters(folder)
    write(read_folder(folder, NUMBER), 9_000)
    require_unchanged(read_folder(folder, NUMBER))
    assert len(list(folder.parent.glob("*.zip"))) > 1
    assert not (folder.parent / f"{NUMBER}（1／1）.zip").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((), "函没有改动"),
        ((f"{LETTER}.docx",), f"{LETTER}.pdf 没有一并改动"),
        ((f"{LETTER}.docx", f"{LETTER}.pdf", "网址清单.csv"), "网址清单.csv 也被改动"),
    ],
)
def test_only_the_letter_may_be_edited_and_both_of_its_forms(folder: Path, change: tuple[str, ...], words: str) -> None:
    for name in change:
        (folder / name).write_bytes(b"edited")
    with pytest.raises(PackageDamaged, match=words):
        revised(read_folder(folder, NUMBER), ROOMY)
