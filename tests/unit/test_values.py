"""Pipelines are values: normal forms, equality, hash, repr, pickle, and no way to change one."""

import copy
import gc
import pickle
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, strategies as st
from typing_extensions import override

import combinators
from combinators import BuilderError, Runnable, _nodes as n, _tree
from tests.unit.subjects import (
    PIPELINES,
    Pair,
    Untyped,
    assign,
    bind,
    branch,
    case,
    each,
    evaluated,
    fanout,
    holds,
    later,
    nested,
    omit,
    other,
    passthrough,
    pick,
    pickled,
    pipe,
    rename,
    route,
    runnable,
    same,
    template,
    update,
    when,
)

# --- No way to change one -------------------------------------------------------------


def test_an_attribute_cannot_be_set() -> None:
    step = runnable(same)
    with pytest.raises(AttributeError) as caught:
        step.node = None
    assert str(caught.value) == "a Runnable is immutable: 'node' cannot be set"


def test_an_attribute_cannot_be_deleted() -> None:
    step = runnable(same)
    with pytest.raises(AttributeError) as caught:
        del step._tree
    assert str(caught.value) == "a Runnable is immutable: '_tree' cannot be deleted"


def test_a_new_attribute_cannot_be_added() -> None:
    with pytest.raises(AttributeError):
        runnable(same).note = "mine"


def test_the_class_is_not_called() -> None:
    with pytest.raises(BuilderError) as caught:
        Runnable[int, int]()
    assert str(caught.value) == (
        "Runnable() was given a call.\nWrite runnable(f) to make a step of f."
    )


@given(PIPELINES)
def test_nodes_are_frozen(pipeline: Untyped) -> None:
    for node in _tree.walk(pipeline.node):
        for name in node.__match_args__:
            with pytest.raises(AttributeError):
                setattr(node, name, None)


@given(PIPELINES, PIPELINES)
def test_composing_leaves_the_parts_as_they_were(first: Untyped, second: Untyped) -> None:
    before = repr(first), repr(second)
    try:
        fanout(a=first, b=second)
        _ = first | second
        each(second).attempt()
    except combinators.KeyMismatchError:
        pass
    assert (repr(first), repr(second)) == before


def test_changing_the_dict_of_steps_afterwards_changes_nothing() -> None:
    steps = {"a": same}
    made = fanout(steps)
    steps["b"] = other
    assert made == fanout(a=same)


# --- Copies are the same value --------------------------------------------------------


@given(PIPELINES)
def test_a_pickled_value_is_equal(pipeline: Untyped) -> None:
    copied = pickled(pipeline)
    assert copied == pipeline
    assert hash(copied) == hash(pipeline)
    assert repr(copied) == repr(pipeline)
    assert type(copied) is type(pipeline)
    assert copied.signature == pipeline.signature


@given(PIPELINES)
def test_the_repr_evaluates_to_an_equal_value(pipeline: Untyped) -> None:
    assert evaluated(repr(pipeline)) == pipeline


@pytest.mark.parametrize(
    "expression",
    [
        "branch(case(int, same), when(holds, fanout(a=same)), otherwise=other)",
        "branch(case(str | None | Literal[Colour.RED] | Literal[1], same))",
        "passthrough(list[Any])",
        "fanout(a=rename(b='c'))",
        "fanout({'two words': same})",
        "pipe(pick('a'), runnable(itemgetter(0)))",
        "route('k', {'x': same, 1: other}, otherwise=len)",
        "assign(**{'two words': same})",
        "runnable(same, aio=later, inline=True)",
    ],
)
def test_the_repr_is_the_expression_that_was_written(expression: str) -> None:
    assert repr(evaluated(expression)) == expression


def test_methods_of_equal_objects_are_equal_and_of_others_are_not() -> None:
    assert runnable(",".join) == runnable(",".join)
    assert runnable(",".join) != runnable(";".join)


class Called:
    def __call__(self, x: object) -> object:
        return x


def test_the_repr_names_what_is_no_function_of_a_module_by_its_place() -> None:
    def local(x: object) -> object:
        return x

    place = "test_the_repr_names_what_is_no_function_of_a_module_by_its_place"
    functions: list[Callable[[object], object]] = [local, lambda x: x, Called()]
    assert repr(pipe(*functions)) == f"pipe({place}.local, {place}.lambda, Called)"


@given(PIPELINES)
def test_a_copy_is_the_value_itself(pipeline: Untyped) -> None:
    assert copy.copy(pipeline) is pipeline
    assert copy.deepcopy(pipeline) is pipeline


@given(PIPELINES)
def test_flat_tokens_grow_into_the_same_tree(pipeline: Untyped) -> None:
    grown = _tree.grown(_tree.raw_tokens(pipeline.node))
    assert grown == pipeline.node


