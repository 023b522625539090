"""Passwords: how they are kept, which are refused, and one-time ones. The only module that imports argon2."""

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 256  # hashing takes any length; a megabyte is somebody's attack
#: Letters and digits that are not mistaken for each other when read out.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5


class Passwords:
    """Argon2id with the parameters of RFC 9106's second choice, unless others are given (tests need no strong ones)."""

    def __init__(self, time_cost: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        # An unknown name costs as much time as a known one with a wrong password
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        return self._hasher.hash(_plain(password))

    def fits(self, password_hash: str | None, password: str) -> bool:
        """Whether a password is the one; None stands for nobody's, takes as long, and never fits."""
        try:
            self._hasher.verify(password_hash or self._nobody, _plain(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_dated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def password_fault(password: str, name: str) -> str:
    """Why a password is refused, Chinese; empty when it is not."""
    plain = _plain(password)
    if len(plain) < MIN_CHARACTERS:
        return f"口令至少 {MIN_CHARACTERS} 个字符"
    if len(plain) > MAX_CHARACTERS:
        return f"口令至多 {MAX_CHARACTERS} 个字符"
    if name.casefold() in plain.casefold():
        return "口令不能含有账号名"
    if len(set(plain)) < 5 or _is_run(plain):
        return "口令过于简单"
    return ""


def one_time_password() -> str:
    """20 characters of a 31-letter alphabet, 99 bits."""
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP_LENGTH)]
    return "-".join("".join(letters[start : start + _GROUP_LENGTH]) for start in range(0, len(letters), _GROUP_LENGTH))


def _plain(password: str) -> str:
    """The same password typed on another keyboard is the same."""
    return unicodedata.normalize("NFKC", password)


def _is_run(plain: str) -> bool:
    """123456789012, abcdefghijkl."""
    steps = {ord(after) - ord(before) for before, after in zip(plain, plain[1:], strict=False)}
    return len(steps) <= 2 and steps <= {1, -1, -9, 9, 0}
