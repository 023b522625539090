"""`yiguang scan`: text or pages in, findings out; needs no database."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from domain.findings import Document, Judgement
from yiguang.errors import CommandFailed, UsageError
from yiguang.judgement.scan import Request, Row, Scanner, dump_row, finding_line, read_lines
from yiguang.settings import read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from yiguang.judging import NamesAndWords

#: What a file of another kind than plain text asks for; without it, its marks are read as words.
_OPTION_OF = {".html": "--html", ".htm": "--html", ".jsonl": "--jsonl"}
HELP = """\
判断文本或网页，输出命中及是否成为线索；不需要数据库。

没有 --jsonl 时每个文件是一篇文本（--html 时是一个网页）；输出到终端时给人看，输出到管道时每篇一行 JSON。

--jsonl 时每行一个 JSON 对象 {"id","text"} 或 {"id","html","url"}，可带 title、url、site_name、account，
逐行按原顺序输出；坏行在原位给出 {"id","error"}，其余照常，退出码为 1。

--explain 时 JSON 另有 parts（得分的组成，对数几率）、decisive（去掉哪些命中即不成线索，为 findings 中从 0 起的序号；
[] 为本不是线索，null 为去掉全部命中仍是线索，即主要来自用词与语境）、decisive_exact（是否确为最少）与
score_without（去掉之后的评分）；reasons 的末句用文字说明。

\b
例：
  yiguang scan 文章.txt
  yiguang scan --html 页面.html
  yiguang scan --explain 文章.txt
  cat 文章.jsonl | yiguang scan --jsonl - > 结果.jsonl
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(scan)


def scan(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE|-", help="文件；- 表示标准输入")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="输入为 JSON Lines")] = False,
    html: Annotated[bool, typer.Option("--html", help="输入为网页")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="在终端上也输出 JSON")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="说明得分的组成，及去掉哪些命中即不成线索")] = False,
) -> None:
    if jsonl and html:
        raise UsageError("--jsonl 与 --html 不能同时使用（JSON 行内用 html 字段给出网页）")
    if not files and sys.stdin.isatty():
        raise UsageError("没有输入；给出文件名，或用 - 读标准输入")
    paths = files or ["-"]
    for path in paths:
        if path != "-" and not Path(path).is_file():
            raise UsageError(f"找不到文件：{path}")
        if not (jsonl or html) and (option := _OPTION_OF.get(Path(path).suffix.lower())):
            typer.echo(f"提示：{path} 按纯文本判断；要按其格式判断，请加 {option}", err=True)
    scanner = load_scanner(explain)
    with ExitStack() as stack:
        sources = (_open(path, stack) for path in paths)
        if jsonl:
            rows = (scanner.answer_line(line) for source in sources for line in read_lines(source))
            failed = _write(rows, plain=False)
        else:
            documents = _documents(scanner, zip(paths, sources, strict=True), html)
            failed = _write(documents, plain=sys.stdout.isatty() and not as_json)
    if failed:
        raise CommandFailed(f"{failed} 条输入未能判断，原因见输出中的 error")


def load_scanner(explain: bool = False) -> Scanner:
    """The scanner over the lexicons of the settings."""
    from crawler.pages.extract import extract_page
    from domain.documents import document_of
    from yiguang.wiring import load_classifier, load_names, load_web_words

    settings = read_settings()
    wordings = load_web_words(settings)

    def extract(html: str, url: str) -> Document:
        return document_of(extract_page(html, url, "utf-8", wordings))

    judging = load_names(load_classifier(settings), settings)
    return Scanner(judging.judge, extract, explainer(judging) if explain else None)


def explainer(judging: "NamesAndWords") -> Callable[[Document], tuple[Judgement, Row]]:
    """Adds `parts` (log-odds, they add up to that of the score) and `decisive`: places in `findings` of the smallest set
    without which the page is no lead, null when it would still be one without any, empty when it is none. The last of the
    reasons puts it into words."""

    def explain(document: Document) -> tuple[Judgement, Row]:
        explained = judging.explain(document)
        judgement, removal = explained.judgement, explained.removal
        decisive: list[int] | None = []
        if removal is not None:
            chosen = removal.findings
            decisive = None if chosen is None else sorted(judgement.findings.index(finding) for finding in chosen)
        return judgement, {
            "parts": dict(judgement.parts),
            "decisive": decisive,
            "decisive_exact": removal is None or removal.exact,
            "score_without": judgement.score if removal is None else removal.score,
        }

    return explain


def _open(path: str, stack: ExitStack) -> BinaryIO:
    return sys.stdin.buffer if path == "-" else stack.enter_context(Path(path).open("rb"))


def _documents(scanner: Scanner, sources: Iterator[tuple[str, BinaryIO]], html: bool) -> Iterator[Row]:
    from crawler.pages.decode import decode_html

    for path, source in sources:
        body = source.read()
        if html:
            markup, _encoding = decode_html(body, "text/html")
            yield scanner.answer(Request(id=path, text=None, html=markup))
        elif (text := _decode_text(body)) is not None:
            yield scanner.answer(Request(id=path, text=text, html=None))
        else:
            yield {"id": path, "error": "既不是 UTF-8 也不是 GB18030 文本"}


def _decode_text(body: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _write(rows: Iterator[Row], plain: bool) -> int:
    """Writes all rows to stdout; returns how many were errors."""
    failed = 0
    out = sys.stdout.buffer
    for row in rows:
        failed += "error" in row
        out.write(_in_words(row).encode("utf-8", "replace") if plain else dump_row(row))
        out.flush()
    return failed


def _in_words(row: Row) -> str:
    """One result for a person at a terminal."""
    if "error" in row:
        return f"{row['id']}：未能判断：{row['error']}\n"
    verdict = "有线索" if row["flagged"] else "未见线索"
    lines = [f"{row['id']}：{verdict}，评分 {row['score']}"]
    findings = row["findings"]
    assert isinstance(findings, list)  # the row is of our own making
    lines += [finding_line(finding) for finding in findings]
    reasons = row["reasons"]
    assert isinstance(reasons, list)
    lines += [f"  · {printable(reason)}" for reason in reasons]
    if isinstance(parts := row.get("parts"), dict):
        listed = sorted(parts.items(), key=lambda part: (-abs(part[1]), part[0]))
        lines.append("  对数几率：" + "，".join(f"{name} {value:+.2f}" for name, value in listed))
    return "\n".join(lines) + "\n"