@given(PIPELINES, PIPELINES)
def test_equal_values_have_equal_hashes_and_expressions(first: Untyped, second: Untyped) -> None:
    if first == second:
        assert hash(first) == hash(second)
        assert repr(first) == repr(second)
    else:
        assert repr(first) != repr(second)


@given(PIPELINES)
def test_running_state_is_no_part_of_the_value(pipeline: Untyped) -> None:
    fresh = pickled(pipeline)
    pipeline.compiled(repr)
    assert pipeline == fresh
    assert hash(pipeline) == hash(fresh)
    assert pickled(pipeline) == fresh


def test_a_value_is_compiled_once_for_each_way_of_running() -> None:
    step = runnable(same)
    made: list[n.Node] = []

    def compiled(node: n.Node) -> str:
        made.append(node)
        return "program"

    assert [step.compiled(compiled), step.compiled(compiled)] == ["program", "program"]
    assert made == [step.node]


def test_a_value_can_be_referred_to_weakly() -> None:
    step = runnable(same)
    reference = weakref.ref(step)
    assert reference() is step
    del step
    gc.collect()
    assert reference() is None


# --- Equality ------------------------------------------------------------------------


def test_lambdas_are_compared_by_identity() -> None:
    def made() -> Callable[[object], object]:
        return lambda x: x

    first = made()
    assert runnable(first) == runnable(first)
    assert runnable(first) != runnable(made())


def test_partials_are_compared_by_their_parts() -> None:
    assert runnable(partial(int, base=2)) == runnable(partial(int, base=2))
    assert hash(runnable(partial(int, base=2))) == hash(runnable(partial(int, base=2)))
    assert runnable(partial(int, base=2)) != runnable(partial(int, base=8))
    assert runnable(partial(max, 1)) != runnable(partial(min, 1))


def test_keywords_of_partials_have_no_order() -> None:
    first, second = partial(sorted, key=len, reverse=True), partial(sorted, reverse=True, key=len)
    assert runnable(first) == runnable(second)
    assert hash(runnable(first)) == hash(runnable(second))


def test_an_itemgetter_is_a_pick() -> None:
    assert runnable(itemgetter("a")) == pick("a")


def test_an_itemgetter_of_several_is_a_tuple_of_picks() -> None:
    assert runnable(itemgetter("a", "b")) == fanout(pick("a"), pick("b"))


