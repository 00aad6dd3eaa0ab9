"""Names for mappings that have none: each becomes a TypedDict."""

import keyword
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import chain, count
from typing import Final, final

_WORD: Final = re.compile(r"[^\W_]+")


@final
@dataclass(frozen=True, slots=True)
class Item:
    """A key of a mapping, with its type as it is written in the stub."""

    key: str
    type: str
    required: bool
    readonly: bool


@final
@dataclass(frozen=True, slots=True)
class Words:
    """What the stub calls the parts that a TypedDict is written with."""

    typed_dict: str
    not_required: str
    read_only: str


@final
class Mappings:
    """The mappings of one module; those with the same items share a name."""

    def __init__(self, taken: Container[str]) -> None:
        self._taken = taken
        self._named: dict[frozenset[Item], tuple[str, tuple[Item, ...]]] = {}

    def name(self, wish: str, items: tuple[Item, ...]) -> str:
        """Return what a mapping with these items is called: as wished, where that is free.

        >>> from combinators.cli.stubs._mappings import Item, Mappings
        >>> mappings, a, b = Mappings({"Size"}), *(Item(key, "int", True, False) for key in "ab")
        >>> mappings.name("Size", (a, b)), mappings.name("Other", (b, a)), mappings.name("Size", ())
        ('Size2', 'Size2', 'Size3')
        """
        known = frozenset(items)
        if known not in self._named:
            self._named[known] = (self._free(wish), items)
        return self._named[known][0]

    def definitions(self, words: Words) -> Iterator[str]:
        """Yield the TypedDicts, each after those that it names."""
        for name, items in self._named.values():
            yield _class(name, items, words) if _is_plain(items) else _call(name, items, words)

    def is_empty(self) -> bool:
        """Return whether no mapping has been named."""
        return not self._named

    def _free(self, wish: str) -> str:
        used = {name for name, _ in self._named.values()}
        wishes = chain((wish,), (f"{wish}{number}" for number in count(2)))
        return next(each for each in wishes if each not in used and each not in self._taken)


def camel(name: str) -> str:
    """Return a name as those of classes are written, private where it is.

    >>> camel("retrieval_chain"), camel("_fromDict"), camel("a-b c")
    ('RetrievalChain', '_FromDict', 'ABC')
    """
    private = "_" if name.startswith("_") else ""
    return private + "".join(word[0].upper() + word[1:] for word in _WORD.findall(name))


def _is_plain(items: tuple[Item, ...]) -> bool:
    # In a class, two leading underscores would be read as that class's own.
    return all(
        item.key.isidentifier()
        and not keyword.iskeyword(item.key)
        and not item.key.startswith("__")
        for item in items
    )


def _class(name: str, items: tuple[Item, ...], words: Words) -> str:
    lines = [f"    {item.key}: {_written(item, words)}" for item in items]
    head = f"class {name}({words.typed_dict}):"
    return "\n".join((head, *lines)) if lines else f"{head} ..."


def _call(name: str, items: tuple[Item, ...], words: Words) -> str:
    lines = [f"        {item.key!r}: {_written(item, words)}," for item in items]
    return "\n".join(
        (f"{name} = {words.typed_dict}(", f'    "{name}",', "    {", *lines, "    },", ")")
    )


def _written(item: Item, words: Words) -> str:
    read = f"{words.read_only}[{item.type}]" if item.readonly else item.type
    return read if item.required else f"{words.not_required}[{read}]"
