"""Pages made again from what nights stored of them, to judge them by other rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select

from domain.documents import document_of
from domain.findings import Document
from domain.page import ExtractedPage, Image
from domain.site_logos import LogoLikeness
from storage.pages.visit_rows import contacts_of, identifiers_of
from storage.tables import pages

#: The page whose text another has too (`same_as`).
earlier_pages = pages.alias("earlier")
#: The text of a page; of one that had not changed since an earlier night (`same_as`) that of the earlier one.
STORED_TEXT = func.coalesce(pages.c.text, earlier_pages.c.text)
_FROM_EITHER = ("contacts", "identifiers", "institutions", "judged_as")


@dataclass(frozen=True, slots=True)
class StoredPage:
    """`findings_of` is the page that has its findings. `complete` is false for pages of nights that did not store what else
    they judged by: then the whole text counts as the main body, and there are no widgets and no calls to action."""

    id: int
    findings_of: int
    captured_at: datetime
    page: ExtractedPage
    complete: bool


def stored_documents(engine: Engine, night_id: str) -> Iterator[tuple[int, Document]]:
    """(page id, document) of every page of the night whose text was stored, in order of id."""
    with engine.connect() as connection:
        for stored in stored_pages(connection, pages.c.night_id == night_id):
            yield stored.id, document_of(stored.page)


def stored_pages(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[StoredPage]:
    """The pages that hold to all `conditions` and whose text was stored, in order of id."""
    columns: list[Any] = [column for column in pages.c if column.name not in ("text", *_FROM_EITHER)]
    either: Sequence[Any] = [func.coalesce(pages.c[name], earlier_pages.c[name]).label(name) for name in _FROM_EITHER]
    query = (
        select(*columns, *either, STORED_TEXT.label("text"))
        .outerjoin(earlier_pages, earlier_pages.c.id == pages.c.same_as)
        .where(STORED_TEXT.is_not(None), *conditions)
        .order_by(pages.c.id)
    )
    for row in connection.execute(query):
        yield StoredPage(row.id, row.same_as or row.id, row.captured_at, _page(row), row.judged_as is not None)


def _page(row: Row[*tuple[Any, ...]]) -> ExtractedPage:
    also: Mapping[str, Any] = row.judged_as or {"body": [0, 0], "widgets": [], "cta": [], "images": 0}
    start, end = also["body"]
    return ExtractedPage(
        url=row.final_url,
        title=row.title or "",
        text=row.text,
        encoding=row.encoding or "",
        page_type=row.page_type or "page",
        site_name=row.site_name or "",
        account=row.account or "",
        author=row.author or "",
        published_at=row.published_at,
        body_start=start,
        body_end=end,
        contacts=contacts_of(row),
        identifiers=identifiers_of(row),
        institutions=tuple(row.institutions or []),
        images=(Image(""),) * also["images"],
        widgets=tuple(also["widgets"]),
        cta=tuple(also["cta"]),
        keywords=also.get("keywords", ""),
        description=also.get("description", ""),
        logo=LogoLikeness(**also["logo"]) if "logo" in also else None,
    )
