"""Trees become straight lines of code: nothing in them is the user's, each has a place."""

import functools
import inspect
import keyword
import re
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import pytest

from combinators import (
    FanoutError,
    Runnable,
    assign,
    fanout,
    passthrough,
    pick,
    pipe,
    runnable,
    template,
    update,
)
from combinators._run.code.blame import FIRST_LINE, LINE_IN_LOOP
from combinators._run.code.listing import Style
from combinators._run.code.program import source, source_of_loop
from combinators._run.code.promises import gives_no_awaitable
from combinators._run.code.traits import traits
from combinators._run.code.writing import LONGEST, listing
from combinators.laws.observing import Log
from tests.running.ways import (
    ONCE,
    Loop,
    Way,
    ainc,
    double,
    inc,
    note_of,
)

LITTLE = runnable(str, inline=True)
STYLES = [Style(), Style(watch=True), Style(aio=True), Style(aio=True, limited=True)]


def pairs(n: int) -> dict[str, int]:
    return {"a": n}


def code_of(r: Runnable[Any, Any], style: Style) -> str:
    return source(listing(r.node, style, traits((r.node,))), style)


def test_the_code_of_a_chain_is_a_line_a_step() -> None:
    assert code_of(pipe(abs, pairs, pick("a"), str), Style()) == (
        "def invoke(x, call):\n"
        "    try:\n"
        "        x = c0(x)\n"
        "        x = c1(x)\n"
        "        try:\n"
        "            x = x[c3] if type(x) is dict else c2(x)\n"
        "        except KeyError:\n"
        "            x = c2(x)\n"
        "        return c4(x)\n"
        "    except Exception as error:\n"
        "        failures = blamed(error, part)\n"
        "        if not failures:\n"
        "            raise\n"
        "    raise failures.pop()"
    )


@pytest.mark.parametrize("aio", [False, True])
def test_the_code_of_a_batch_is_a_loop_around_the_same_lines(*, aio: bool) -> None:
    style = Style(aio=aio)
    chain = pipe(inc, ainc if aio else double)
    code = listing(chain.node, style, traits((chain.node,)))
    once, loop = source(code, style).splitlines(), source_of_loop(code, style).splitlines()
    *lines, last = once[FIRST_LINE - 1 : FIRST_LINE - 1 + len(code.lines)]
    first = LINE_IN_LOOP - 1
    assert [line.strip() for line in loop[first : first + len(lines)]] == [*map(str.strip, lines)]
    assert loop[first + len(lines)].strip() == last.strip().replace("return", "values[index] =")


def test_what_a_fanout_has_just_made_is_read_without_a_look() -> None:
    chain = fanout(a=runnable(inc, inline=True), b=passthrough()) | assign(c=pick("a"))
    assert code_of(chain | template("{a}{c}"), Style()).splitlines()[2:6] == [
        "        r0 = c0(x)",
        "        x = {c1: r0, c2: x}",
        "        r1 = x[c1]",
        "        x = {**x, c3: r1}",
    ]


KEPT = fanout(a=LITTLE, b=LITTLE)  # three lines of code


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (pick("b", "a") | pick("b"), "x = {c3: x[c3], c2: x[c2]}; return x[c3]"),
        (pick("a", "b") | template("{b}!"), 'x = {c2: x[c2], c3: x[c3]}; return f"{x[c3]!s}{c4}"'),
        (fanout(c=passthrough().named("p") | pick("a")), "r2 = x; r2 = r2[c2]; return {c4: r2}"),
        (assign(c=LITTLE) | assign(d=pick("c")), "r2 = c4(x); x = {**x, c5: r2}; r3 = x[c5]"),
        (assign(c=LITTLE) | assign(d=LITTLE), "r2 = c4(x); x = {**x, c5: r2}; r3 = c6(x)"),
        (update(b=pick("a")) | pick("b"), "r2 = x[c2]; x = {**x, c3: r2}; return x[c3]"),
    ],
)
def test_what_is_known_of_a_dict_stays_known(then: Runnable[Any, Any], code: str) -> None:
    chain = pipe(fanout(a=LITTLE, b=LITTLE), then)
    body = [line.strip() for line in code_of(chain, Style()).splitlines()[2:]]
    known = ["r0 = c0(x)", "r1 = c1(x)", "x = {c2: r0, c3: r1}", *code.split("; ")]
    assert body[: len(known)] == known


