"""What one walk over a page collects: the material of every reader behind it."""

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class Block:
    """An element that may be the main body or a region of the page; lines are indices into `Walk.lines`."""

    first_line: int
    end_line: int
    region: str = ""
    named_body: bool = False
    element_id: str = ""


class WalkedImage(NamedTuple):
    """A picture as the source has it. `is_logo` is true where the names around it say that it is the site's own sign."""

    address: str
    alt: str = ""
    lazy: bool = False
    is_logo: bool = False


@dataclass(slots=True)
class Walk:
    """Raw findings in reading order. URLs are as written in the source, to be resolved against `base`.

    `times` are those of elements for times, `titled_times` what is shown above others that say how long ago something was (3 天前),
    each with its line.
    `scripts` are the short inline scripts, which place widgets and links; `data_scripts` are they and the longer ones
    that may hold a page's data, but not whole libraries.
    """

    lines: list[str] = field(default_factory=list)
    link_chars: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    images: list[WalkedImage] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)
    metas: dict[str, str] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    titled_times: list[tuple[int, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data_scripts: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    document_title: str = ""
    base: str = ""
