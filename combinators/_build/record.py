"""`Record`: a class of the values that a fan-out gives, whose keys every type checker knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Never,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    cast,
    dataclass_transform,
)

from combinators import _parts as parts
from combinators._compat import override
from combinators._errors import BuilderError
from combinators._runnable import Runnable, face
from combinators._step import Deferred
from combinators._target import check_fields

A = TypeVar("A")
B = TypeVar("B")
In = TypeVar("In")
Value = TypeVar("Value")
Branches = ParamSpec("Branches")
Takes = TypeVar("Takes", contravariant=True)
Gives = TypeVar("Gives", covariant=True)


class Branch(Protocol[Takes, Gives]):
    """A step, as the branch of a record."""

    def __call__(self, x: Takes, /) -> Deferred[Gives] | Gives: ...


class RecordOf(Protocol[Takes, Gives]):
    """A record, by what its branches take and what comes of them."""

    def _takes(self, x: Takes, /) -> None: ...
    def _gives(self) -> Gives: ...


class MadeOf(Protocol[Gives]):
    """A record, by the input it is made of."""

    def _made_of(self) -> Gives: ...


class Key(Generic[In, Value]):
    """A key of a `Record[In]`: a branch takes an `In` and gives the `Value` that is kept.

    It stands in annotations alone. Type checkers read it as a descriptor: what is
    given to build a record may be a value or a branch, what is read is a value.
    """

    if TYPE_CHECKING:
        # A key that takes less than its record is made of cannot be read.
        def __get__(self, record: MadeOf[In], owner: type[Any], /) -> Value: ...

        # No record is a `Never`: none can be changed.
        def __set__(self, record: Never, value: Value | Branch[In, Value], /) -> None: ...


@dataclass_transform(kw_only_default=True, eq_default=False)
class Record(Generic[In]):
    """An immutable value with keys for attributes, and a fan-out from `In` that gives it.

    Subclasses annotate their keys. They are frozen dataclasses with keyword arguments.

    >>> from combinators import Key, Record, passthrough
    >>> class Sized(Record[str]):
    ...     text: Key[str, str]
    ...     size: Key[str, int]
    >>> sized = Sized.fanout(text=passthrough(), size=len)
    >>> sized.invoke("four")
    Sized(text='four', size=4)
    >>> (sized | (lambda it: it.text * it.size)).invoke("no")
    'nono'
    """

    @override
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(frozen=True, kw_only=True)(cls)

    # The class by its constructor, whose parameters the branches are: that it has one is
    # known of each subclass, but not to pyright here.
    @classmethod  # pyright: ignore[reportArgumentType]  # as said
    def fanout(
        cls: Callable[Branches, RecordOf[A, B]],
        *positional: Branches.args,
        **branches: Branches.kwargs,
    ) -> Runnable[A, B]:
        """Return a step that gives its input to every branch and makes a record of the results.

        `In -> Self`, with a branch for every key. It is `fanout(cls, k=branch, …)`, of
        which type checkers know all keys.

        Raises:
            NotAStepError: a branch cannot be a step
            BuilderError: a key has no branch, or a branch no key
            FanoutError: when run, if branches fail; their exceptions under their keys
        """
        target = cast("type[Any]", cls)
        if positional:
            accepted = "Name each branch by the key that its result is kept under."
            raise BuilderError(f"{target.__name__}.fanout()", "a branch without a name", accepted)
        keys, inner = parts.branches_of("fanout", branches)
        check_fields(target, keys)
        return face(parts.fanned(keys, inner, target))

    if TYPE_CHECKING:

        def _takes(self, x: In, /) -> None: ...
        def _gives(self) -> Self: ...
        def _made_of(self) -> In: ...
