"""Where a visit becomes durable."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from domain.visits import Visit


class SqlVisitStore:
    """`domain.visits.VisitStore` over SQL, WARC files and evidence bundles below `folder`."""

    def __init__(
        self, engine: Engine, folder: Path, provenance: Mapping[str, str], clock: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._provenance = dict(provenance)
        self._clock = clock

    def record(self, visit: Visit) -> None:
        raise NotImplementedError("written next")

    def close(self) -> None:
        """Seal the open WARC file."""
