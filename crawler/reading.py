"""The typed outcome of one response: content, or what stands in its place."""

from crawler.decode import decode_html
from crawler.extract import extract_page
from crawler.wordings import Wordings
from domain.outcome import Outcome
from domain.page import Headers, Reading


def read_response(url: str, status: int, headers: Headers, body: bytes, wordings: Wordings) -> Reading:
    """Decide what a response is. `body` has its content coding removed. Never raises."""
    if status in (404, 410):
        return Reading(Outcome.HTTP_GONE, f"HTTP {status}")
    if status != 200:
        return Reading(Outcome.HTTP_ERROR, f"HTTP {status}")
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    text, encoding = decode_html(body, content_type)
    return Reading(Outcome.CONTENT, "", extract_page(text, url, encoding, wordings))
