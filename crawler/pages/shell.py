"""Whether a page as sent is only a frame that scripts fill."""

from domain.outcome import Outcome
from domain.page import Reading

#: A page of fewer visible characters may still be waiting for its scripts.
MAX_SHELL_CHARACTERS = 200
MAX_SHELL_TEXT_SHARE = 0.1


def is_script_shell(reading: Reading, body: bytes) -> bool:
    """True when the markup brings scripts and next to no text: a browser would show more."""
    if b"<script" not in body[:2_000_000].lower():
        return False
    if reading.outcome is Outcome.UNKNOWN:
        return True
    page = reading.page
    return page is not None and len(page.text) < MAX_SHELL_CHARACTERS and page.text_share < MAX_SHELL_TEXT_SHARE
