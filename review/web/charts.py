"""Charts as SVG, made here: no script draws them, and colours are the style sheet's, by class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each label of a chart. `mark` is its class in the style sheet, `c1` to `c5`."""

    name: str
    mark: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A share, 0..1, with the ends of its 95 % interval; `value` None where there is none."""

    label: str
    value: float | None
    low: float
    high: float
    note: str = ""


def columns(title: str, labels: Sequence[str], series: Sequence[Series], width: int = 620, height: int = 190) -> Markup:
    """Columns side by side for each label, with a scale of round numbers."""
    left, bottom, top = 34, 24, 8
    most = max((value for each in series for value in each.values), default=0.0)
    scale = nice_ceiling(most)
    plot_height, plot_width = height - bottom - top, width - left
    slot = plot_width / max(1, len(labels))
    thick = min(18.0, slot * 0.76 / max(1, len(series)))
    parts = _grid(scale, left, width, top, plot_height)
    for place, label in enumerate(labels):
        start = left + slot * place + (slot - thick * len(series)) / 2
        for number, each in enumerate(series):
            tall = plot_height * each.values[place] / scale
            tip = escape(f"{label} {each.name} {each.values[place]:g}")
            parts.append(
                f'<rect class="{each.mark}" x="{start + thick * number:.1f}" y="{top + plot_height - tall:.1f}" '
                f'width="{thick - 1.5:.1f}" height="{tall:.1f}" rx="1.5"><title>{tip}</title></rect>'
            )
        if len(labels) <= 16 or place % 2 == 0:
            middle = left + slot * (place + 0.5)
            parts.append(f'<text class="x" x="{middle:.1f}" y="{height - 8}">{escape(label)}</text>')
    return _svg(title, width, height, parts)


def stacked_rows(
    title: str, rows: Sequence[tuple[str, Sequence[int]]], marks: Sequence[str], names: Sequence[str]
) -> Markup:
    """One bar a row, its parts in order; beside it the sum."""
    left, right, step, width = 92, 44, 30, 620
    most = max((sum(values) for _, values in rows), default=0) or 1
    parts: list[str] = []
    for place, (label, values) in enumerate(rows):
        top = place * step + 4
        parts.append(f'<text class="row" x="{left - 10}" y="{top + 15}">{escape(label)}</text>')
        start = float(left)
        for mark, name, value in zip(marks, names, values, strict=True):
            wide = (width - left - right) * value / most
            if value:
                tip = escape(f"{label} {name}：{value}")
                parts.append(
                    f'<rect class="{mark}" x="{start:.1f}" y="{top}" width="{max(wide - 1, 1):.1f}" height="20" rx="2">'
                    f"<title>{tip}</title></rect>"
                )
            start += wide
        parts.append(f'<text class="sum" x="{start + 6:.1f}" y="{top + 15}">{sum(values)}</text>')
    return _svg(title, width, max(1, len(rows)) * step, parts)


def intervals(title: str, rows: Sequence[Interval], width: int = 620) -> Markup:
    """A dot at each share and a line over its interval, on a scale of 0 to 100 %."""
    left, right, step, top = 118, 96, 34, 16
    plot = width - left - right
    parts: list[str] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + plot * share
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + step * len(rows)}"/>')
        parts.append(f'<text class="x" x="{x:.1f}" y="{top - 4}">{share * 100:.0f}%</text>')
    for place, row in enumerate(rows):
        y = top + step * place + step / 2
        parts.append(f'<text class="row" x="{left - 12}" y="{y + 4:.1f}">{escape(row.label)}</text>')
        if row.value is None:
            parts.append(f'<text class="note" x="{left + 8}" y="{y + 4:.1f}">{escape(row.note or "尚无数据")}</text>')
            continue
        low, high, at = (left + plot * min(1.0, max(0.0, end)) for end in (row.low, row.high, row.value))
        said = f"{row.value * 100:.1f}%（{row.low * 100:.1f}–{row.high * 100:.1f}%）"
        parts.append(f'<line class="c1 span" x1="{low:.1f}" x2="{max(high, low + 1):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<circle class="c1" cx="{at:.1f}" cy="{y:.1f}" r="5"><title>{escape(said)}</title></circle>')
        parts.append(f'<text class="said" x="{width - right + 8}" y="{y + 4:.1f}">{row.value * 100:.1f}%</text>')
    return _svg(title, width, top + step * max(1, len(rows)) + 4, parts)


def sparkline(title: str, points: Sequence[Interval], width: int = 150, height: int = 34) -> Markup:
    """A share over time with a band for its interval; where there is none the line stops."""
    step = (width - 8) / max(1, len(points) - 1)
    place = {number: 4 + step * number for number in range(len(points))}
    tall = height - 6

    def y(share: float) -> float:
        return 3 + tall * (1 - min(1.0, max(0.0, share)))

    known = [(number, point) for number, point in enumerate(points) if point.value is not None]
    band = [(place[number], y(point.high)) for number, point in known]
    band += [(place[number], y(point.low)) for number, point in reversed(known)]
    parts = [f'<line class="grid" x1="0" x2="{width}" y1="{y(0.5):.1f}" y2="{y(0.5):.1f}"/>']
    if len(known) > 1:
        parts.append(f'<polygon class="c1 band" points="{_points(band)}"/>')
        parts.append(f'<polyline class="c1" points="{_points([(place[n], y(p.value or 0)) for n, p in known])}"/>')
    for number, point in known:
        tip = escape(
            f"{point.label} {(point.value or 0) * 100:.0f}%（{point.low * 100:.0f}–{point.high * 100:.0f}%）{point.note}"
        )
        parts.append(
            f'<circle class="c1" cx="{place[number]:.1f}" cy="{y(point.value or 0):.1f}" r="2.6"><title>{tip}</title></circle>'
        )
    return _svg(title, width, height, parts)


def bars(title: str, rows: Sequence[tuple[str, int]], width: int = 620) -> Markup:
    """Lengths compared, longest on top as they are given."""
    left, right, step = 118, 40, 22
    most = max((value for _, value in rows), default=0) or 1
    parts: list[str] = []
    for place, (label, value) in enumerate(rows):
        top = place * step
        wide = (width - left - right) * value / most
        parts.append(f'<text class="row" x="{left - 10}" y="{top + 14}">{escape(label)}</text>')
        parts.append(f'<rect class="c1" x="{left}" y="{top + 3}" width="{max(wide, 1):.1f}" height="14" rx="2"/>')
        parts.append(f'<text class="sum" x="{left + wide + 6:.1f}" y="{top + 14}">{value}</text>')
    return _svg(title, width, max(1, len(rows)) * step, parts)


def nice_ceiling(value: float) -> float:
    """The next round number, one or two digits and zeros."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if power * step >= value * 0.999999)


def _grid(scale: float, left: float, width: float, top: float, plot_height: float) -> list[str]:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = top + plot_height * (1 - share)
        parts.append(f'<line class="grid" x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="y" x="{left - 6}" y="{y + 4:.1f}">{scale * share:g}</text>')
    return parts


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> Markup:
    inside = "".join(parts)
    return Markup(  # noqa: S704  # texts are escaped above, all else is numbers
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">{inside}</svg>'
    )
