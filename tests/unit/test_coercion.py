"""What may stand where a step is expected, and what is refused when a pipeline is built."""

import functools
import inspect
from collections import ChainMap, OrderedDict, UserDict
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypedDict

import pytest

import combinators
from combinators import BuilderError, NotAStepError, Runnable, _nodes as n
from tests.unit.subjects import (
    Pair,
    Point,
    Row,
    Untyped,
    chunks,
    each,
    evaluated,
    fanout,
    later,
    later_chunks,
    other,
    passthrough,
    pick,
    pipe,
    runnable,
    same,
    two,
)

ACCEPTED = (
    "A step is a Runnable, a callable of one argument (plain, async or a generator function), "
    "or a dict of steps."
)

# --- What is refused --------------------------------------------------------------------


async def _coroutine() -> None:
    """Do nothing: what counts is that it was called."""


@pytest.mark.parametrize(
    ("wrong", "kind", "slip"),
    [
        (3, "an int", "For a constant, write `lambda _: value`."),
        (b"", "a bytes", "For a constant, write `lambda _: value`."),
        (None, "None", "Did you pass the result of a function that returns nothing?"),
        ("a", "a str", "To read a key, write pick(…); to fill in a text, template(…)."),
        ([same], "a list", "To run several steps on the same input, write fanout(a, b)."),
        ((same,), "a tuple", "To run several steps on the same input, write fanout(a, b)."),
        (chunks(1), "a generator", "Did you call the function? Pass `f`, not `f(x)`."),
    ],
)
def test_what_is_no_step_is_refused_with_the_likely_slip(
    wrong: object, kind: str, slip: str
) -> None:
    message = f"is {kind}, which cannot be a step.\n{ACCEPTED}\n{slip}"
    for where, build in _places(wrong).items():
        with pytest.raises(NotAStepError) as caught:
            build()
        assert str(caught.value) == f"{where} {message}"


def _places(step: Untyped) -> dict[str, Callable[[], object]]:
    return {
        "pipe() argument 2": lambda: pipe(same, step),
        "the right side of |": lambda: runnable(same) | step,
        "the left side of |": lambda: step | runnable(same),
        "fanout['k']": lambda: fanout(k=step),
        "fanout[1]": lambda: fanout(same, step),
        "assign['k']": lambda: evaluated("assign")(k=step),
        "update['k']": lambda: evaluated("update")(k=step),
        "each() argument 1": lambda: each(step),
        "bind() argument 1": lambda: evaluated("bind")(step),
        "tap() argument 1": lambda: runnable(same).tap(step),
        "cached() key=": lambda: (
            _refused("cached() key=")
            if step is None
            else evaluated("runnable")(same).cached(key=step)
        ),
        "fallback() argument 1": lambda: runnable(same).fallback(step),
        "when() argument 1": lambda: evaluated("when")(step, same),
        "when() argument 2": lambda: evaluated("when")(same, step),
        "case() argument 2": lambda: evaluated("case")(int, step),
        "route() arm 'k'": lambda: evaluated("route")("kind", {"k": step}),
        "runnable() argument 1": lambda: runnable(step),
        "runnable() aio": lambda: (
            _refused("runnable() aio") if step is None else runnable(same, aio=step)
        ),
    }


def _refused(where: str) -> object:
    # None means that there is none: anything else has to be one.
    slip = "Did you pass the result of a function that returns nothing?"
    raise NotAStepError(where, "None", slip)


def test_a_coroutine_is_refused_with_the_likely_slip() -> None:
    called = _coroutine()
    with pytest.raises(NotAStepError, match="Did you call the function"):
        pipe(called)
    called.close()


