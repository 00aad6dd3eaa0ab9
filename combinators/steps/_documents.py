"""Documents, and the passages that a retriever finds among them."""

from dataclasses import dataclass
from typing import final

from typing_extensions import override


@final
@dataclass(frozen=True, slots=True)
class Document:
    """A text and where it comes from.

    As a string it is ready for a prompt: `source: text`.

    >>> print(Document("Return a copy.", source="copy.copy"))
    copy.copy: Return a copy.
    """

    text: str
    source: str = ""

    @override
    def __str__(self) -> str:
        return f"{self.source}: {self.text}" if self.source else self.text


@final
class Passages(tuple[Document, ...]):
    """Documents in the order found, the closest first.

    A tuple like any other, except that as a string it is one document a paragraph: so a retriever
    stands directly before a template, and `{context}` reads as text.

    >>> found = Passages([Document("Water is wet."), Document("Tea is hot.", source="kitchen")])
    >>> print(found)
    Water is wet.
    <BLANKLINE>
    kitchen: Tea is hot.
    >>> [document.source for document in found]
    ['', 'kitchen']
    """

    __slots__ = ()

    @override
    def __str__(self) -> str:
        return "\n\n".join(map(str, self))
