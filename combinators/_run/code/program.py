"""From a tree to a function: its listing as code, with the operands as defaults."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias, final

from combinators import _nodes as n
from combinators._heap import Frame, on_heap
from combinators._run.code.blame import LINE_IN_LOOP
from combinators._run.code.listing import Built, Hop, Observed, Style, Sub, operand_name
from combinators._run.code.places import Inside, steps_of
from combinators._run.code.traits import traits
from combinators._run.code.writing import listing
from combinators._run.observing.subjects import ELEMENT, TRY, is_observed, said_inside, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from combinators._observer import Subject
    from combinators._run.code.listing import Listing
    from combinators._run.code.places import Part
    from combinators._run.code.traits import Traits

# `(input, call) -> output`, or a coroutine of it.
Program: TypeAlias = "Callable[..., Any]"

# `(items, call, values, failed, context, before) -> changed`, or a coroutine of it: runs items,
# each an index and an input, puts outputs into `values`, gives errors to `failed`, and returns
# early, true, where an item has made the context that they share differ from the one before.
Loop: TypeAlias = "Callable[..., Any]"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way of running: what the code of its programs can count on."""

    style: Style
    names: Mapping[str, Any]  # what the code may name, besides variables and operands
    built: Callable[[Built, Sequence[Program], Way], Program]
    hop: Callable[[Part, str], Program]  # how a thread runs a part, which is said to be there
    apart: Callable[[Program], Program]  # how a program runs that must not share our stack
    observed: Callable[[Program, Subject], Program]  # how one runs that is watched


# Programs that call one another share Python's stack; every so many, one goes on elsewhere.
DEEPEST = 48


def _compile(part: Part, way: Way, known: Traits, depth: int, said: str = "") -> Frame[Program]:
    if way.style.observed and not way.style.aio and is_observed(part):
        # A line that calls the program of its runs would be all of a program around it.
        inside = yield _compile(Inside(part), way, known, depth + 1)
        function = way.observed(inside, subject_of(part, said))
    else:
        function = yield _written(part, way, known, depth, said)
    return way.apart(function) if depth % DEEPEST == DEEPEST - 1 else function


def _written(part: Part, way: Way, known: Traits, depth: int, said: str) -> Frame[Program]:
    code = listing(part, way.style, known, said)
    operands = yield _operands(code, way, known, depth)
    return _function(_compiled(source(code, way.style)), operands, part, way)


def _compile_loop(part: Part, way: Way, known: Traits) -> Frame[Loop]:
    code = listing(part, way.style, known)
    operands = yield _operands(code, way, known, 0)
    return _function(_compiled(source_of_loop(code, way.style)), operands, part, way)


def _operands(code: Listing, way: Way, known: Traits, depth: int) -> Frame[list[Any]]:
    operands: list[Any] = []
    for operand in code.operands:
        match operand:
            case Sub(inner, at):
                operands.append((yield _compile(inner, way, known, depth + 1, at)))
            case Hop(inner, at):
                operands.append(way.hop(inner, at))
            case Observed(node, at):
                watched = yield _compile(Inside(node), way, known, depth + 1)
                operands.append(way.observed(watched, subject_of(node, at)))
            case Built(node, inside):
                programs: list[Program] = []
                for index in inside:
                    inner = node.children[index]
                    at = said_inside(node, index) if way.style.observed else ""
                    programs.append((yield _compile(inner, way, known, depth + 1, at)))
                operands.append(_built(operand, programs, way))
            case _:
                operands.append(operand)
    return operands


_frame = on_heap(_compile)
_frame_of_loop = on_heap(_compile_loop)


def _built(operand: Built, programs: Sequence[Program], way: Way) -> Program:
    """Return what runs a node; what it runs several times is observed each time."""
    if way.style.observed and isinstance(operand.node, n.Retry):
        programs = [way.observed(program, TRY) for program in programs]
    if way.style.observed and isinstance(operand.node, n.Each):
        from combinators._run.observing.items import numbering  # noqa: PLC0415 - loaded where it is needed

        programs = [way.observed(program, ELEMENT) for program in programs]
        return numbering(way.built(operand, programs, way))
    return way.built(operand, programs, way)


def program(part: Part, way: Way, said: str = "") -> Program:
    """Return the function that runs a part of a tree in some way.

    Args:
        said: where the part is, inside of the run that observers are told of
    """
    return _frame(part, way, traits(steps_of(part)), 0, said)


def loop(part: Part, way: Way) -> Loop:
    """Return the function that runs a part of a tree on many inputs, all of it in one frame."""
    return _frame_of_loop(part, way, traits(steps_of(part)))


def source(code: Listing, style: Style) -> str:
    """Return the source of a function, complete but for what it is defined in."""
    body = [f"        {line}" for line in _ending(code, "return")]
    head = "async def ainvoke(x, call):" if style.aio else "def invoke(x, call):"
    return "\n".join([head, "    try:", *body, *_WHERE_IT_FAILS])


def source_of_loop(code: Listing, style: Style) -> str:
    """Return the source of a loop over items, each of which runs the same lines."""
    body = [f"            {line}" for line in _ending(code, "values[index] =")]
    head = (
        f"{'async ' if style.aio else ''}def batch(items, call, values, failed, context, before):"
    )
    return "\n".join(
        [head, "    for index, x in items:", "        try:", *body, *_WHERE_AN_ITEM_FAILS]
    )


def _ending(code: Listing, with_result: str) -> list[str]:
    """Return the lines, of which the last does something with the result."""
    *lines, last = code.lines or ["x = x"]
    if last.startswith("x = "):
        return [*lines, last.replace("x =", with_result, 1)]
    return [*lines, last, f"{with_result} x"]


# Outside of the handler a group is raised that has the error inside: it is not its context.
_WHERE_IT_FAILS = """\
    except Exception as error:
        failures = blamed(error, part)
        if not failures:
            raise
    raise failures.pop()""".splitlines()

_WHERE_AN_ITEM_FAILS = f"""\
        except Exception as error:
            failures = blamed(error, part, {LINE_IN_LOOP})
            failed(index, failures.pop() if failures else error)
        try:
            if context != before: return True
        except Exception:
            return True  # what does not compare has been changed
    return False""".splitlines()


@lru_cache(maxsize=1024)
def _compiled(text: str) -> CodeType:
    module = compile(text, "<pipeline>", "exec")
    (function,) = (each for each in module.co_consts if isinstance(each, CodeType))
    return function


# With more operands than these, a program has code of its own.
FEW_OPERANDS = 4


def _function(code: CodeType, operands: Sequence[Any], part: Part, way: Way) -> Program:
    """Return the function whose globals are its operands.

    Python adapts code to what it runs on. Programs of one shape that share it undo that for
    one another, so only short ones do, for which memory counts more.
    """
    if len(operands) > FEW_OPERANDS:
        code = code.replace()
    named = {name: way.names[name] for name in code.co_names if name in way.names}
    named["part"] = part
    named.update(zip(map(operand_name, range(len(operands))), operands, strict=True))
    return FunctionType(code, named)
