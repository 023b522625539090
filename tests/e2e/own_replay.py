"""Finding a bundle's page the way a replay tool does: page list, index, record; and reading what it says."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from crawler.pages.extract import extract_page
from crawler.pages.reading import read_response
from crawler.wordings import load_wordings

PICTURE_MARK = "【图片文字】"
WORDINGS = load_wordings(Path(__file__).parents[2] / "lexicons" / "web")


def replayed_texts(bundle: Path) -> tuple[str, str, str]:
    """Without blanks: the captured text but for words in pictures, that of the page as served, that of the page as the browser had it."""
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    main = json.loads(members["pages/pages.jsonl"].splitlines()[1])
    rows = [
        json.loads("{" + line.partition(" {")[2])
        for line in gzip.decompress(members["indexes/index.cdx.gz"]).decode().splitlines()
    ]
    row = next(row for row in rows if row["url"] == main["url"])
    start, length = int(row["offset"]), int(row["length"])
    record = next(ArchiveIterator(io.BytesIO(members["archive/data.warc.gz"][start : start + length])))
    url, headers = main["url"], tuple(record.http_headers.headers)
    served = read_response(url, 200, headers, record.content_stream().read(), WORDINGS).page
    shown = extract_page(members["evidence/rendered.html"].decode(), url, "utf-8", WORDINGS)
    captured = _without_pictures(members["evidence/text.txt"].decode(), json.loads(members["evidence/findings.json"]))
    return _bare(captured), _bare(served.text if served is not None else ""), _bare(shown.text)


def _without_pictures(text: str, said: dict[str, Any]) -> str:
    """What was read in pictures stands among the page's own words, under a mark of ours."""
    spans = [span for picture in said["page"]["pictures"] for span in picture["spans"]]
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text.replace(PICTURE_MARK, "")


def _bare(text: str) -> str:
    return "".join(text.split())
