"""The lexicons as they were at a git revision, written to a folder, to judge with them beside those of now."""

import io
import subprocess
import tarfile
from pathlib import Path

from yiguang.errors import CommandFailed


def write_revision(lexicons: Path, revision: str, into: Path) -> Path:
    """The folder that holds `lexicons` as of `revision`. Raises CommandFailed when git cannot tell."""
    if revision.startswith("-"):
        raise CommandFailed(f"没有版本 {revision}")
    root = Path(
        _git(lexicons, "rev-parse", "--show-toplevel", failed=f"{lexicons} 不在 git 仓库中，无法与旧版本比较").strip()
    )
    inside = lexicons.resolve().relative_to(root.resolve()).as_posix()
    commit = _git(lexicons, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", failed=f"没有版本 {revision}")
    archive = subprocess.run(
        ["git", "-C", str(root), "archive", "--format=tar", commit.strip(), "--", inside],
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        raise CommandFailed(f"版本 {revision} 中没有 {inside}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        _write_files(tar, into.resolve())
    return into / inside


def _write_files(tar: tarfile.TarFile, into: Path) -> None:
    """Plain files only, below `into` only. Python 3.11.2, which Debian 12 has, knows no extraction filters."""
    for member in tar:
        body = tar.extractfile(member) if member.isfile() else None
        path = (into / member.name).resolve()
        if body is not None and path.is_relative_to(into):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body.read())


def _git(folder: Path, *arguments: str, failed: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False, text=True)
    except FileNotFoundError:
        raise CommandFailed("没有安装 git，无法与旧版本比较") from None
    if done.returncode:
        raise CommandFailed(failed)
    return done.stdout
