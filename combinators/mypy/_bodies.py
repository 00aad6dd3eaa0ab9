"""Functions as steps, with one body or two: a plain one, and an async one beside it."""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mypy.checker import TypeChecker
from mypy.constraints import SUBTYPE_OF, SUPERTYPE_OF, infer_constraints
from mypy.nodes import Context, Expression, LambdaExpr
from mypy.solve import solve_constraints
from mypy.subtypes import is_subtype
from mypy.types import (
    AnyType,
    CallableType,
    LiteralType,
    ProperType,
    Type,
    TypeVarId,
    TypeVarType,
    UninhabitedType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._fitting import misfit
from combinators.mypy._functions import (
    ASYNC_ITERATOR,
    AWAITABLE,
    COROUTINE,
    ITERATOR,
    as_how,
    callable_of,
    deferred,
    function_of,
    one_of,
    takes_one,
)
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._reading import Call
from combinators.mypy._records import ANY

ASYNC: Final = frozenset({COROUTINE, AWAITABLE, ASYNC_ITERATOR})
PAIRS: Final = (
    "a plain function goes with an async function, "
    "a generator function with an async generator function"
)


def runnable(call: Call) -> s.How | None:
    """Return a function as a step."""
    if call.is_starred or len(call.positional) != 1:
        return None
    step = call.reader.step(call.positional[0], "what runnable is given")
    aio = call.optional("aio")
    if aio is None:
        return step.how
    are_async = [_is_async(call, each) for each in (call.positional[0], call.named["aio"])]
    if are_async[0] is True or are_async[1] is False:
        kinds = [f"{'an async' if each else 'a plain'} function" for each in are_async]
        text = f"is given {kinds[0]} with {kinds[1]} as aio: {PAIRS}"
        call.mistakes.call(Place("runnable()", aio.at), text)
    else:
        _compare(call.mistakes, step.how, aio.how, aio.at)
    return step.how


def _is_async(call: Call, function: Expression) -> bool | None:
    """Return whether a function is async, None where nobody can know."""
    found = callable_of(call.checker, call.reader.type_of(function))
    results = [] if found is None else [get_proper_type(each.ret_type) for each in found.items]
    if not results or any(isinstance(each, AnyType) for each in results):
        return None
    return any(deferred(each) in ASYNC for each in results)


def _compare(mistakes: Mistakes, first: s.How, aio: s.How, at: Context) -> None:
    """Add that the two bodies of a step do not take, or do not give, the same."""
    if not isinstance(first, s.Closed) or not isinstance(aio, s.Closed):
        return
    if misfit(mistakes.checker, first.takes, aio.takes) is not None:
        mistakes.bodies("takes", aio.takes, first.takes, at)
    elif misfit(mistakes.checker, aio.gives, first.gives) is not None:
        mistakes.bodies("gives", aio.gives, first.gives, at)


# -- from chunks to chunks -------------------------------------------------------------


def transform(call: Call) -> s.How | None:
    """Return a function from chunks to chunks as a step."""
    if call.is_starred or len(call.positional) != 1:
        return None
    first = call.positional[0]
    aio = call.named.get("aio")
    if aio is None:
        return _over_chunks(call, first, "argument 1 of transform()", (ITERATOR, ASYNC_ITERATOR))
    how = _over_chunks(call, first, "argument 1 of transform()", (ITERATOR,))
    other = _over_chunks(call, aio, "argument aio of transform()", (ASYNC_ITERATOR,))
    if how is not None and other is not None:
        _compare(call.mistakes, how, other, aio)
    return how


def _over_chunks(call: Call, body: Expression, where: str, kinds: Sequence[str]) -> s.How | None:
    """Return what a body does with one chunk, after adding that it is none of these kinds."""
    type_ = _type_of_body(call, body, kinds[0])
    if isinstance(get_proper_type(type_), AnyType):
        return s.Closed(ANY, ANY)
    function = callable_of(call.checker, type_)
    items = [] if function is None else [item for item in function.items if takes_one(item)]
    forms = [_of_a_chunk(call.checker, item, kind) for kind in kinds for item in items]
    known = [each for each in forms if each is not None]
    if not known:
        call.mistakes.no_chunks(Place(where, body), type_, kinds)
        return None
    return as_how(one_of(known))


def _type_of_body(call: Call, body: Expression, kind: str) -> Type:
    expected = call.reader.expected()
    if not isinstance(body, LambdaExpr) or expected is None:
        return call.reader.type_of(body)
    chunks = call.checker.named_generic_type(kind, [expected.takes])
    return call.checker.expr_checker.accept(body, function_of(call.checker, chunks, ANY))


def _of_a_chunk(checker: TypeChecker, body: CallableType, kind: str) -> CallableType | None:
    """Return a function from an iterator to an iterator as one from a chunk to a chunk."""
    takes = _chunk(checker, kind, body.arg_types[0], SUBTYPE_OF)
    gives = _chunk(checker, kind, body.ret_type, SUPERTYPE_OF)
    if takes is None or gives is None:
        return None
    gives = gives.fallback if isinstance(gives, LiteralType) else gives  # many make a longer one
    return body.copy_modified(arg_types=[takes, *body.arg_types[1:]], ret_type=gives)


def _chunk(checker: TypeChecker, kind: str, type_: Type, direction: int) -> ProperType | None:
    """Return of what an iterator is that is a kind, or the other way round, of a type."""
    anything = checker.named_type("builtins.object")
    own = TypeVarId(-1, namespace="combinators.transform")
    variable = TypeVarType("Chunk", "Chunk", own, [], anything, ANY)
    chunks = checker.named_generic_type(kind, [variable])
    constraints = infer_constraints(chunks, type_, direction)
    (solved,), _ = solve_constraints([variable], constraints, strict=False)
    found = get_proper_type(anything if solved is None else solved)
    if isinstance(found, UninhabitedType):  # it takes iterators of one kind or another
        return ANY
    chunks = checker.named_generic_type(kind, [found])
    fits = is_subtype(chunks, type_) if direction == SUBTYPE_OF else is_subtype(type_, chunks)
    return found if fits else None
