"""What goes to a terminal. Text from captured pages is hostile input there too: an escape sequence could rewrite the screen."""

import sys


def printable(text: str) -> str:
    """The text on one line, control characters and other invisibles shown as U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def say_none(why: str) -> None:
    """That there is nothing to list; beside the list, which stays empty for the program that reads it."""
    print(why, file=sys.stderr)