def _kind(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize(
    "wrong", [3, "a", None, [same], (same,), {same}, 1.5, True, object()], ids=_kind
)
def test_both_sides_of_the_bar_refuse_alike(wrong: Untyped) -> None:
    with pytest.raises(TypeError):
        _ = wrong | runnable(same)
    with pytest.raises(TypeError):
        _ = runnable(same) | wrong


def test_the_place_of_a_wrong_step_is_a_path_through_nested_dicts() -> None:
    with pytest.raises(NotAStepError) as caught:
        pipe(same, {"a": {"b": 3}})
    assert str(caught.value).startswith("pipe() argument 2 > fanout['a'] > fanout['b'] is an int,")


def test_a_dict_that_contains_itself_is_refused() -> None:
    steps: dict[str, object] = {"a": same}
    steps["b"] = {"c": steps}
    with pytest.raises(NotAStepError) as caught:
        pipe(steps)
    assert str(caught.value) == (
        "pipe() argument 1 > fanout['b'] > fanout['c'] is a dict that contains itself, which "
        f"cannot be a step.\n{ACCEPTED}\nLeave it out."
    )


def test_one_dict_may_stand_in_two_places() -> None:
    steps = {"a": same}
    assert pipe({"x": steps, "y": steps}) == fanout(x=fanout(a=same), y=fanout(a=same))


# --- How many arguments -----------------------------------------------------------------


class Callables:
    def __call__(self, x: object) -> object:
        return x

    def one(self, x: object) -> object:
        return x

    def both(self, x: object, y: object) -> object:
        return x, y

    @classmethod
    def of_class(cls, x: object) -> object:
        return x

    @staticmethod
    def static(x: object) -> object:
        return x


class Waiting:
    async def __call__(self, x: object) -> object:
        return x


class Streaming:
    def __call__(self, x: object) -> Iterator[object]:
        yield x


def with_default(x: object, y: object = 1) -> object:
    return x, y


def only_default(x: object = 1) -> object:
    return x


def variadic(*xs: object) -> object:
    return xs


def keywords(**named: object) -> object:
    return named


def keyword_only(x: object, *, y: object) -> object:
    return x, y


def keyword_default(x: object, *, y: object = 1) -> object:
    return x, y


def positional_only(x: object, /) -> object:
    return x


def none() -> object:
    return None


def nothing_but_keyword_defaults(*, y: object = 1) -> object:
    return y


TAKE_ONE: list[Any] = [
    same,
    later,
    chunks,
    later_chunks,
    with_default,
    only_default,
    variadic,
    keyword_default,
    positional_only,
    partial(two, 1),
    partial(two, y=1),
    partial(keyword_only, y=1),
    Callables(),
    Callables().one,
    Callables.of_class,
    Callables.static,
    Waiting(),
    Streaming(),
    len,
    print,
    max,
    int,
    str,
    dict,
    type,
    str.upper,
    set[int]().add,
    Point,
    Row,
    Pair,
    functools.lru_cache(other),
    itemgetter("a"),
    ValueError,
]


@pytest.mark.parametrize("step", TAKE_ONE)
def test_whatever_takes_one_argument_is_a_step(step: Untyped) -> None:
    made = runnable(step)
    assert made == pipe(step)
    assert fanout(step) == fanout(made)
    assert (passthrough() | step) == made


BIND = "Bind the others: functools.partial(f, name=value), or `lambda x: f(x, …)`."
INSTANCE = "Take a method from an instance: `obj.method`, not `Class.method`."
TAKE_ANOTHER_NUMBER: list[tuple[object, str, str]] = [
    (two, "of 2 arguments (two)", BIND),
    (divmod, "of 2 arguments (divmod)", BIND),
    (none, "of no arguments (none)", BIND),
    (keywords, "of no arguments (keywords)", BIND),
    (nothing_but_keyword_defaults, "of no arguments (nothing_but_keyword_defaults)", BIND),
    (partial(same, 1), "of no arguments (same)", BIND),
    (Streaming, "of no arguments (Streaming)", BIND),
    (keyword_only, "with required keyword arguments (keyword_only)", BIND),
    (Callables.one, "of 2 arguments (one)", INSTANCE),
]


@pytest.mark.parametrize(("wrong", "kind", "fix"), TAKE_ANOTHER_NUMBER)
def test_whatever_takes_none_or_several_is_refused(wrong: object, kind: str, fix: str) -> None:
    with pytest.raises(NotAStepError) as caught:
        pipe(wrong)
    assert str(caught.value) == (
        f"pipe() argument 1 is a function {kind}, which cannot be a step.\n{ACCEPTED}\n{fix}"
    )


def _injected(function: Callable[[object, object], object]) -> Callable[[object], object]:
    @functools.wraps(function)
    def wrapper(x: object) -> object:
        return function(x, "injected")

    return wrapper


def _swallowing(function: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(function)
    def wrapper(*args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return wrapper


def test_a_decorator_that_supplies_an_argument_leaves_one() -> None:
    assert runnable(_injected(two)).invoke(1) == (1, "injected")


def test_a_decorator_counts_by_what_it_takes_itself_whatever_it_wraps() -> None:
    assert runnable(_swallowing(lambda: None))  # fails when it runs, as any function may


def test_a_decorated_function_of_one_argument_is_a_step() -> None:
    assert runnable(_swallowing(same)).invoke(1) == 1


# --- What kind of step it becomes -------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "node"),
    [
        (same, n.Step(same, None)),
        (later, n.Step(None, later)),
        (chunks, n.Step(chunks, None, streams=True)),
        (later_chunks, n.Step(None, later_chunks, streams=True)),
        (partial(later), n.Step(None, partial(later))),
        (partial(chunks), n.Step(partial(chunks), None, streams=True)),
    ],
)
def test_a_function_is_a_step_with_the_body_that_it_is(function: object, node: n.Node) -> None:
    assert runnable(function).node == node


@pytest.mark.parametrize(
    ("instance", "is_sync", "streams"),
    [(Callables(), True, False), (Waiting(), False, False), (Streaming(), True, True)],
)
def test_a_callable_object_is_what_its_call_is(
    instance: object, *, is_sync: bool, streams: bool
) -> None:
    node = runnable(instance).node
    assert (node.sync is instance, node.aio is instance) == (is_sync, not is_sync)
    assert node.streams is streams


@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict, ChainMap, MappingProxyType])
def test_any_mapping_of_steps_is_a_fanout(kind: Callable[[dict[str, object]], Any]) -> None:
    steps = kind({"a": same, "b": {"c": other}})
    expected = fanout(a=same, b=fanout(c=other))
    assert pipe(steps) == fanout(steps) == runnable(steps) == expected
    assert passthrough() | steps == expected
    assert steps | passthrough() == expected


