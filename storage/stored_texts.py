"""Documents made again from what a night stored of its pages, to judge them by other rules."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Row, func, select

from domain.findings import Document
from storage.tables import pages


def stored_documents(engine: Engine, night_id: str) -> Iterator[tuple[int, Document]]:
    """(page id, document) of every page of the night whose text was stored, in order of id; a page that had not changed
    since an earlier night (`same_as`) has the text of that one.

    Widgets, calls to action and the bounds of the main body are not stored: the whole text counts as the body.
    """
    earlier = pages.alias("earlier")
    text = func.coalesce(pages.c.text, earlier.c.text)
    columns: list[Any] = [column for column in pages.c if column.name != "text"]
    query = (
        select(*columns, text.label("text"))
        .outerjoin(earlier, earlier.c.id == pages.c.same_as)
        .where(pages.c.night_id == night_id, text.is_not(None))
        .order_by(pages.c.id)
    )
    with engine.connect() as connection:
        for row in connection.execute(query):
            yield row.id, _document(row)


def _document(row: Row[*tuple[Any, ...]]) -> Document:
    contacts = row.contacts or []
    return Document(
        text=row.text,
        title=row.title or "",
        site_name=row.site_name or "",
        url=row.final_url,
        account=row.account or "",
        page_type=row.page_type or "page",
        contact_in_body=tuple(item["value"] for item in contacts if not item.get("in_footer")),
        contact_in_footer=tuple(item["value"] for item in contacts if item.get("in_footer")),
        identifiers=tuple(f"{item['kind']}:{item['value']}" for item in row.identifiers or []),
    )