def test_what_is_picked_out_of_a_mapping_is_known_from_then_on() -> None:
    chain = pick("a", "b") | assign(c=LITTLE) | pick("a")
    assert [line.strip() for line in code_of(chain, Style()).splitlines()[2:9]] == [
        "try:",
        "x = {c1: x[c1], c2: x[c2]} if type(x) is dict else c0(x)",
        "except KeyError:",
        "x = c0(x)",
        "r0 = c3(x)",
        "x = {**x, c4: r0}",
        "return x[c1]",
    ]


async def adict(x: Any) -> dict[str, Any]:  # noqa: ANN401 - never run
    return dict(x)


HOSTILE: Any = {
    "'; import os #": inc,
    'x"]': template("{y}"),
    "c0": ainc,
    "\N{SNOWMAN}": passthrough(),
}


@pytest.mark.parametrize("style", STYLES)
def test_nothing_of_the_users_is_in_the_code(style: Style) -> None:
    chain = pipe(dict, adict, HOSTILE, assign(**{"k y": len}), template("__import__('os') {c0}"))
    words = set(re.findall(r"\w+", code_of(chain, style)))
    ours = {
        "CALL", "Exception", "KeyError", "PLAIN", "ainvoke", "blamed", "call", "check",
        "copy_context", "dict", "error", "failures", "gated", "gated_hop", "hop", "hosted",
        "invoke", "look", "part", "pop", "run", "s", "team", "type", "x",
    }  # fmt: skip
    assert {w for w in words - ours if not re.fullmatch(r"[cr]\d+", w)} <= {"f", *keyword.kwlist}


def program_of(r: Runnable[Any, Any]) -> Callable[..., Any]:
    r.invoke(1)
    program = r._run  # pyright: ignore[reportPrivateUsage]  # inside the unit
    assert program is not None
    return program


def test_short_chains_of_one_shape_share_their_code() -> None:
    one, other = program_of(pipe(inc, double)), program_of(pipe(double, abs))
    assert one is not other
    assert one.__code__ is other.__code__


def test_a_tree_is_compiled_once() -> None:
    chain = pipe(inc, double)
    assert program_of(chain) is program_of(chain)


def test_what_was_compiled_is_no_part_of_the_value(run: Loop) -> None:
    fresh, used = pipe(inc, double), pipe(inc, double)
    used.invoke(1)
    run(used.ainvoke(1))
    used.batch([1])
    assert (used, hash(used), repr(used)) == (fresh, hash(fresh), repr(fresh))
    assert used.__reduce__() == fresh.__reduce__()


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST + 1])
def test_each_step_runs_once_however_the_code_is_split(way: Way, length: int) -> None:
    assert way(pipe(*[inc] * length), 0) == length


