"""Text of captured pages on paper and in spreadsheets, where it must stay text."""

import re

#: A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection).
_FORMULA = re.compile(r"[=+\-@\t\r|%＝＋－＠]")


def on_paper(text: str) -> str:
    """One line without anything that has no glyph: control characters, direction marks and lone surrogates become U+FFFD."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))


def in_cell(text: str) -> str:
    """As `on_paper`, never a formula: an apostrophe stands before what could be one."""
    plain = on_paper(text)
    return f"'{plain}" if _FORMULA.match(plain) else plain
