"""An operator as a picture: its sites and accounts, what joins them, and the names they go by. Plain SVG, no script.

The same cluster gives the same picture, byte for byte.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from domain.identity import NODE_ZH, PLACE_ZH, Node, NodeKind
from domain.operators import JudgedEdge, OperatorCluster

MOST_NODES = 60
_MOST_IN_COLUMN = (32, 14, 14)
_BOX_WIDTH, _BOX_HEIGHT, _ROW = 264, 26, 34
_GAP, _MARGIN, _TOP = 150, 24, 92
_LABEL_UNITS = 29
"""Half-width characters that fit a box beside its kind's colour bar; a Chinese character takes two."""
_SPEAKING = (NodeKind.SITE, NodeKind.ACCOUNT)
_COLOURS = {
    NodeKind.SITE: "#2f6f9f",
    NodeKind.ACCOUNT: "#2e8b57",
    NodeKind.PHONE: "#b5541c",
    NodeKind.ICP: "#7a5ea8",
    NodeKind.PSB: "#7a5ea8",
    NodeKind.CREDIT_CODE: "#8a3a62",
    NodeKind.LICENCE: "#8a3a62",
    NodeKind.CODE_TARGET: "#2e8b57",
    NodeKind.DOMAIN: "#2f6f9f",
    NodeKind.INSTITUTION: "#5b6770",
    NodeKind.BRAND: "#a33b3b",
    NodeKind.ADDRESS: "#5b6770",
    NodeKind.CERTIFICATE: "#8f7a1f",
    NodeKind.REGISTERED: "#3d6b4f",
}
_HEADS = ("网站与账号", "由此认作同一经营者", "名称、地址与名录（仅供参考）")
_UNPRINTABLE = re.compile(
    r"[^\t\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class _Line:
    """All edges between two nodes, drawn as one."""

    ends: tuple[Node, Node]
    binds: bool
    proof: str


@dataclass(frozen=True, slots=True)
class _Drawing:
    columns: tuple[tuple[Node, ...], tuple[Node, ...], tuple[Node, ...]]
    labels: dict[Node, str]
    lines: tuple[_Line, ...]
    left_out: int


def identity_picture(cluster: OperatorCluster) -> str:
    """One SVG document. Of more than 60 nodes it draws those with most edges and says how many it leaves out."""
    drawing = _drawing(cluster)
    rows = max(map(len, drawing.columns))
    places = {
        node: (_MARGIN + column * (_BOX_WIDTH + _GAP), _TOP + (rows - len(nodes)) * _ROW // 2 + row * _ROW)
        for column, nodes in enumerate(drawing.columns)
        for row, node in enumerate(nodes)
    }
    width = 2 * _MARGIN + 3 * _BOX_WIDTH + 2 * _GAP
    height = _TOP + rows * _ROW + 64
    sites = sum(1 for subject in cluster.subjects if subject.kind in _SPEAKING)
    title = f"经营者 {cluster.id}：{sites} 个网站与账号"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, sans-serif" font-size="13">',
        f"<title>{_text(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="34" font-size="17" font-weight="600" fill="#1d2a33">{_text(title)}</text>',
        *(
            f'<text x="{_MARGIN + column * (_BOX_WIDTH + _GAP)}" y="74" fill="#5b6770">{head}</text>'
            for column, head in enumerate(_HEADS)
            if drawing.columns[column]
        ),
        *(_path(line, places) for line in drawing.lines),
        *(_box(node, drawing.labels[node], *places[node]) for nodes in drawing.columns for node in nodes),
        *_legend(height - 26, drawing.left_out),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _drawing(cluster: OperatorCluster) -> _Drawing:
    lines = _lines(cluster.edges)
    degree: dict[Node, int] = defaultdict(int)
    for line in lines:
        for node in line.ends:
            degree[node] += 1
    columns: tuple[list[Node], list[Node], list[Node]] = ([], [], [])
    for node in degree:
        if not _is_plain_domain(node, cluster, degree[node]):
            columns[_column_of(node, cluster)].append(node)
    chosen = [
        sorted(nodes, key=lambda node: (-degree[node], node))[:most]
        for nodes, most in zip(columns, _MOST_IN_COLUMN, strict=True)
    ]
    left, middle, right = chosen
    middle = sorted(middle, key=lambda node: (-degree[node], node))
    left = _beside(left, middle, lines)
    right = _beside(right, left, lines)
    shown = {*left, *middle, *right}
    return _Drawing(
        columns=(tuple(left), tuple(middle), tuple(right)),
        labels=_labels(shown, cluster.edges),
        lines=tuple(line for line in lines if shown.issuperset(line.ends)),
        left_out=sum(map(len, columns)) - len(shown),
    )


def _lines(edges: Iterable[JudgedEdge]) -> list[_Line]:
    """Lines that join last, so that they are drawn over the others."""
    between: dict[tuple[Node, Node], list[JudgedEdge]] = defaultdict(list)
    for item in edges:
        if item.edge.link.subject != item.edge.link.node:
            between[item.edge.link.subject, item.edge.link.node].append(item)
    lines = [_line(ends, between[ends]) for ends in sorted(between)]
    return sorted(lines, key=lambda line: line.binds)


def _line(ends: tuple[Node, Node], items: Sequence[JudgedEdge]) -> _Line:
    """With the edge that says most for its proof."""
    best = min(items, key=lambda item: (not item.binds, item.edge.link.place, item.edge.link.quote))
    link = best.edge.link
    proof = f"{PLACE_ZH[link.place]}“{link.quote}”" if not best.edge.source else f"名录（{best.edge.source}）"
    return _Line(ends, best.binds, f"{proof}，{best.edge.url}" if best.edge.url else proof)


def _is_plain_domain(node: Node, cluster: OperatorCluster, degree: int) -> bool:
    """A domain of one site says nothing that the site does not; one that joins nobody is no domain that anybody owns."""
    return node.kind is NodeKind.DOMAIN and (degree < 2 or node not in cluster.shared)


def _column_of(node: Node, cluster: OperatorCluster) -> int:
    if node.kind is NodeKind.SITE or (node.kind is NodeKind.ACCOUNT and node in cluster.subjects):
        return 0
    return 1 if node in cluster.shared else 2


def _beside(nodes: Sequence[Node], others: Sequence[Node], lines: Iterable[_Line]) -> list[Node]:
    """Ordered so that lines to a column that is in order already cross little."""
    row = {node: number for number, node in enumerate(others)}
    heights: dict[Node, list[int]] = defaultdict(list)
    for line in lines:
        one, other = line.ends
        for node, end in ((one, other), (other, one)):
            if end in row:
                heights[node].append(row[end])
    middle = {node: sum(found) / len(found) for node, found in heights.items()}
    return sorted(nodes, key=lambda node: (middle.get(node, len(row)), node.kind, _natural(node.key)))


def _natural(key: str) -> list[tuple[int, str]]:
    """zhan2 before zhan10."""
    return [
        (int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in re.split(r"([0-9]{1,18})", key)
    ]


def _labels(nodes: Iterable[Node], edges: Iterable[JudgedEdge]) -> dict[Node, str]:
    """As written on the page first in order, else the key; a row of the registry by its institution and source."""
    written: dict[Node, str] = {}
    for item in edges:
        link = item.edge.link
        written.setdefault(link.node, link.label)
        if link.subject.kind is NodeKind.REGISTERED:
            written.setdefault(link.subject, f"{link.quote}（{item.edge.source}）")
    return {node: written.get(node) or node.key.partition(":")[2] or node.key for node in nodes}


def _path(line: _Line, places: dict[Node, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = sorted(places[node] for node in line.ends)
    y1, y2 = y1 + _BOX_HEIGHT // 2, y2 + _BOX_HEIGHT // 2
    if x1 == x2:  # in one column: a bow on its right
        start, bend = x1 + _BOX_WIDTH, x1 + _BOX_WIDTH + 36
        shape = f"M{start} {y1}C{bend} {y1} {bend} {y2} {start} {y2}"
    else:
        start, bend = x1 + _BOX_WIDTH, (x1 + _BOX_WIDTH + x2) // 2
        shape = f"M{start} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}"
    style = 'stroke="#3f5563" stroke-width="1.4"' if line.binds else 'stroke="#b9c2c9" stroke-dasharray="4 4"'
    return f'<path d="{shape}" fill="none" {style}><title>{_text(line.proof)}</title></path>'


def _box(node: Node, label: str, x: int, y: int) -> str:
    kind = NODE_ZH[node.kind]
    room = _LABEL_UNITS - _units(kind)
    return (
        f"<g><title>{_text(f'{kind} {label}')}</title>"
        f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="4" fill="#f6f8f9" stroke="#c9d2d8"/>'
        f'<rect x="{x}" y="{y}" width="5" height="{_BOX_HEIGHT}" fill="{_COLOURS[node.kind]}"/>'
        f'<text x="{x + 13}" y="{y + 18}" fill="#1d2a33"><tspan fill="{_COLOURS[node.kind]}">{kind}</tspan> '
        f"{_text(_shortened(label, room))}</text></g>"
    )


def _legend(y: int, left_out: int) -> Iterable[str]:
    yield f'<path d="M{_MARGIN} {y - 5}h36" stroke="#3f5563" stroke-width="1.4"/>'
    yield f'<text x="{_MARGIN + 44}" y="{y}" fill="#5b6770">据以认作同一经营者</text>'
    yield f'<path d="M{_MARGIN + 190} {y - 5}h36" stroke="#b9c2c9" stroke-dasharray="4 4"/>'
    more = f"；另有 {left_out} 项未画出，见列表" if left_out else ""
    yield f'<text x="{_MARGIN + 234}" y="{y}" fill="#5b6770">仅供参考，不据以合并。图为线索，不是认定{more}</text>'


def _units(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _shortened(text: str, room: int) -> str:
    """Cut in the middle: the ends of hosts and numbers tell them apart."""
    text = " ".join(_UNPRINTABLE.sub("", text).split())
    if _units(text) <= room:
        return text
    front, back = "", ""
    while _units(front) + _units(back) + 1 < room - 1:
        if _units(front) <= _units(back):
            front = text[: len(front) + 1]
        else:
            back = text[len(text) - len(back) - 1 :]
    return f"{front}…{back}"


def _text(text: str) -> str:
    return escape(_UNPRINTABLE.sub("", text))