# --- Places ----------------------------------------------------------------------


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("length", [1, LONGEST, LONGEST + 1, 1000])
@pytest.mark.parametrize("step", [inc, ainc])
def test_the_note_counts_steps_however_the_code_is_split(
    way: Way, length: int, step: Callable[[int], Any]
) -> None:
    def fails(_: object) -> int:
        raise ValueError

    for before in {0, length // 2, length - 1}:
        chain = pipe(*[step] * before, fails, *[step] * (length - before))
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - it is bare
            way(chain, 1)
        assert note_of(caught.value) == f"at pipe step {before + 1} (fails)"


@pytest.mark.parametrize("way", ONCE)
def test_places_inside_cheap_branches_are_found(way: Way) -> None:
    fails = runnable(int, inline=True)
    inner = fanout(fine=passthrough(), bad=pipe(LITTLE, fails).named("o"))
    cheap = fanout(a=fanout(fails, fails), b=passthrough())
    for chain, path in (
        (cheap, "fanout['a'] > fanout[0]"),
        (assign(k=pick("x") | fails), "assign['k'] > pipe step 2 (int)"),
        (passthrough().tap(fails), "tap"),
        (fanout(a=inner), "fanout['a'] > fanout['bad'] > pipe step 2 (int)"),
    ):
        with pytest.raises((FanoutError, ValueError)) as caught:
            way(chain, {"x": "word"} if "assign" in path else "word")
        error = caught.value
        leaf = next(iter(error.flat().values())) if isinstance(error, FanoutError) else error
        assert note_of(leaf) == f"at {path}"


@pytest.mark.parametrize("way", ONCE)
def test_a_branch_behind_cheap_ones_has_its_own_key(way: Way) -> None:
    def fails(_: object) -> int:
        raise ValueError

    with pytest.raises(FanoutError) as caught:
        way(fanout(a=passthrough(), b=fails), 1)
    assert list(caught.value.flat()) == [("b",)]


def test_steps_of_a_long_branch_are_observed_at_their_places() -> None:
    log = Log()
    fanout(long=pipe(*[inc] * (LONGEST + 2))).invoke(0, observers=[log])
    assert [run.path for run in log.runs("start") if run.name == "inc"] == [
        f"fanout['long'] > pipe step {i} (inc)" for i in range(1, LONGEST + 3)
    ]


def test_the_traceback_names_the_line_of_the_step() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        pipe(inc, inc, lambda n: n // 0, inc).invoke(1)
    frames = [
        (each.name, each.lineno) for each in caught.traceback if str(each.path) == "<pipeline>"
    ]
    assert [name for name, _ in frames] == ["invoke"]


# --- Awaitables that nobody awaits -----------------------------------------------


def declared(n: int) -> int:
    return n


def in_text(n: "int") -> "list[int] | None":
    return [n]


def unresolved(n: int) -> int:
    return n


unresolved.__annotations__["return"] = "Missing"


def hidden(n: int) -> object:
    return ainc(n)


def honest(n: int) -> Coroutine[Any, Any, int]:
    return ainc(n)


@functools.wraps(declared)
def wrapping(n: int) -> Any:  # noqa: ANN401 - what is copied says `int`
    return ainc(n)


def silent(n: int) -> int:
    return ainc(n)  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # as it says nothing


silent.__annotations__.clear()


class Reply(Protocol):
    """What has text."""

    text: str


def protocol(n: int) -> Reply:
    raise NotImplementedError(n)


class Later:
    """Something to await."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __await__(self) -> Any:  # noqa: ANN401 - never run
        yield


@pytest.mark.parametrize("function", [declared, in_text, str, functools.partial(int, base=2), len])
def test_what_is_declared_is_believed(function: Callable[..., Any]) -> None:
    assert gives_no_awaitable(function)


@pytest.mark.parametrize(
    "function",
    [silent, unresolved, hidden, honest, wrapping, protocol, Later, next, max, object],
)
def test_of_all_others_every_result_is_looked_at(function: Callable[..., Any]) -> None:
    assert not gives_no_awaitable(function)


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("function", [hidden, wrapping, Later, silent])
@pytest.mark.parametrize("inline", [True, False])
def test_an_awaitable_is_refused_wherever_it_comes_out(
    way: Way,
    function: Callable[..., Any],
    inline: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    step = runnable(function, inline=inline)
    for chain in (step, pipe(inc, step, inc), fanout(a=step), fanout(a=step, b=step)):
        with pytest.raises((TypeError, FanoutError)) as caught:
            way(chain, 1)
        error = caught.value
        leaf = next(iter(error.flat().values())) if isinstance(error, FanoutError) else error
        assert "it returned an awaitable" in str(leaf)


def test_ainvoke_is_a_coroutine_function_to_those_who_ask(run: Loop) -> None:
    chain: Any = pipe(inc, inc)
    assert inspect.iscoroutinefunction(chain.ainvoke)
    assert run(chain.ainvoke(1)) == 3
    assert run(pipe(chain.ainvoke, inc).ainvoke(1)) == 4
