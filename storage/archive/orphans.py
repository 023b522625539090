"""What a killed process leaves behind. The database says what counts; files follow it."""

from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from storage.archive.all_bundles import all_bundles
from storage.archive.warc_file import abandoned, cut_file
from storage.database import writing
from storage.locks import cleaning
from storage.tables import warc_files


def repair_warcs(engine: Engine, folder: Path) -> int:
    """Cut the WARC files of dead processes back to what the database vouches for and seal them; returns how many.

    A file that a live process holds is left alone, a missing one is left for verification to report.
    """
    with engine.connect() as connection:
        unsealed = connection.execute(
            select(warc_files.c.id, warc_files.c.path).where(warc_files.c.sealed.is_(False))
        ).all()
    return sum(_seal_abandoned(engine, folder / row.path, row.id) for row in unsealed if (folder / row.path).exists())


def _seal_abandoned(engine: Engine, path: Path, warc_id: int) -> bool:
    with abandoned(path) as file:
        if file is None:
            return False
        # Read under the file's lock only: before it, its writer may have lived and committed more.
        with writing(engine) as connection:
            length = connection.execute(select(warc_files.c.length).where(warc_files.c.id == warc_id)).scalar_one()
            cut_file(file, length)
            connection.execute(update(warc_files).where(warc_files.c.id == warc_id).values(sealed=True))
    return True


def clean_orphans(engine: Engine, folder: Path) -> list[str]:
    """Remove evidence files that no database row knows, as left by a crash before the commit; returns their paths.

    Their pages were never finished, so they are visited and captured again. Waits for captures that are under way.
    Also repairs WARC files.
    """
    removed = []
    with cleaning(folder):
        with engine.connect() as connection:
            known = _known_paths(connection)
        half_written = (path for name in ("seals", "records") for path in folder.glob(f"{name}/**/*.part"))
        for path in sorted([*folder.glob("evidence/**/*"), *folder.glob("warc/**/*"), *half_written]):
            relative = path.relative_to(folder).as_posix()
            if path.is_file() and relative not in known:
                path.unlink()
                removed.append(relative)
    repair_warcs(engine, folder)
    return removed


def _known_paths(connection: Connection) -> set[str]:
    return {*connection.scalars(all_bundles()), *connection.scalars(select(warc_files.c.path))}
