"""Files by name whose content is read or made only when it is asked for, so that many of them never are in memory together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path


class FilesOnDemand(Mapping[str, bytes]):
    """Content by name, in the order given. Each look asks the source again, and raises what it raises."""

    def __init__(self, sources: Mapping[str, Callable[[], bytes]]) -> None:
        self._sources = dict(sources)

    def __getitem__(self, name: str) -> bytes:
        return self._sources[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def then(self, files: Mapping[str, bytes]) -> "FilesOnDemand":
        """These and, behind them, others."""
        return FilesOnDemand(self._sources | {name: partial(files.__getitem__, name) for name in files})


def files_in(folder: Path, names: Iterable[str]) -> FilesOnDemand:
    """Files of one folder; looking at one raises OSError when it cannot be read."""
    return FilesOnDemand({name: (folder / name).read_bytes for name in names})
