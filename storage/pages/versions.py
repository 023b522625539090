"""The texts of a page through the nights."""

from sqlalchemy import Engine, select

from domain.versions import PageVersion, Sighting, page_versions
from storage.tables import page_bodies, pages
from storage.url_keys import url_key


def versions_of(engine: Engine, url: str) -> tuple[PageVersion, ...]:
    """The versions of a page's main text in order of first sight; none when it was never read."""
    bodies = page_bodies.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(bodies.page_id, bodies.body_sha256, bodies.seen_at)
            .where(bodies.url_key == url_key(url))
            .order_by(bodies.seen_at, bodies.page_id)
        ).all()
    return page_versions(Sighting(row.page_id, row.body_sha256, row.seen_at) for row in rows)


def version_text(engine: Engine, version: PageVersion) -> str:
    """The main text of a version. Raises KeyError when its page is not stored."""
    with engine.connect() as connection:
        found = connection.execute(
            select(page_bodies.c.body_start, page_bodies.c.body_end, pages.c.text, pages.c.same_as)
            .join(pages, pages.c.id == page_bodies.c.page_id)
            .where(pages.c.id == version.page_id)
        ).one_or_none()
        if found is None:
            raise KeyError(version.page_id)
        text = found.text
        if text is None:
            text = connection.scalars(select(pages.c.text).where(pages.c.id == found.same_as)).one()
    return str(text)[found.body_start : found.body_end]
