"""How failures of the user's own steps travel: unwrapped, with the path they took.

An exception raised by a step is never replaced. It gets one note that says
where it happened, written from the inside out while it propagates. Where several
steps run at once, their exceptions travel together, each under its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, final

from combinators._compat import override
from combinators._errors import CombinatorError
from combinators._heap import Frame, on_heap
from combinators._words import listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class KeyedError(ExceptionGroup[Exception], CombinatorError):
    """Exceptions under the keys of the steps that raised them, out of `total` steps."""

    errors: Mapping[Any, Exception]
    total: int
    _steps: ClassVar[str]

    def __new__(cls, errors: Mapping[Any, Exception], total: int) -> Self:
        """Return the group of `errors`, out of `total` steps."""
        message = f"{len(errors)} of {total} {cls._steps} failed"
        made = super().__new__(cls, message, [*errors.values()])
        made.errors = dict(errors)
        made.total = total
        return made

    def __init__(self, errors: Mapping[Any, Exception], total: int) -> None:  # noqa: ARG002 - `__new__` reads them
        super().__init__(self.message, self.exceptions)

    def flat(self) -> dict[tuple[Any, ...], Exception]:
        """Return every exception that is no such group, under its path of keys."""
        found: dict[tuple[Any, ...], Exception] = {}
        waiting: list[tuple[tuple[Any, ...], Exception]] = [((), self)]
        while waiting:
            path, error = waiting.pop()
            if isinstance(error, KeyedError):
                inside = [((*path, key), each) for key, each in error.errors.items()]
                waiting.extend(reversed(inside))
            else:
                found[path] = error
        return found

    @override
    def derive(self, excs: Sequence[Exception], /) -> ExceptionGroup[Exception]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # ours stays one of Exceptions
        """Return the group of some of these exceptions, as `except*` asks for.

        Of exceptions that are not all from here, it is a group without keys.
        """
        keyed = self._keyed(excs)
        return (
            ExceptionGroup(self.message, excs) if keyed is None else type(self)(keyed, self.total)
        )

    def _keyed(self, some: Sequence[Exception]) -> dict[Any, Exception] | None:
        # A nested group arrives here derived, a new object: its first leaf tells whose it is.
        left = dict(self.errors)
        keyed: dict[Any, Exception] = {}
        for error in some:
            sought = next(_leaves(error))
            mine = (k for k, own in left.items() if any(leaf is sought for leaf in _leaves(own)))
            key = next(mine, _NOT_MINE)
            if key is _NOT_MINE:
                return None
            keyed[key] = error
            del left[key]
        return keyed

    @override
    def __str__(self) -> str:
        return "\n".join(_drawn(self))

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        notes = {"__notes__": self.__notes__} if hasattr(self, "__notes__") else None
        return type(self), (self.errors, self.total), notes


@final
class FanoutError(KeyedError):
    """The exceptions of the branches that failed, under their keys.

    Always a group, also for one failure. Keys are names in a mapping, positions
    in a tuple or a list. Groups nest as fan-outs do.
    """

    _steps = "branches"


@final
class FallbackError(KeyedError):
    """The exceptions of a step and of all its fallbacks, under their positions, in that order."""

    _steps = "steps"


def matches(error: Exception, on: tuple[type[Exception], ...]) -> bool:
    """Return whether an exception is one of those that are answered.

    A group is, if all exceptions in it are, or if groups of its class are.
    """
    if not isinstance(error, BaseExceptionGroup):
        return isinstance(error, on)
    groups = tuple(kind for kind in on if issubclass(kind, BaseExceptionGroup))
    return isinstance(error, groups) or all(isinstance(leaf, on) for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", error)
            waiting.extend(reversed(group.exceptions))
        else:
            yield error


def _draw(error: KeyedError) -> Frame[list[str]]:
    lines = [error.message]
    last = len(error.errors) - 1
    for position, (key, inner) in enumerate(error.errors.items()):
        if isinstance(inner, KeyedError):
            first, *rest = yield _draw(inner)
        else:
            first, *rest = [type(inner).__name__]
        stem, bar = ("└─", "  ") if position == last else ("├─", "│ ")
        lines.append(f"{stem} {shown(key)}: {first}")
        lines.extend(f"{bar} {line}" for line in rest)
    return lines


_drawn = on_heap(_draw)


def _copy(error: Exception) -> Frame[Exception]:
    """Return an exception like this one, for whoever it reaches on another way.

    Notes of paths are written on the way, so one object must not go two of them. What cannot
    be copied goes there itself.
    """
    if not _takes_notes(error):
        return error
    if isinstance(error, KeyedError):
        errors: dict[Any, Exception] = {}
        for key, inner in error.errors.items():
            errors[key] = yield _copy(inner)
        made: Exception = type(error)(errors, error.total)
    else:
        try:
            made = _twin(error)
        except Exception:  # noqa: BLE001 - a constructor of the user's may raise anything
            return error
        if type(made) is not type(error):
            return error
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    made.__suppress_context__ = error.__suppress_context__
    if (notes := _notes(error)) is not None:
        made.__notes__ = cast("list[str]", [*notes])
    return made.with_traceback(error.__traceback__)


copied = on_heap(_copy)


def _twin(error: Exception) -> Exception:
    # Not `copy.copy`: that asks `copyreg`, where others (dask is one) put what shares all fields.
    make, arguments, *state = cast("tuple[Any, ...]", error.__reduce_ex__(4))
    twin: Exception = make(*arguments)
    vars(twin).update(*state[:1])
    return twin


@final
class BatchError(CombinatorError):
    """An item of a batch failed; what was finished is kept.

    `index` is the item that failed first, and its exception is the cause. `errors`
    holds the exceptions of all that failed, `results` the values of all that
    succeeded, both under the index of their item.
    """

    def __init__(
        self, index: int, results: Mapping[int, Any], errors: Mapping[int, Exception]
    ) -> None:
        super().__init__(index, results, errors)
        self.index = index
        self.results = results
        self.errors = errors

    @override
    def __str__(self) -> str:
        return (
            f"item {self.index} of the batch failed: {type(self.errors[self.index]).__name__}.\n"
            f"{len(self.results)} finished items are kept in `.results`, all failures in "
            f"`.errors` ({listed(sorted(self.errors))}). "
            'Pass errors="collect" to get an outcome for every item.'
        )


class _PathNote(str):
    """A note that `locate` wrote, told apart from the user's own notes."""

    __slots__ = ()


