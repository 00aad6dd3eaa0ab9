"""Words that messages share: keys, kinds and spellings, and never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def shown(key: object) -> str:
    r"""Return a key as messages show it: quoted, look-alikes escaped.

    >>> print(shown("context"), shown("c\u043entext"), shown(7))
    'context' 'c\u043entext' 7
    """
    return ascii(key) if isinstance(key, str | int) else f"<{type(key).__name__}>"


def listed(keys: Sequence[object], one: str = "", many: str = "") -> str:
    """Return keys as a phrase, cut short where there are many.

    >>> listed(["a", "b"], "the key", "the keys"), listed([])
    ("the keys 'a' and 'b'", 'no keys')
    """
    most = 12
    words = [shown(key) for key in keys[:most]]
    if not words:
        return "no keys"
    if len(keys) > most:
        words.append(f"{len(keys) - most} more")
    phrase = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
    lead = one if len(keys) == 1 else many
    return f"{lead} {phrase}".lstrip()


def did_you_mean(key: object, offered: Sequence[object]) -> str:
    """Return the sentence that offers the nearest spelling, or nothing.

    >>> did_you_mean("context", ["contxt", "question"])
    " Did you mean 'contxt'?"
    """
    import difflib  # noqa: PLC0415 - only a failure pays for it

    texts = [name for name in offered if isinstance(name, str)]
    near = difflib.get_close_matches(str(key), texts)
    return f" Did you mean {shown(near[0])}?" if near else ""


def a_kind(value: object) -> str:
    """Return the type of a value as a phrase: the value itself may be a secret.

    >>> a_kind(3), a_kind("secret"), a_kind(None)
    ('an int', 'a str', 'None')
    """
    return "None" if value is None else a_class(type(value))


def a_class(kind: type) -> str:
    """Return the name of a class as a phrase.

    >>> a_class(int)
    'an int'
    """
    name = kind.__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def as_keyword(key: str) -> str:
    """Return how a key is written as an argument, look-alikes escaped.

    >>> as_keyword("size"), as_keyword("a b")
    ('size=…', "**{'a b': …}")
    """
    return f"{key}=…" if key.isascii() and key.isidentifier() else f"**{{{shown(key)}: …}}"


def as_attribute(key: str) -> str:
    r"""Return how an attribute is read by a step, look-alikes escaped.

    >>> print(as_attribute("size"), as_attribute("siz\u0435"), sep="\n")
    lambda x: x.size
    lambda x: getattr(x, 'siz\u0435')
    """
    return f"lambda x: x.{key}" if key.isascii() else f"lambda x: getattr(x, {shown(key)})"
