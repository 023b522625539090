"""`yiguang scan`: one input row in, one output row out, in the same order, in flat memory."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, BinaryIO

from domain.findings import FAMILY_ZH, Document, Finding, Judgement
from yiguang.judgement.json_line import NotJson, read_json, read_json_exactly
from yiguang.terminal import printable

#: A longer line is answered with an error instead of being held in memory whole. Bytes.
MAX_LINE_BYTES = 64 * 1024 * 1024
TEXT_FIELDS = ("title", "url", "site_name", "account")
_FINDING_FIELDS = tuple(field.name for field in fields(Finding))
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Row = dict[str, object]


class BadLine(Exception):
    """An input line that cannot be judged. The message is Chinese; `line_id` is its id as far as it could be read."""

    def __init__(self, message: str, line_id: object = None) -> None:
        super().__init__(message)
        self.line_id = line_id


@dataclass(frozen=True, slots=True)
class Request:
    """One line of input, checked. Exactly one of `text` and `html` is given, the other is None."""

    id: str | int
    text: str | None
    html: str | None
    title: str = ""
    url: str = ""
    site_name: str = ""
    account: str = ""


def read_lines(stream: BinaryIO, max_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes | None]:
    """Lines without their line end; None for a line longer than `max_bytes`, whose bytes are passed over."""
    while line := stream.readline(max_bytes + 1):
        if len(line) > max_bytes and not line.endswith(b"\n"):
            while (rest := stream.readline(max_bytes)) and not rest.endswith(b"\n"):
                pass
            yield None
            continue
        yield line.rstrip(b"\r\n")


def parse_line(line: bytes | None) -> Request:
    """Raises BadLine with the reason; the id is kept when the line gives one."""
    if line is None:
        raise BadLine(f"行超过 {MAX_LINE_BYTES // (1024 * 1024)} MB")
    if not line or line.isspace():
        raise BadLine("空行")
    try:
        row = read_json(line)
        if isinstance(row, dict) and isinstance(row.get("id"), float):
            row = read_json_exactly(line)  # perhaps an integer beyond 64 bits
    except UnicodeDecodeError as fault:
        raise BadLine(f"不是 UTF-8（第 {fault.start + 1} 字节）", _id_despite(line)) from None
    except RecursionError:
        raise BadLine("JSON 嵌套过深") from None
    except NotJson as fault:
        raise BadLine(f"不是有效的 JSON：{fault}") from None
    if not isinstance(row, dict):
        raise BadLine("应为一个 JSON 对象")
    return _request(row)


def _request(row: Mapping[str, object]) -> Request:
    line_id = _plain_id(row.get("id"))
    if line_id is None:
        raise BadLine("缺少 id，或 id 不是字符串")
    fields = {name: row[name] for name in ("text", "html", *TEXT_FIELDS) if row.get(name) is not None}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise BadLine(f"{name} 应为字符串", line_id)
    if ("text" in fields) == ("html" in fields):
        raise BadLine("text 与 html 应有且只有一个", line_id)
    given = {name: str(value) for name, value in fields.items()}
    return Request(
        id=line_id,
        text=given.get("text"),
        html=given.get("html"),
        **{name: given.get(name, "") for name in TEXT_FIELDS},
    )


def _plain_id(value: object) -> str | int | None:
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _id_despite(line: bytes) -> str | int | None:
    """The id of a line whose bytes are not UTF-8, when the rest of it still reads as a JSON object."""
    try:
        row = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return _plain_id(row.get("id")) if isinstance(row, dict) else None


def judgement_row(line_id: object, judgement: Judgement) -> Row:
    """The output of the contract, in its order of keys."""
    return {
        "id": line_id,
        "score": round(judgement.score, 6),
        "flagged": judgement.flagged,
        "genre": judgement.genre,
        "is_ad": judgement.is_ad,
        "ad_basis": list(judgement.ad_basis),
        "findings": [_finding_row(finding) for finding in judgement.findings],
        "reasons": list(judgement.reasons),
    }


def _finding_row(finding: Finding) -> Row:
    """The fields of a finding as they are; `asdict` would copy each of them, at ten times the cost."""
    return {name: getattr(finding, name) for name in _FINDING_FIELDS}


def finding_line(finding: Mapping[str, Any]) -> str:
    """A finding for a person: `  治愈率/有效率「治愈率达98%」广告法16(1)(2)`."""
    silenced = f"（已排除：{'、'.join(finding['gates'])}）" if finding["silenced"] else ""
    return f"  {FAMILY_ZH[finding['family']]}「{printable(finding['quote'])}」{'、'.join(finding['basis'])}{silenced}"


def error_row(fault: BadLine) -> Row:
    return {"id": fault.line_id, "error": str(fault)}


def dump_row(row: Row) -> bytes:
    """One JSON line in UTF-8. Lone surrogates, which UTF-8 cannot hold, stay the escapes they came as."""
    text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    return (_LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n").encode()


class Scanner:
    """Judges texts and pages; `judge` is the classifier, `extract` makes a document of (html, url).

    `explain`, when given, judges instead, and says what rows show besides.
    """

    def __init__(
        self,
        judge: Callable[[Document], Judgement],
        extract: Callable[[str, str], Document],
        explain: Callable[[Document], tuple[Judgement, Row]] | None = None,
    ) -> None:
        self._judge = judge
        self._extract = extract
        self._explain = explain

    def answer(self, request: Request) -> Row:
        """The output row of one request; for a page its extracted text comes with it, since offsets point there."""
        if request.html is None:
            document = Document(
                text=request.text or "",
                title=request.title,
                url=request.url,
                site_name=request.site_name,
                account=request.account,
            )
            return self._row(request.id, document)
        document = self._extract(request.html, request.url)
        row = self._row(request.id, document)
        row["title"] = document.title
        row["text"] = document.text
        return row

    def _row(self, line_id: object, document: Document) -> Row:
        if self._explain is None:
            return judgement_row(line_id, self._judge(document))
        judgement, besides = self._explain(document)
        return {**judgement_row(line_id, judgement), **besides}

    def answer_line(self, line: bytes | None) -> Row:
        """The output row of one JSON line, an error row when it cannot be judged."""
        request = None
        try:
            request = parse_line(line)
            return self.answer(request)
        except BadLine as fault:
            return error_row(fault)
        except Exception as fault:  # noqa: BLE001 - the contract: a line that fails is reported in its place, the rest goes on
            return error_row(BadLine(f"本系统故障：{type(fault).__name__}: {fault}", request.id if request else None))
