"""Files that are whole under their name, on disk, or not there at all."""

import os
from pathlib import Path

from storage.warc_file import sync_folder


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place at once; a crash leaves at most a `.part` file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
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
