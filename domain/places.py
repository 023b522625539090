"""Where on a page as shown the wording of a finding stands."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, width and height in CSS pixels of the whole page, which are the pixels of the full-page screenshot."""


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """`boxes` holds one for each line or piece of the quote; without any, `fault` says in Chinese why."""

    quote: str
    boxes: tuple[Box, ...]
    fault: str = ""