def test_the_three_spellings_of_a_fanout_are_one() -> None:
    assert fanout(a=same, b=len) == fanout({"a": same, "b": len}) == pipe({"a": same, "b": len})


def test_a_dict_on_the_left_feeds_the_next_step() -> None:
    assert ({"a": same} | runnable(other)) == pipe(fanout(a=same), other)


def test_a_function_on_the_left_feeds_the_next_step() -> None:
    assert (same | runnable(other)) == pipe(same, other) == (runnable(same) | other)


def test_a_class_on_the_left_feeds_the_next_step() -> None:
    assert (int | runnable(same)) == pipe(int, same)


def test_an_itemgetter_stands_on_either_side() -> None:
    getter: Any = itemgetter("a")
    assert (getter | runnable(same)) == pipe(pick("a"), same)
    assert (runnable(same) | getter) == pipe(same, pick("a"))


def test_a_runnable_stands_for_itself() -> None:
    step = runnable(same)
    assert pipe(step) == runnable(step) == step


def test_keys_of_an_itemgetter_are_normalised_where_they_are_strings() -> None:
    assert runnable(itemgetter(0)).node == n.Pick(0)
    assert runnable(itemgetter(0, "a")).invoke({0: "x", "a": "y"}) == ("x", "y")


def test_an_itemgetter_of_a_position_reads_a_sequence() -> None:
    assert runnable(itemgetter(-1)).invoke("abc") == "c"


# --- The spellings of fanout --------------------------------------------------------------


def test_mixed_spellings_are_refused() -> None:
    with pytest.raises(BuilderError) as caught:
        fanout(same, a=other)
    assert str(caught.value) == (
        "fanout() was given positional and named branches.\n"
        "Name all branches for a mapping or none for a tuple; a class may stand before named ones."
    )


