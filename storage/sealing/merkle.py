"""Merkle trees as RFC 9162 (section 2.1) builds them: a short path shows that one leaf is under a root.

Leaves and inner nodes are hashed with different first bytes, so that neither can pass for the other.
"""

import hashlib
from collections.abc import Sequence


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The SHA-256 root over at least one leaf. Raises ValueError for none."""
    if not leaves:
        raise ValueError("a tree has at least one leaf")
    if len(leaves) == 1:
        return _leaf(leaves[0])
    split = _split(len(leaves))
    return _node(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def merkle_paths(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """For each leaf the digests beside the way from it up to the root, lowest first."""
    return _walked(leaves)[1]


def _walked(leaves: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """The root and every leaf's path; no leaves, no paths."""
    if len(leaves) < 2:
        return (_leaf(leaves[0]), [[]]) if leaves else (b"", [])
    split = _split(len(leaves))
    left, left_paths = _walked(leaves[:split])
    right, right_paths = _walked(leaves[split:])
    return _node(left, right), [[*path, right] for path in left_paths] + [[*path, left] for path in right_paths]


def root_from_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """The root that follows for leaf `index` of `count`. Raises ValueError when the path has another length."""
    if not 0 <= index < count:
        raise ValueError("no such leaf")
    digest = _leaf(leaf)
    place, last = index, count - 1
    for beside in path:
        if last == 0:
            raise ValueError("path too long")
        if place % 2 or place == last:
            digest = _node(beside, digest)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = _node(digest, beside)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("path too short")
    return digest


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
