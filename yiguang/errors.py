"""Errors that end a command with one clear line."""


class CommandFailed(Exception):
    """Something the operator has to know went wrong; the message is Chinese and fits one line. Exit code 1."""


class UsageError(Exception):
    """The command was called wrongly; the message is Chinese and fits one line. Exit code 2."""
