"""Text from captured pages on a terminal. It is hostile input there too: an escape sequence could rewrite the screen."""


def printable(text: str) -> str:
    """The text on one line, control characters and other invisibles shown as U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))
