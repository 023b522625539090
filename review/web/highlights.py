"""The page's text cut into pieces that each stand under the same findings, and very long texts cut down to what matters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_HEAD = 30_000
_AROUND = 400


@dataclass(frozen=True, slots=True)
class Span:
    """What is marked in a text: code points, and the finding's number. A `live` one outweighs a silenced one."""

    start: int
    end: int
    finding: int
    live: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text. `findings` stand over it, `first` are those that begin with it; `left_out` says how many code
    points are not shown here, and then there is no text."""

    text: str
    findings: tuple[int, ...] = ()
    first: tuple[int, ...] = ()
    live: bool = False
    left_out: int = 0


def pieces(text: str, spans: Iterable[Span], longest: int = MAX_HEAD) -> list[Piece]:
    """The text in order. Of one longer than `longest` its head is shown and, of the rest, what stands around findings.

    Spans that are not in the text, or empty, are left out.
    """
    inside = [span for span in spans if 0 <= span.start < span.end <= len(text)]
    found: list[Piece] = []
    last = 0
    for start, end in _windows(len(text), inside, longest):
        if start > last:
            found.append(Piece("", left_out=start - last))
        found += _cut(text, start, end, inside)
        last = end
    if last < len(text):
        found.append(Piece("", left_out=len(text) - last))
    return found


def _windows(length: int, spans: Sequence[Span], longest: int) -> list[tuple[int, int]]:
    """What is shown, in order and apart from each other."""
    if length <= longest:
        return [(0, length)] if length else []
    wanted = [(0, longest)]
    wanted += [(max(0, span.start - _AROUND), min(length, span.end + _AROUND)) for span in spans]
    windows: list[tuple[int, int]] = []
    for start, end in sorted(wanted):
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(windows[-1][1], end))
        else:
            windows.append((start, end))
    return windows


def _cut(text: str, start: int, end: int, spans: Sequence[Span]) -> list[Piece]:
    edges = {start, end}
    for span in spans:
        edges.update(edge for edge in (span.start, span.end) if start < edge < end)
    ordered = sorted(edges)
    starting = sorted(spans, key=lambda span: span.start)
    found, open_spans, upcoming = [], list[Span](), 0
    for left, right in zip(ordered, ordered[1:], strict=False):
        while upcoming < len(starting) and starting[upcoming].start <= left:
            open_spans.append(starting[upcoming])
            upcoming += 1
        open_spans = [span for span in open_spans if span.end > left]
        numbers = tuple(dict.fromkeys(span.finding for span in open_spans))
        first = tuple(dict.fromkeys(span.finding for span in open_spans if span.start == left))
        found.append(Piece(text[left:right], numbers, first, any(span.live for span in open_spans)))
    return found
