"""What a journal is, as a value: where outcomes are kept, how, and under which version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, final

if TYPE_CHECKING:
    import os
    from collections.abc import Callable


class Codec(Protocol):
    """How results become bytes and come back: `decode(encode(x))` must equal `x`."""

    def encode(self, value: Any, /) -> bytes:
        """Return a result as bytes."""
        ...

    def decode(self, data: bytes, /) -> Any:
        """Return the result that was encoded."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Journal:
    """A file that keeps what is finished of a batch, so that the same call goes on after a crash.

    An outcome is in the file, an SQLite database, before it is given to anybody. The same
    batch with the same journal gives what is kept and runs the rest. What JSON does not
    give back as it was, such as a tuple, is refused, unless a codec knows how to.

    Args:
        path: the file, which is made where there is none; one batch at a time can use it
        version: what the results depend on beside the inputs, such as a number that is
            raised when a step changes; each version has its own results
        codec: how results are written, in place of JSON
        key: what tells inputs apart; needed where they are more than numbers, text, bytes,
            lists, tuples and dicts of those
        rerun_failures: whether items run again whose failure was collected and kept;
            otherwise it is given again, as a `RecordedError`

    >>> import tempfile, pathlib
    >>> from combinators import Journal, runnable
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(pathlib.Path(folder, "sizes.db"), version="1")
    ...     runnable(len).batch(["a", "bc"], journal=journal)
    [1, 2]
    """

    path: str | os.PathLike[str]
    version: str
    codec: Codec | None = None
    key: Callable[[Any], object] | None = None
    rerun_failures: bool = False