class Adder:
    """A callable that compares by what it adds."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Adder) and other.amount == self.amount

    @override
    def __hash__(self) -> int:
        return hash(self.amount)

    def __call__(self, x: int) -> int:
        return x + self.amount

    def plus(self, x: int) -> int:
        return x + self.amount

    @combinators.runnable
    def decorated(self, x: int) -> int:
        return x + self.amount

    @combinators.runnable
    async def waiting(self, x: int) -> int:
        return x + self.amount

    @combinators.runnable(inline=True)
    def quick(self, x: int) -> int:
        return x + self.amount


def test_callable_objects_are_compared_by_their_own_equality() -> None:
    assert runnable(Adder(1)) == runnable(Adder(1))
    assert runnable(Adder(1)) != runnable(Adder(2))


def test_a_value_is_not_equal_to_anything_else() -> None:
    assert runnable(same) != same
    assert runnable(same).node != same
    assert runnable(same) != runnable(same).node


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (fanout(a=same, b=other), fanout(b=other, a=same)),
        (fanout(a=same), fanout(same)),
        (fanout(a=same, b=same), fanout(Pair, a=same, b=same)),
        (fanout(a=same), assign(a=same)),
        (assign(a=same), update(a=same)),
        (pick("a"), pick("b")),
        (pick("a", "b"), pick("b", "a")),
        (pick("a", "b"), omit("a", "b")),
        (rename(a="b"), rename(b="a")),
        (each(same), runnable(same).attempt()),
        (runnable(same), runnable(same, inline=True)),
        (runnable(same), runnable(same, aio=later)),
        (runnable(same), runnable(same).named("same")),
        (runnable(same).named("a"), runnable(same).named("b")),
        (passthrough(), passthrough(int)),
        (template("{a}"), template("{{a}}")),
        (fanout(fanout(same), same), fanout(fanout(same, same))),
        (route("k", {1: same}), route("k", {"1": same})),
        # `1 == True`, but the arm of one does not run for the other.
        (route("k", {1: same}), route("k", {True: same})),
        (branch(case(int, same)), branch(case(str, same))),
        (
            branch(when(holds, same), otherwise=other),
            branch(when(holds, same), when(other, same), otherwise=other),
        ),
        (branch(case(int, same), otherwise=other), branch(case(int, same), case(int, other))),
    ],
)
def test_different_pipelines_are_different_values(first: object, second: object) -> None:
    assert first != second


def test_literals_of_different_types_are_different_values() -> None:
    one, true = evaluated("Literal[1]"), evaluated("Literal[True]")
    assert branch(case(one, same)) != branch(case(true, same))


# --- Normal forms ---------------------------------------------------------------------


@given(st.lists(PIPELINES, min_size=3, max_size=3))
def test_how_a_pipe_is_bracketed_makes_no_difference(steps: list[Any]) -> None:
    a, b, c = steps
    try:
        left = (a | b) | c
    except combinators.KeyMismatchError:
        with pytest.raises(combinators.KeyMismatchError):
            _ = a | (b | c)
    else:
        assert left == a | (b | c) == pipe(a, b, c) == pipe(a, pipe(b, c)) == pipe(pipe(a, b), c)


@given(PIPELINES)
def test_a_passthrough_on_either_side_makes_no_difference(pipeline: Untyped) -> None:
    identity = passthrough()
    assert identity | pipeline == pipeline == pipeline | identity == pipe(identity, pipeline)


@given(PIPELINES)
def test_pipes_are_flat(pipeline: Untyped) -> None:
    for node in _tree.walk(pipeline.node):
        if isinstance(node, n.Pipe):
            assert len(node.steps) > 1
            assert not any(isinstance(step, n.Pipe) for step in node.steps)
            assert n.Passthrough() not in node.steps


def test_nothing_and_nothing_but_passthroughs_is_a_passthrough() -> None:
    assert pipe() == passthrough() == pipe(passthrough(), passthrough())


def test_a_single_step_is_that_step() -> None:
    assert pipe(same) == runnable(same) == pipe(pipe(same))


def test_a_declared_head_stays() -> None:
    assert (passthrough(int) | same).node == n.Pipe((n.Passthrough(int), n.Step(same)))


def test_a_named_pipe_is_not_spliced() -> None:
    named = pipe(same, other).named("both")
    assert len((named | same).node.steps) == 2
    assert named | same != pipe(same, other, same)


def test_a_pipe_is_in_the_order_written() -> None:
    made: Untyped = runnable(same) | other | len
    assert made.node == n.Pipe((n.Step(same), n.Step(other), n.Step(len)))


# --- Pickling by name -----------------------------------------------------------------


@combinators.runnable
def shout(text: str) -> str:
    return text.upper()


@combinators.runnable
async def whisper(text: str) -> str:
    return text.lower()


class Words:
    @staticmethod
    @combinators.runnable
    def first(text: str) -> str:
        return text.split(maxsplit=1)[0]


@pytest.mark.parametrize("step", [shout, whisper, Words.first, shout | whisper | len])
def test_a_decorated_function_pickles_under_its_name(step: Untyped) -> None:
    assert pickled(step) == step


def test_a_decorated_function_runs_after_pickling() -> None:
    assert pickled(shout).invoke("a") == "A"


def test_a_decorated_function_pickles_as_its_module_and_name() -> None:
    assert b"shout" in pickle.dumps(shout)


@pytest.mark.parametrize(
    "step",
    [
        Adder(1),
        Adder(1).plus,
        Adder(1).decorated,
        Adder(1).waiting,
        Adder(1).quick,
        "ab".count,
        partial(Adder.plus, Adder(3)),
        partial(int, base=2),
        partial(Adder(2).plus),
        len,
        str.upper,
        Adder,
    ],
)
def test_whatever_pickles_is_equal_afterwards(step: object) -> None:
    assert pickled(runnable(step)) == runnable(step)


def test_a_decorated_method_runs_after_pickling() -> None:
    assert pickled(Adder(1).decorated).invoke(2) == 3
    assert pickled(Adder(1).quick).invoke(2) == 3
    assert pickled(Adder(1).waiting).invoke(2) == 3


def test_a_lambda_does_not_pickle() -> None:
    anonymous = evaluated("lambda x: x")
    with pytest.raises(Exception, match="pickle"):
        pickled(runnable(anonymous))


def test_a_function_with_another_body_under_its_name_does_not_pickle() -> None:
    hidden = types.FunctionType(same.__code__, {}, "same")
    hidden.__module__, hidden.__qualname__ = __name__, "shout"
    with pytest.raises(Exception, match="not the same object"):
        pickled(runnable(hidden))


# --- Size ------------------------------------------------------------------------------

DEEP = 2_000  # twice the recursion limit
AROUND: dict[str, Callable[[Any], object]] = {
    "fanout": lambda inner: fanout(a=inner),
    "tuple": fanout,
    "piped fanout": lambda inner: fanout(a=inner) | pick("a"),
    "after a function": lambda inner: pipe(same, fanout(inner)),
    "assign": lambda inner: assign(a=inner),
    "branch": lambda inner: branch(when(holds, inner), otherwise=same),
    "route": lambda inner: route("k", {"a": inner}),
    "named": lambda inner: inner.named("a"),
    "attempt": lambda inner: inner.attempt(),
    "tap": lambda inner: passthrough().tap(inner),
    "bind": bind,
}


@pytest.fixture
def plain_stack() -> Iterator[None]:
    """Give a test Python's own recursion limit: mypy and hypothesis raise it for their process."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("plain_stack")