def locate(error: BaseException, segment: str) -> None:
    """Put `segment` in front of the path in the note of `error`, and of all inside."""
    for each in _with_all_inside(error):
        path = _path(each)
        _set_path(each, f"{segment} > {path}" if path else segment)


def unlocate(error: BaseException) -> None:
    """Remove the path of an earlier run from an exception that a step raises again.

    What is inside a group keeps the path that it has in there.
    """
    outer = _path(error)
    if outer:
        for each in _with_all_inside(error):
            _set_path(each, _path(each).removeprefix(outer).removeprefix(" > "))


def _with_all_inside(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()  # one exception may have been raised by two branches
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if id(error) not in seen:
            seen.add(id(error))
            yield error
            if isinstance(error, KeyedError):
                waiting.extend(error.exceptions)


def _path(error: BaseException) -> str:
    """Return the path in the note of an exception, empty where it has none."""
    notes = _notes(error) or ()
    return next((note.removeprefix(_AT) for note in notes if isinstance(note, _PathNote)), "")


def _set_path(error: BaseException, path: str) -> None:
    """Replace the path note of an exception, or remove it where there is no path."""
    if not _takes_notes(error):
        return
    if path and not hasattr(error, "__notes__"):
        error.__notes__ = []
    notes = _notes(error)
    if notes is not None:
        own = [_PathNote(_AT + path)] if path else []
        notes[:] = [*(note for note in notes if not isinstance(note, _PathNote)), *own]


def _takes_notes(error: BaseException) -> bool:
    """Return whether an exception is not frozen: those would not unpickle with a note."""
    return type(error).__setattr__ is BaseException.__setattr__


def _notes(error: BaseException) -> list[object] | None:
    """Return the list of notes, None where there is none, or not what PEP 678 says."""
    notes: object = getattr(error, "__notes__", None)
    return cast("list[object]", notes) if isinstance(notes, list) else None


_AT = "at "
_NOT_MINE = object()
