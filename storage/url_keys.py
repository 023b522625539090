"""The key under which rows know a URL."""

import hashlib

from domain.urls import canonical_url


def url_key(url: str) -> str:
    """SHA-256 (hex) of the canonical URL: what makes two frontier rows of one night the same."""
    return hashlib.sha256(canonical_url(url).encode("utf-8", "replace")).hexdigest()
