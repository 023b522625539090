"""What was read in pictures: each picture once, by the SHA-256 of its bytes, and which page shows which."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select

from domain.pictures import (
    COARSE_DIGITS,
    PagePicture,
    PictureCode,
    PictureFate,
    PictureLine,
    PictureReading,
    alike,
)
from domain.visits import Visit
from storage.database import insert_into
from storage.tables import frontier, page_pictures, pages, pictures
from storage.url_keys import url_key

#: Pictures of one coarse look that are compared; posters of one maker look alike.
_COMPARED = 200


class SqlPictureMemory:
    """`domain.pictures.PictureMemory` over SQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self, sha256: str) -> PictureReading | None:
        """The reading of a picture of exactly these bytes."""
        with self._engine.connect() as connection:
            row = connection.execute(select(pictures).where(pictures.c.sha256 == sha256)).one_or_none()
        return None if row is None else _reading(row)

    def alike(self, look: str) -> PictureReading | None:
        """The reading of a picture that looks alike, the one read last."""
        coarse = look[:COARSE_DIGITS]
        query = select(pictures).where(pictures.c.coarse_look == coarse).order_by(pictures.c.read_at.desc())
        with self._engine.connect() as connection:
            rows = connection.execute(query.limit(_COMPARED)).all()
        return next((_reading(row) for row in rows if alike(row.look, look)), None)


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture of a page as stored; `night_id` is the night of the visit."""

    night_id: str
    page_id: int
    picture: PagePicture


def add_pictures(connection: Connection, visits: Sequence[Visit]) -> None:
    """Write what became of the pictures of some visits, in the transaction of their pages."""
    shown = [
        (visit, place, item)
        for visit in visits
        if visit.page is not None
        for place, item in enumerate(visit.page.pictures)
    ]
    if not shown:
        return
    readings = {
        item.reading.sha256: _reading_row(visit, item.reading) for visit, _, item in shown if item.reading is not None
    }
    if readings:
        statement = insert_into(connection.dialect.name, pictures).on_conflict_do_nothing(index_elements=["sha256"])
        # In order: two workers that write the same pictures must not wait for one another
        connection.execute(statement, [readings[sha256] for sha256 in sorted(readings)])
    connection.execute(insert(page_pictures), [_row(*item) for item in shown])


def seconds_spent(engine: Engine, night_id: str, target_ids: Sequence[int]) -> float:
    """Seconds in which pictures of some targets were read in a night, as far as their pages are stored."""
    of_night = select(pictures.c.target_id, func.sum(pictures.c.seconds).label("seconds")).where(
        pictures.c.night_id == night_id
    )
    wanted = frozenset(target_ids)  # compared here: a shard may have more of them than a statement may name
    with engine.connect() as connection:
        spent = connection.execute(of_night.group_by(pictures.c.target_id))
        return sum((row.seconds or 0.0 for row in spent if row.target_id in wanted), 0.0)


def picture_fates(connection: Connection, night_id: str) -> Mapping[PictureFate, int]:
    """What became of the pictures of a night's pages; a picture on many pages counts for each."""
    query = (
        select(page_pictures.c.fate, func.count())
        .join(pages, pages.c.id == page_pictures.c.page_id)
        .where(pages.c.night_id == night_id)
        .group_by(page_pictures.c.fate)
    )
    return {PictureFate(fate): count for fate, count in connection.execute(query)}


def pictures_of_page(connection: Connection, page_id: int) -> tuple[PagePicture, ...]:
    """The pictures of a page in order of appearance."""
    query = (
        select(page_pictures, pictures)
        .outerjoin(pictures, pictures.c.sha256 == page_pictures.c.picture_sha256)
        .where(page_pictures.c.page_id == page_id)
        .order_by(page_pictures.c.place)
    )
    return tuple(_picture(row) for row in connection.execute(query))


def pictures_of_url(engine: Engine, url: str) -> list[ShownPicture]:
    """The pictures of the newest visit to a URL that gave content, empty when there is none or it has no pictures."""
    newest = (
        select(pages.c.id, pages.c.night_id)
        .join(frontier, frontier.c.id == pages.c.id)
        .where(frontier.c.url_key == url_key(url))
        .order_by(pages.c.id.desc())
    )
    with engine.connect() as connection:
        for page_id, night_id in connection.execute(newest).all():
            if shown := pictures_of_page(connection, page_id):
                return [ShownPicture(night_id, page_id, picture) for picture in shown]
    return []


def _reading_row(visit: Visit, reading: PictureReading) -> dict[str, Any]:
    return {
        **asdict(reading),
        "coarse_look": reading.look[:COARSE_DIGITS],
        "read_at": visit.ended_at,
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
    }


def _row(visit: Visit, place: int, item: PagePicture) -> dict[str, Any]:
    return {
        "page_id": visit.frontier.id,
        "place": place,
        "url": item.url,
        "fate": item.fate.value,
        "detail": item.detail,
        "picture_sha256": None if item.reading is None else item.reading.sha256,
        "payload_sha256": item.payload_sha256,
        "likeness": item.likeness,
        "spans": [list(span) for span in item.spans],
        "code_kinds": list(item.code_kinds),
    }


def _picture(row: Row[Any]) -> PagePicture:
    return PagePicture(
        url=row.url,
        fate=PictureFate(row.fate),
        detail=row.detail,
        reading=None if row.picture_sha256 is None else _reading(row),
        spans=tuple((start, end) for start, end in row.spans),
        code_kinds=tuple(row.code_kinds),
        payload_sha256=row.payload_sha256,
        likeness=row.likeness,
    )


def _reading(row: Row[Any]) -> PictureReading:
    return PictureReading(
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        look=row.look,
        lines=tuple(PictureLine(line["text"], _box(line["box"]), line["confidence"]) for line in row.lines),
        codes=tuple(PictureCode(code["payload"], _box(code["box"])) for code in row.codes),
        engine=row.engine,
        seconds=row.seconds,
    )


def _box(corners: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((x, y) for x, y in corners)
