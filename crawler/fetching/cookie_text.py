"""Cookies as a browser is handed them and gives them back, byte for byte.

The browser is handed text and makes UTF-8 of it. What a server set in another encoding (GBK, as on many old sites) is no
UTF-8: each such byte is handed over as a character that nobody uses, and becomes that byte again on the way back.
"""

#: Of the private use area; the characters of U+DC80 to U+DCFF, by which Python keeps such bytes, are none that can be written.
_APART = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_TOGETHER = {apart: lone for lone, apart in _APART.items()}


def cookie_for_browser(received: str) -> str:
    """The text of a Set-Cookie field that has a character (latin-1) for each byte received."""
    try:
        return received.encode("latin-1").decode("utf-8", "surrogateescape").translate(_APART)
    except UnicodeEncodeError:  # characters that a browser handed over
        return received


def cookie_from_browser(written: str) -> bytes:
    """The bytes of a Cookie field that a browser writes: what `cookie_for_browser` read is as it was received."""
    return written.translate(_TOGETHER).encode("utf-8", "surrogateescape")
