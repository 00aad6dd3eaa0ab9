"""Keys as Python sees them: strings, compared after NFKC like any keyword."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from combinators._errors import InvalidKeyError
from combinators._words import a_kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterable


def normal(key: str) -> str:
    """Return a key as Python spells it when it is written as a keyword.

    Python itself reads the ligature in `fanout(ﬁle=…)` as two letters; so do
    dicts of steps and templates.

    >>> normal("ﬁle")
    'file'
    """
    return key if key.isascii() else unicodedata.normalize("NFKC", key)


def as_key(where: str, key: object) -> str:
    """Return `key`, as it is written.

    Raises:
        InvalidKeyError: it is not a string.
    """
    if not isinstance(key, str):
        raise InvalidKeyError(where, f"a key is {a_kind(key)}. Keys are strings.")
    return key


def as_keys(where: str, keys: Iterable[object]) -> tuple[str, ...]:
    """Return `keys` as they are written, in order.

    Raises:
        InvalidKeyError: one is not a string, or two are the same.
    """
    found: dict[str, str] = {}
    for given in keys:
        key = as_key(where, given)
        if normal(key) in found:
            raise InvalidKeyError(where, _same(found[normal(key)], key))
        found[normal(key)] = key
    return tuple(found.values())


def _same(first: object, second: object) -> str:
    if first == second:
        return f"the key {shown(first)} is there twice. Name it once."
    return (
        f"the keys {shown(first)} and {shown(second)} are one key for Python, which compares "
        "names after Unicode normalisation (NFKC). Rename one."
    )
