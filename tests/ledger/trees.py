"""Merkle trees a second time, straight from the definitions of RFC 6962, sharing nothing with the product."""

import hashlib


def mth(data: list[bytes]) -> bytes:
    """MTH of section 2.1, over the data itself."""
    if not data:
        return hashlib.sha256().digest()
    if len(data) == 1:
        return hashlib.sha256(b"\0" + data[0]).digest()
    k = split(len(data))
    return hashlib.sha256(b"\1" + mth(data[:k]) + mth(data[k:])).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def climb(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to, by the recursive definition."""
    if size == 1:
        assert not path
        return leaf
    k, (*rest, last) = split(size), path
    if index < k:
        return hashlib.sha256(b"\1" + climb(leaf, index, k, rest) + last).digest()
    return hashlib.sha256(b"\1" + last + climb(leaf, index - k, size - k, rest)).digest()
