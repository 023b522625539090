"""The reliability plot of a model card as a small SVG: of pages scored so, how many a reviewer would confirm."""

from collections.abc import Iterable, Sequence

_SIDE, _MARGIN = 320, 40
_STYLE = "font-family:sans-serif;font-size:11px;fill:#333"


def reliability_svg(bins: Sequence[tuple[float, float, int]], title: str) -> str:
    """`bins` are (mean score, share of unlawful rows, number of rows). The area of a dot grows with its rows."""
    most = max((count for _, _, count in bins), default=1)
    size = _SIDE + 2 * _MARGIN
    dots = "".join(
        f'<circle cx="{_x(score)}" cy="{_y(share)}" r="{3 + 9 * (count / most) ** 0.5:.1f}" fill="#2563a8" fill-opacity="0.6">'
        f"<title>平均得分 {score:.2f}，实际 {share:.2f}，{count} 篇</title></circle>"
        for score, share, count in bins
    )
    line = " ".join(f"{_x(score)},{_y(share)}" for score, share, _ in bins)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{size}" height="{size}" fill="#fff"/>\n'
        f"{''.join(_ticks(count / 5 for count in range(6)))}\n"
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999" stroke-dasharray="4 4"/>\n'
        f'<polyline points="{line}" fill="none" stroke="#2563a8"/>\n{dots}\n'
        f'<text x="{size / 2:g}" y="{size - 6}" text-anchor="middle" style="{_STYLE}">平均得分（{title}）</text>\n'
        f'<text x="12" y="{size / 2:g}" text-anchor="middle" transform="rotate(-90 12 {size / 2:g})" style="{_STYLE}">'
        "实际涉嫌违法的比例</text>\n</svg>\n"
    )


def _ticks(values: Iterable[float]) -> Iterable[str]:
    for value in values:
        yield (
            f'<line x1="{_x(value)}" y1="{_y(0)}" x2="{_x(value)}" y2="{_y(1)}" stroke="#eee"/>'
            f'<line x1="{_x(0)}" y1="{_y(value)}" x2="{_x(1)}" y2="{_y(value)}" stroke="#eee"/>'
            f'<text x="{_x(value)}" y="{_y(0) + 14:g}" text-anchor="middle" style="{_STYLE}">{value:.1f}</text>'
            f'<text x="{_x(0) - 6:g}" y="{_y(value) + 4:g}" text-anchor="end" style="{_STYLE}">{value:.1f}</text>'
        )


def _x(value: float) -> float:
    return round(_MARGIN + value * _SIDE, 1)


def _y(value: float) -> float:
    return round(_MARGIN + (1.0 - value) * _SIDE, 1)
