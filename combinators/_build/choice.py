"""`branch`, `case`, `when`, `route`: one of several steps, chosen by the value."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar, final, overload

from combinators import _choices as choices
from combinators._runnable import Runnable, face
from combinators._step import Body, Deferred, Step

if TYPE_CHECKING:
    from typing_extensions import TypeForm, TypeVar as Default

    # What `otherwise` gives; a dict leaves it open.
    Z = Default("Z", default=dict[str, Any])

A = TypeVar("A")
B = TypeVar("B")
K = TypeVar("K", bound=Hashable)

# Of an arm: the type it takes out of what is left, what it must be able to look
# at, and what it gives.
Takes = TypeVar("Takes", covariant=True)
Sees = TypeVar("Sees", contravariant=True)
Gives = TypeVar("Gives", covariant=True)


class Arm(choices.Arm, Generic[Takes, Sees, Gives]):
    """One way through a `branch`."""

    __slots__ = ()


@final
class Case(Arm[Takes, object, Gives]):
    """The arm for values of one type."""

    __slots__ = ()


@final
class When(Arm[Never, Sees, Gives]):
    """The arm for values of which a predicate holds."""

    __slots__ = ()


@overload
def case(form: TypeForm[A], step: Callable[[A], Deferred[B]], /) -> Case[A, B]: ...
@overload
def case(form: TypeForm[A], step: Callable[[A], B], /) -> Case[A, B]: ...
@overload
def case(form: TypeForm[A], step: Mapping[str, Body[A, B]], /) -> Case[A, dict[str, B]]: ...
@overload
def case(form: TypeForm[A], step: Mapping[str, Step[A, Any]], /) -> Case[A, dict[str, Any]]: ...
def case(form: TypeForm[A], step: Step[Any, Any], /) -> Case[A, Any]:
    """Return the arm of a `branch` for values of a type.

    Args:
        form: a class, a union of classes, None, or a Literal; `float` takes ints too,
            as it does for type checkers. What cannot be told by looking at a value,
            such as `list[int]` or a TypedDict, is refused.

    Raises:
        BuilderError: the type cannot be told by looking at a value
    """
    return Case(*choices.of_type(form, step))


@overload
def when(
    predicate: Callable[[A], Coroutine[Any, Any, bool] | bool], step: Callable[[A], Deferred[B]], /
) -> When[A, B]: ...
@overload
def when(
    predicate: Callable[[A], Coroutine[Any, Any, bool] | bool], step: Callable[[A], B], /
) -> When[A, B]: ...
@overload
def when(
    predicate: Callable[[A], Coroutine[Any, Any, bool] | bool], step: Mapping[str, Body[A, B]], /
) -> When[A, dict[str, B]]: ...
@overload
def when(
    predicate: Callable[[A], Coroutine[Any, Any, bool] | bool], step: Mapping[str, Step[A, Any]], /
) -> When[A, dict[str, Any]]: ...
def when(
    predicate: Callable[[A], Coroutine[Any, Any, bool] | bool], step: Step[Any, Any], /
) -> When[A, Any]:
    """Return the arm of a `branch` for values of which `predicate` holds."""
    return When(*choices.of_predicate(predicate, step))


def route(
    key: str, arms: Mapping[K, Step[A, Z]], /, *, otherwise: Step[A, Z] | None = None
) -> Runnable[A, Z]:
    """Return a step that runs the arm named by the value under `key`, on the whole input.

    `{key: k, …} -> B`, with `arms = {k: A -> B}`.

    Raises:
        NoMatchError: when run, if no arm has that name and there is no `otherwise`

    >>> from combinators import pick, route
    >>> area = route("kind", {"square": lambda d: d["side"] ** 2, "circle": pick("area")})
    >>> area.invoke({"kind": "square", "side": 3})
    9
    """
    return face(choices.routed(key, arms, otherwise))


T1 = TypeVar("T1")
R1 = TypeVar("R1")
T2 = TypeVar("T2")
R2 = TypeVar("R2")
T3 = TypeVar("T3")
R3 = TypeVar("R3")
T4 = TypeVar("T4")
R4 = TypeVar("R4")
T5 = TypeVar("T5")
R5 = TypeVar("R5")
T6 = TypeVar("T6")
R6 = TypeVar("R6")
T7 = TypeVar("T7")
R7 = TypeVar("R7")
T8 = TypeVar("T8")
R8 = TypeVar("R8")


# All arms are cases: together they are the input's type. With `otherwise`, it takes what
# no case does; where a `when` is among them, it must be able to look at that too.
# fmt: off
@overload
def branch(a: Case[T1, R1], /) -> Runnable[T1, R1]: ...
@overload
def branch(a: Case[T1, R1], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | A, R1 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | A, R1 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], /) -> Runnable[T1 | T2, R1 | R2]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | A, R1 | R2 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | A, R1 | R2 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], /) -> Runnable[T1 | T2 | T3, R1 | R2 | R3]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | A, R1 | R2 | R3 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], c: Arm[T3, A, R3], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | A, R1 | R2 | R3 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], /) -> Runnable[T1 | T2 | T3 | T4, R1 | R2 | R3 | R4]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | A, R1 | R2 | R3 | R4 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], c: Arm[T3, A, R3], d: Arm[T4, A, R4], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | A, R1 | R2 | R3 | R4 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], /) -> Runnable[T1 | T2 | T3 | T4 | T5, R1 | R2 | R3 | R4 | R5]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | A, R1 | R2 | R3 | R4 | R5 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], c: Arm[T3, A, R3], d: Arm[T4, A, R4], e: Arm[T5, A, R5], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | A, R1 | R2 | R3 | R4 | R5 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], f: Case[T6, R6], /) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6, R1 | R2 | R3 | R4 | R5 | R6]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], f: Case[T6, R6], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | A, R1 | R2 | R3 | R4 | R5 | R6 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], c: Arm[T3, A, R3], d: Arm[T4, A, R4], e: Arm[T5, A, R5], f: Arm[T6, A, R6], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | A, R1 | R2 | R3 | R4 | R5 | R6 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], f: Case[T6, R6], g: Case[T7, R7], /) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | T7, R1 | R2 | R3 | R4 | R5 | R6 | R7]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], f: Case[T6, R6], g: Case[T7, R7], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | T7 | A, R1 | R2 | R3 | R4 | R5 | R6 | R7 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], c: Arm[T3, A, R3], d: Arm[T4, A, R4], e: Arm[T5, A, R5], f: Arm[T6, A, R6], g: Arm[T7, A, R7], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | T7 | A, R1 | R2 | R3 | R4 | R5 | R6 | R7 | Z]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], f: Case[T6, R6], g: Case[T7, R7], h: Case[T8, R8], /) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | T7 | T8, R1 | R2 | R3 | R4 | R5 | R6 | R7 | R8]: ...
@overload
def branch(a: Case[T1, R1], b: Case[T2, R2], c: Case[T3, R3], d: Case[T4, R4], e: Case[T5, R5], f: Case[T6, R6], g: Case[T7, R7], h: Case[T8, R8], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | T7 | T8 | A, R1 | R2 | R3 | R4 | R5 | R6 | R7 | R8 | Z]: ...
@overload
def branch(a: Arm[T1, A, R1], b: Arm[T2, A, R2], c: Arm[T3, A, R3], d: Arm[T4, A, R4], e: Arm[T5, A, R5], f: Arm[T6, A, R6], g: Arm[T7, A, R7], h: Arm[T8, A, R8], /, *, otherwise: Step[A, Z]) -> Runnable[T1 | T2 | T3 | T4 | T5 | T6 | T7 | T8 | A, R1 | R2 | R3 | R4 | R5 | R6 | R7 | R8 | Z]: ...
# fmt: on
def branch(
    *arms: Arm[Any, Any, Any], otherwise: Step[Any, Any] | None = None
) -> Runnable[Any, Any]:
    """Return a step that runs the first arm whose test holds for the input.

    `A | B -> C | D`. Without `otherwise`, all arms are cases, and together they are
    the input's type; where a `when` stands among them, `otherwise` is required.

    Raises:
        BuilderError: there is no arm, or no `otherwise` where one is needed
        NoMatchError: when run, if no test holds

    >>> from combinators import branch, case, when
    >>> sign = branch(case(str, len), when(lambda n: n < 0, abs), otherwise=lambda n: n)
    >>> sign.batch(["four", -2, 3])
    [4, 2, 3]
    """
    return face(choices.chosen(arms, otherwise))
