"""What laws about schedules are drawn from: work, and calls that do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, TypeVar

from hypothesis import strategies as st

from combinators.laws.schedules._calls import Call
from combinators.laws.schedules._schedule import MAX_THREADS, Schedule
from combinators.laws.schedules._strategies import delays, schedules
from combinators.laws.schedules._work import AtOnce, InTurn, Leaf, Work

A = TypeVar("A")

Way: TypeAlias = Literal["invoke", "ainvoke"]

MANY = (MAX_THREADS,)
FEW = (MAX_THREADS, 0, 1, 2)

ALL = NEVER = st.none()  # all that comes is taken; a call is never cancelled


def steps(*raises: type[BaseException], aio: bool = True) -> st.SearchStrategy[Leaf]:
    """Return a strategy for steps, some async, some of which raise what is given."""
    return st.builds(
        Leaf,
        seconds=delays(),
        raises=st.sampled_from((None, *raises)),
        aio=st.booleans() if aio else st.just(value=False),
        cleanup_seconds=st.sampled_from((0.0, 1.0)),
    )


def works(*raises: type[BaseException], aio: bool = True) -> st.SearchStrategy[Work]:
    """Return a strategy for work of a few steps."""
    return st.recursive(steps(*raises, aio=aio), _composed, max_leaves=6)


def _composed(parts: st.SearchStrategy[Work]) -> st.SearchStrategy[Work]:
    several = st.lists(parts, min_size=1, max_size=4)
    return several.map(lambda given: AtOnce(*given)) | several.map(lambda given: InTurn(*given))


def nested_works() -> st.SearchStrategy[Work]:
    """Return a strategy for fan-outs of fan-outs, of which all branches may run at once."""
    inner = st.lists(steps(), min_size=2, max_size=3).map(lambda given: AtOnce(*given))
    return st.lists(inner, min_size=2, max_size=3).map(lambda given: AtOnce(*given))


def calls(
    *raises: type[BaseException],
    aio: bool = True,
    ways: Sequence[Way] = ("invoke", "ainvoke"),
    limits: Sequence[int | None] = (None, 1, 2, 3),
    threads: Sequence[int] = FEW,
    cancelled: bool = False,
    work: st.SearchStrategy[Work] | None = None,
) -> st.SearchStrategy[tuple[Call, Schedule]]:
    """Return a strategy for calls, each with a schedule."""
    return scheduled(
        lambda interrupted: st.builds(
            Call,
            work=works(*raises, aio=aio) if work is None else work,
            way=st.sampled_from(ways),
            limit=st.sampled_from(limits),
            max_threads=st.sampled_from(threads),
            cancelled_at=delays() if cancelled else st.none(),
            interrupted=interrupted,
        )
    )


def scheduled(
    case: Callable[[st.SearchStrategy[bool]], st.SearchStrategy[A]],
) -> st.SearchStrategy[tuple[A, Schedule]]:
    """Return a strategy for cases, each with a schedule; some may be interrupted at any line."""
    smoothly, interrupted = case(st.just(value=False)), case(st.just(value=True))
    return (
        st.tuples(smoothly, schedules())
        | st.tuples(interrupted, schedules())
        | st.tuples(interrupted, schedules(sparse=True))
    )
