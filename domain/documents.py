"""From a page as extracted to the document that is judged."""

from domain.findings import Document
from domain.page import ExtractedPage


def document_of(page: ExtractedPage) -> Document:
    """The judged view of a page: same text, so offsets of findings hold for both."""
    return Document(
        text=page.text,
        title=page.title,
        site_name=page.site_name,
        url=page.url,
        account=page.account,
        page_type=page.page_type,
        body_start=page.body_start,
        body_end=page.body_end,
        contact_in_body=tuple(contact.value for contact in page.contacts if not contact.in_footer),
        contact_in_footer=tuple(contact.value for contact in page.contacts if contact.in_footer),
        widgets=page.widgets,
        cta=page.cta,
        identifiers=tuple(f"{number.kind}:{number.value}" for number in page.identifiers),
        image_count=len(page.images),
        keywords=page.keywords,
        description=page.description,
        logo=page.logo,
    )