@pytest.mark.parametrize("shape", AROUND)
def test_values_nest_far_deeper_than_the_stack(shape: str) -> None:
    deep, twin = nested(DEEP, AROUND[shape]), nested(DEEP, AROUND[shape])
    # Compared outside of `assert`, which would write both out where they differ.
    verdicts = deep == twin, hash(deep) == hash(twin), pickled(deep) == deep
    assert verdicts == (True, True, True)
    shallower = deep == nested(DEEP - 1, AROUND[shape])
    assert not shallower


@pytest.mark.usefixtures("plain_stack")
@pytest.mark.parametrize("shape", [*AROUND, "each"])
def test_deep_values_are_written_and_drawn(shape: str) -> None:
    deep = pipe(same, nested(1_000, (AROUND | {"each": each})[shape]), same)
    assert len(repr(deep)) > 1_000
    assert len(deep.draw().splitlines()) > 1
    assert deep.draw("mermaid").startswith("flowchart TD\n")


@pytest.mark.usefixtures("plain_stack")
def test_deep_dicts_of_steps_are_coerced() -> None:
    steps: object = same
    for _ in range(DEEP):
        steps = {"a": steps}
    same_value = pipe(steps) == nested(DEEP, AROUND["fanout"])
    assert same_value


@pytest.mark.parametrize("shape", [*AROUND, "each"])
def test_what_nests_is_built_at_a_cost_in_proportion(shape: str) -> None:
    around = (AROUND | {"each": each})[shape]
    assert _growth(lambda size: nested(size, around), 50) < 5


def test_long_pipes_are_written_compared_and_pickled() -> None:
    long = pipe(*[same] * 10_000)
    verdicts = long == pipe(*[same] * 10_000), hash(long) == hash(pickled(long))
    assert verdicts == (True, True)
    written = repr(long) == f"pipe({', '.join(['same'] * 10_000)})"
    assert written
    assert len(long.draw().splitlines()) == 10_001


def test_pipes_made_in_a_loop_are_the_same_as_made_at_once() -> None:
    same_value = _chained(10_000) == pipe(*[same] * 10_001)
    assert same_value


def test_a_loop_of_bars_costs_in_proportion() -> None:
    # Four times as long, four times the work; were it quadratic, sixteen times.
    assert _growth(lambda size: _chained(size).node, 250) < 5


def test_a_very_long_rope_is_dropped_without_a_deep_stack() -> None:
    held = [_chained(30_000)]  # never flattened: each step hangs on the one before
    held.clear()
    assert not held


def _chained(size: int) -> Untyped:
    made = runnable(same)
    for _ in range(size):
        made = made | same
    return made


def _growth(work: Callable[[int], object], size: int) -> float:
    """Return how many times more calls four times the work makes: time would be noisy."""

    def calls(size: int) -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            work(size)
        finally:
            sys.setprofile(None)
        return count

    return calls(4 * size) / calls(size)


# --- The methods are the builders -------------------------------------------------------


def test_methods_give_what_the_builders_give() -> None:
    step = runnable(same)
    assert step.assign(a=other) == pipe(step, assign(a=other))
    assert step.assign(self=other) == pipe(step, assign(self=other))
    assert step.pick("a") == pipe(step, pick("a"))
    assert step.pick("a", "b") == pipe(step, pick("a", "b"))
    assert step.each() == each(step)
    assert step.each().invoke([1, 2]) == [1, 2]
    assert step.tap(other) == pipe(step, passthrough().tap(other))


def test_a_runnable_is_called_like_a_function() -> None:
    assert list(map(combinators.runnable(str.upper), ["a", "b"])) == ["A", "B"]


@combinators.runnable
def forgotten(text: str) -> str:
    return text


def test_a_step_that_is_not_there_any_more_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pickle.dumps(forgotten)
    monkeypatch.delattr(sys.modules[__name__], "forgotten")
    with pytest.raises(BuilderError) as caught:
        pickle.loads(packed)  # noqa: S301 - our own bytes
    assert str(caught.value) == (
        f"unpickling was given a step that was {__name__}.forgotten, which is not there any more.\n"
        "Pickle it again, or give the step its name back."
    )


def test_a_step_whose_name_holds_something_else_now_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = pickle.dumps(forgotten)
    monkeypatch.setattr(sys.modules[__name__], "forgotten", pipe(same, other))
    with pytest.raises(BuilderError, match="which is not there any more"):
        pickle.loads(packed)  # noqa: S301 - our own bytes
