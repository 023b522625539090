"""What reading broken or hostile content raises; anything else is a fault of this program and should be seen."""

import zlib

UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, EOFError, zlib.error,
)  # fmt: skip


class Unsupported(ValueError):
    """An algorithm that this program cannot verify, as SM2: neither good nor bad. The message is Chinese."""
