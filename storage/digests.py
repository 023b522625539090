"""The two digests of every member: SHA-256 for everybody, SM3 (GB/T 32905-2016) for recipients who must use it."""

import hashlib

from cryptography.hazmat.primitives.hashes import SM3, Hash


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sm3_hex(data: bytes) -> str:
    """By the OpenSSL inside the cryptography wheel: Python's own hashlib has SM3 only where the system's OpenSSL does."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()
