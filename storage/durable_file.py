"""Files that are whole under their name, on disk, or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place at once; a crash leaves at most a `.part` file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")  # containers that share a folder have the same process ids
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:  # a full disk above all: what is half written must not stay
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def gone_if_broken_off(path: Path) -> Iterator[None]:
    """What is half written when the block fails must not be taken for the whole."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def make_secret(path: Path, data: bytes) -> bool:
    """Put a file of mode 0600 in place unless there is one, which stays: of two who make it at once, one has its way. False when
    there was one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return False
    part = path.with_name(f".{uuid4().hex}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(part, path)  # unlike a rename it never replaces one that came into being meanwhile
        except FileExistsError:
            return False
    finally:
        part.unlink()
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make a new or renamed name in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