@pytest.mark.parametrize(
    "mixed", ["fanout({'a': same}, b=other)", "fanout(Point, Point, x=same)", "fanout(3, x=same)"]
)
def test_other_mixtures_are_refused_too(mixed: str) -> None:
    with pytest.raises(BuilderError, match="positional and named branches"):
        evaluated(mixed)


def test_no_branch_at_all_is_the_empty_mapping() -> None:
    assert fanout() == fanout({})
    assert fanout().invoke(1) == {}


def test_several_mappings_are_branches_of_a_tuple() -> None:
    assert fanout({"a": same}, {"b": same}) == fanout(fanout(a=same), fanout(b=same))


class Total(TypedDict, total=False):
    x: int
    y: int


@pytest.mark.parametrize(
    ("target", "result"),
    [(Point, Point(1)), (Row, Row(1)), (Total, {"x": 1})],
)
def test_fields_with_defaults_may_be_left_out(target: object, result: object) -> None:
    assert fanout(target, x=same).invoke(1) == result


def test_a_target_is_built_of_the_results() -> None:
    assert fanout(Pair, b=same, a=len).invoke("xy") == {"b": "xy", "a": 2}
    assert fanout(Row, y=len, x=len).invoke("xy") == Row(2, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            "fanout(int, x=same)",
            (
                "fanout(int, …) was given the class int.\n"
                "It builds a TypedDict, a dataclass or a NamedTuple."
            ),
        ),
        (
            "fanout(tuple, x=same)",
            (
                "fanout(tuple, …) was given the class tuple.\n"
                "It builds a TypedDict, a dataclass or a NamedTuple."
            ),
        ),
        (
            "fanout(Pair, a=same, b=same, aa=same)",
            (
                "fanout(Pair, …) was given a branch 'aa', which is no field.\n"
                "Its fields are 'a' and 'b'. Did you mean 'a'?"
            ),
        ),
        (
            "fanout(Pair, a=same)",
            (
                "fanout(Pair, …) was given no branch for the field 'b'.\n"
                "Every field without a default needs a branch."
            ),
        ),
        (
            "fanout(Row, y=same)",
            (
                "fanout(Row, …) was given no branch for the field 'x'.\n"
                "Every field without a default needs a branch."
            ),
        ),
        (
            "fanout(Point, z=same)",
            (
                "fanout(Point, …) was given a branch 'z', which is no field.\n"
                "Its fields are 'x' and 'y'."
            ),
        ),
    ],
)
def test_branches_and_fields_have_to_match(wrong: str, message: str) -> None:
    with pytest.raises(BuilderError) as caught:
        evaluated(wrong)
    assert str(caught.value) == message


# --- runnable and its options ------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "given"),
    [
        (same, same, "a plain function with a plain function as aio"),
        (later, later, "an async function with an async function as aio"),
        (same, later_chunks, "a plain function with an async generator function as aio"),
        (chunks, later, "a plain generator function with an async function as aio"),
        (chunks, chunks, "a plain generator function with a plain generator function as aio"),
    ],
)
def test_bodies_that_do_not_go_together_are_refused(
    first: object, second: object, given: str
) -> None:
    with pytest.raises(BuilderError) as caught:
        runnable(first, aio=second)
    assert str(caught.value) == (
        f"runnable() was given {given}.\n"
        "A plain function goes with an async function, a generator function with an async "
        "generator function."
    )


def test_options_of_something_that_is_a_step_already_are_refused() -> None:
    for step in (runnable(same), {"a": same}, itemgetter("a")):
        with pytest.raises(BuilderError) as caught:
            runnable(step, aio=later)
        assert str(caught.value) == (
            "runnable() was given options for something that is a step already.\n"
            "aio= and inline= go with a function."
        )


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(TypeError, match="in_line"):
        runnable(same, in_line=True)


def test_both_bodies_are_kept() -> None:
    assert runnable(same, aio=later, inline=True).node == n.Step(same, later, inline=True)
    assert runnable(chunks, aio=later_chunks).node == n.Step(chunks, later_chunks, streams=True)


def test_it_decorates_with_options_and_without() -> None:
    assert runnable(inline=True)(same) == runnable(same, inline=True)
    assert runnable()(same) == runnable(same)


