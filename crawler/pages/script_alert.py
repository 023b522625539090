"""Pages that show nothing and only raise a message: what sites of ASP and PHP say of an article that they have no more."""

import re

from crawler.pages.script_redirect import is_in_function
from domain.page import ExtractedPage

#: <script>alert('该信息不存在或已删除！');history.back();</script>
_PAGE_CHARS = 4000
_ALERT = re.compile(r"""\balert\(\s{0,3}(?:"((?:[^"\\\n]|\\.){1,200})"|'((?:[^'\\\n]|\\.){1,200})')""")
_TURNS_BACK = re.compile(r"\bhistory\.(?:back|go)\(|\b(?:window|self|parent|top)\.close\(", re.IGNORECASE)
_SCRIPT_FILE = re.compile(r"<script\b[^<>]{0,300}\ssrc\s?=", re.IGNORECASE)


def brings_script_files(html: str) -> bool:
    """Whether a page has scripts that stand in files."""
    return _SCRIPT_FILE.search(html) is not None


def alert_of(page: ExtractedPage, html: str) -> str:
    """The message that a page raises at once and that is all a visitor sees of it; empty for other pages."""
    if page.text or page.images or len(page.links) > 1 or len(html) > _PAGE_CHARS or brings_script_files(html):
        return ""
    match = next((match for match in _ALERT.finditer(html) if not is_in_function(html[: match.start()])), None)
    return " ".join((match[1] or match[2]).replace("\\n", " ").split()) if match else ""


def turns_back(html: str) -> bool:
    """Whether a script sends the visitor back to where he came from, or closes the page."""
    return _TURNS_BACK.search(html) is not None
