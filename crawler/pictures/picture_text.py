"""The words of pictures take their place in the text of the page that shows them."""

from collections.abc import Sequence
from dataclasses import replace

from crawler.pages.institutions import find_institutions
from crawler.qr import kind_of
from crawler.wordings import Wordings
from domain.contacts import find_contacts, normal_number
from domain.identifiers import find_identifiers
from domain.page import Contact, ExtractedPage
from domain.pictures import PagePicture

HEADING = "【图片文字】"


def with_pictures(page: ExtractedPage, pictures: Sequence[PagePicture], wordings: Wordings) -> ExtractedPage:
    """The page as a person sees it: what its pictures say stands at the end of its body, each picture under a heading line.

    Offsets of what follows are moved, and contacts, numbers, calls and institutions of the pictures are added; a code to add
    a friend is a widget. A page of which nothing was read only gets its `pictures`.
    """
    added, placed = _lay_out(page, pictures, wordings)
    page = replace(page, pictures=tuple(placed))
    codes = [code for picture in placed if picture.reading is not None for code in picture.reading.codes]
    kinds = [kind_of(code.payload, wordings.code_kinds) for code in codes]
    widgets = dict.fromkeys((*page.widgets, *(f"二维码：{kind.zh}" for kind in kinds if kind.channel)))
    page = replace(page, widgets=tuple(widgets))
    return _inserted(page, added, wordings) if added else page


def pictures_aside(page: ExtractedPage, pictures: Sequence[PagePicture]) -> ExtractedPage:
    """The page with its pictures and without their words."""
    return replace(page, pictures=tuple(replace(picture, spans=()) for picture in pictures))


def _lay_out(page: ExtractedPage, pictures: Sequence[PagePicture], wordings: Wordings) -> tuple[str, list[PagePicture]]:
    """What is put in at the end of the body, and the pictures with the places of their lines in the text to be."""
    added = ""
    placed: list[PagePicture] = []
    for picture in pictures:
        reading = picture.reading
        if reading is None:
            placed.append(picture)
            continue
        spans: list[tuple[int, int]] = []
        if reading.lines:
            added += f"\n{HEADING}" if page.body_end or added else HEADING
        for line in reading.lines:
            start = page.body_end + len(added) + 1
            added += f"\n{line.text}"
            spans.append((start, start + len(line.text)))
        kinds = tuple(kind_of(code.payload, wordings.code_kinds).name for code in reading.codes)
        placed.append(replace(picture, spans=tuple(spans), code_kinds=kinds))
    return added, placed


def _inserted(page: ExtractedPage, added: str, wordings: Wordings) -> ExtractedPage:
    at = page.body_end
    after = page.text[at:]
    if after and not after.startswith("\n"):
        added += "\n"
    text = page.text[:at] + added + after
    moved = len(added)
    contacts = [_moved(contact, at, moved) for contact in page.contacts]
    numbers = [
        replace(number, start=number.start + moved, end=number.end + moved) if number.start >= at else number
        for number in page.identifiers
    ]
    known_numbers = {(number.kind, number.value) for number in numbers}
    for number in find_identifiers(added):
        if (number.kind, number.value) not in known_numbers:
            numbers.append(replace(number, start=number.start + at, end=number.end + at))
    institutions = dict.fromkeys((*page.institutions, *find_institutions(added, wordings)))
    return replace(
        page,
        text=text,
        body_end=at + len(added.rstrip("\n")),
        contacts=_with_contacts(contacts, added, at),
        identifiers=tuple(sorted(numbers, key=lambda number: (number.start, number.end, number.kind))),
        cta=tuple(dict.fromkeys((*page.cta, *wordings.calls.findall(added.lower())))),
        institutions=tuple(institutions),
    )


def _moved(contact: Contact, at: int, moved: int) -> Contact:
    if contact.start < at:
        return contact
    return replace(contact, start=contact.start + moved, end=contact.end + moved)


def _with_contacts(contacts: list[Contact], added: str, at: int) -> tuple[Contact, ...]:
    """A contact in a picture is in the body; it takes the place of the same one known from the footer only."""
    chosen = {(contact.kind, normal_number(contact)): contact for contact in contacts}
    for contact in find_contacts(added):
        key = (contact.kind, normal_number(contact))
        if key not in chosen or chosen[key].in_footer:
            chosen[key] = replace(contact, start=contact.start + at, end=contact.end + at)
    return tuple(sorted(chosen.values(), key=lambda contact: (contact.start, contact.end, contact.kind)))