def test_none_is_not_taken_for_no_function() -> None:
    with pytest.raises(NotAStepError):
        runnable(None)


# --- Methods ------------------------------------------------------------------------------


class Shop:
    def __init__(self, price: int) -> None:
        self.price = price

    @combinators.runnable
    def cost(self, pieces: int) -> int:
        return self.price * pieces

    @combinators.runnable(inline=True)
    def quick(self, pieces: int) -> int:
        return self.price * pieces

    @combinators.runnable
    async def later(self, pieces: int) -> int:
        return self.price * pieces

    @combinators.runnable
    def parts(self, pieces: int) -> Iterator[int]:
        yield self.price
        yield pieces

    @combinators.runnable
    async def later_parts(self, pieces: int) -> AsyncIterator[int]:
        yield self.price
        yield pieces

    @combinators.runnable
    def discounted(self, pieces: int, factor: float = 0.5) -> float:
        return self.price * pieces * factor

    @combinators.runnable
    def optional(self, pieces: int = 1) -> int:
        return self.price * pieces


class Sale(Shop):
    def half(self, pieces: int) -> int:
        return super().cost.invoke(pieces) // 2


def test_a_method_is_a_step_on_each_instance() -> None:
    cheap, dear = Shop(1), Shop(100)
    assert isinstance(cheap.cost, Runnable)
    assert [cheap.cost.invoke(2), dear.cost.invoke(2), dear.quick.invoke(2)] == [2, 200, 200]


def test_a_method_keeps_its_kind_and_its_options() -> None:
    shop: Any = Shop(2)
    assert shop.quick.node.inline
    assert shop.later.node.sync is None
    assert shop.parts.node.streams
    assert [shop.later.invoke(3), shop.parts.invoke(3), shop.later_parts.invoke(3)] == [6, 5, 5]
    assert shop.discounted.invoke(2) == 2.0


def test_methods_of_one_instance_are_equal() -> None:
    shop = Shop(1)
    assert shop.cost == shop.cost
    assert shop.cost != Shop(1).cost


def test_a_method_goes_into_a_pipe() -> None:
    assert (Shop(2).cost | str).invoke(3) == "6"


def test_a_method_is_inherited() -> None:
    assert Sale(4).cost.invoke(2) == 8
    assert Sale(4).half(2) == 4


def test_on_the_class_a_method_is_called_with_the_instance() -> None:
    assert Shop.cost(Shop(3), 2) == 6
    assert Shop.later(Shop(3), 2) == 6


def test_on_the_class_a_method_knows_its_function() -> None:
    method: Any = Shop.cost
    assert list(inspect.signature(method).parameters) == ["self", "pieces"]


def test_a_method_of_no_instance_is_no_step() -> None:
    with pytest.raises(NotAStepError, match="cost") as caught:
        pipe(Shop.cost)
    assert str(caught.value).endswith(INSTANCE)


def test_a_method_of_two_arguments_is_refused_on_the_instance() -> None:
    class Wrong:
        @runnable  # type: ignore[untyped-decorator]  # no type has it
        def three(self, x: object, y: object) -> object:
            return x, y

    with pytest.raises(NotAStepError, match=r"a function of 2 arguments \(three\)"):
        Wrong().three  # noqa: B018 - taking it is what fails


def test_a_method_whose_input_has_a_default_is_a_method() -> None:
    shop: Untyped = Shop(2)
    assert shop.optional.invoke(3) == 6


def test_a_method_may_call_its_instance_what_it_likes() -> None:
    def count(till: object, coins: object) -> object:
        return till, coins

    count.__qualname__ = "Till.count"
    names = {"count": runnable(count), "decorated": runnable(_swallowing(count))}
    till: Any = type("Till", (), names)()
    assert till.count.invoke(3) == till.decorated.invoke(3) == (till, 3)


def test_a_local_function_of_self_is_no_method() -> None:
    def of(self: object) -> object:
        return self

    assert runnable(of).invoke(3) == 3


def test_a_static_method_is_a_plain_step() -> None:
    class Holder:
        step = staticmethod(runnable(same))

    assert Holder.step == Holder().step == runnable(same)
