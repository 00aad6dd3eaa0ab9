"""Fan-outs and their elements: the laws of products, and those of lists."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import expect, expect_agreement, expect_same, finished, run
from combinators.laws._law import law
from combinators.laws._outcomes import Gave, agree
from combinators.laws._systems import System
from combinators.laws.strategies import ANY, TOTAL, Point, Scalar, values

P = TypeVar("P")

_PAIR = st.fixed_dictionaries({"a": values(int), "b": values(str)})


@law(cases.fans(ANY, TOTAL))
def a_projection_gives_the_branch(s: System[P], f: P, g: P, x: object) -> None:
    """What a fan-out has under a key is what that branch gives, where no sibling fails.

        fanout(a=f, b=g) | pick("a")  =  f

    The error of a branch travels in a group, so of a failure no more is compared than that.

    Source: Mac Lane, Categories for the Working Mathematician (1971), III: products.
    """
    alone = run(s, f, x)
    for branches in ({"a": f, "b": g}, {"b": g, "a": f}):
        picked = run(s, s.pipe(s.fanout(branches), s.pick("a")), x)
        holds = agree(picked, alone) if isinstance(alone, Gave) else type(picked) is type(alone)
        expect(holds, picked=picked, alone=alone)


@law(cases.forks(TOTAL, ANY, ANY))
def a_total_step_moves_into_branches(s: System[P], f: P, g: P, h: P, x: object) -> None:
    """A step before a fan-out may as well run in each of its branches, where it never fails.

        f | fanout(a=g, b=h)  =  fanout(a=f | g, b=f | h)

    It then runs more often: of effects the law says nothing.

    Source: Gibbons, Calculating Functional Programs (2002), `fork`.
    """
    inside = s.fanout({"a": s.pipe(f, g), "b": s.pipe(f, h)})
    expect_agreement(s, s.pipe(f, s.fanout({"a": g, "b": h})), inside, x)


@law(cases.ladders())
def fanouts_compose_key_by_key(s: System[P], f: P, g: P, h: P, k: P, x: object) -> None:
    """Steps that follow under the same key are one branch.

        fanout(a=f, b=g) | fanout(a=pick("a") | h, b=pick("b") | k)  =  fanout(a=f | h, b=g | k)

    Source: Gibbons, Calculating Functional Programs (2002), `fork`.
    """
    then = s.fanout({"a": s.pipe(s.pick("a"), h), "b": s.pipe(s.pick("b"), k)})
    inside = s.fanout({"a": s.pipe(f, h), "b": s.pipe(g, k)})
    expect_agreement(s, s.pipe(s.fanout({"a": f, "b": g}), then), inside, x)


@law(st.tuples(_PAIR))
def a_fanout_of_all_projections_is_the_identity(s: System[P], x: object) -> None:
    """A mapping taken apart key by key and put together again is the same mapping.

        fanout(a=pick("a"), b=pick("b"))  =  passthrough()

    Source: Gibbons, Calculating Functional Programs (2002), `fork`.
    """
    expect_agreement(s, s.fanout({"a": s.pick("a"), "b": s.pick("b")}), s.passthrough(), x)


@law(cases.fans(TOTAL))
def a_fanout_to_nothing_gives_nothing(s: System[P], f: P, x: object) -> None:
    """A fan-out without branches gives the empty mapping, whatever came before.

        f | fanout()  =  fanout()

    Source: Mac Lane, Categories for the Working Mathematician (1971), III: terminal objects.
    """
    nothing = s.fanout({})
    expect_agreement(s, s.pipe(f, nothing), nothing, x)
    expect_same(given=s.invoke(nothing, x), nothing={})


@law(cases.fans(TOTAL, TOTAL, TOTAL))
def keys_come_in_the_order_written(s: System[P], f: P, g: P, h: P, x: object) -> None:
    """The keys of the result stand as the branches do, whichever is ready first.

        list(fanout(b=f, a=g, c=h)(x))  =  ["b", "a", "c"]

    Source: what Python's dicts promise, of the branches' dict.
    """
    branches = s.fanout({"b": f, "a": g, "c": h})
    for given in s.invoke(branches, x), finished(s.ainvoke(branches, x)):
        expect_same(keys=list(given), written=["b", "a", "c"])


@law(cases.fans(ANY, ANY))
def branches_commute(s: System[P], f: P, g: P, x: object) -> None:
    """Which branch is written first makes no difference to what is under the keys.

        fanout(a=f, b=g)  =  fanout(b=g, a=f)

    Source: Mac Lane, Categories for the Working Mathematician (1971), III: products commute.
    """
    expect_agreement(s, s.fanout({"a": f, "b": g}), s.fanout({"b": g, "a": f}), x)


@law(cases.fans(ANY, ANY))
def nested_fanouts_nest_their_results(s: System[P], f: P, g: P, x: object) -> None:
    """A fan-out in a branch gives a mapping under that key.

        fanout(a=fanout(b=f), c=g) | pick("a")  =  fanout(b=f)        where g does not fail

    Source: Mac Lane, Categories for the Working Mathematician (1971), III: products associate.
    """
    inner = s.fanout({"b": f})
    alone, whole = run(s, inner, x), run(s, s.fanout({"a": inner, "c": g}), x)
    if isinstance(whole, Gave):
        expect(agree(Gave(whole.value["a"]), alone), nested=whole, alone=alone)


@law(cases.fans(TOTAL, TOTAL))
def a_tuple_is_a_fanout_without_keys(s: System[P], f: P, g: P, x: object) -> None:
    """Branches without keys give a tuple of the same results.

        fanout(f, g)  =  fanout(a=f, b=g) | (lambda found: tuple(found.values()))

    Source: the two ways to write a product, by position and by name.
    """
    expect_agreement(s, s.row(f, g), s.pipe(s.fanout({"a": f, "b": g}), s.lift(_values)), x)


@law(
    st.tuples(
        cases.functions(Scalar(int), TOTAL), cases.functions(Scalar(str), TOTAL), cases.inputs()
    )
)
def a_record_is_a_fanout_and_a_call(s: System[P], f: Any, g: Any, x: object) -> None:
    """A fan-out to a class calls it with the results, each under its own name.

        fanout(Point, y=g, x=f)  =  fanout(x=f, y=g) | (lambda found: Point(**found))

    Source: the two ways to make a product, by a class and by keys.
    """
    record = s.record(Point, {"y": s.lift(g), "x": s.lift(f)})
    expect_same(given=s.invoke(record, x), made=Point(x=f(x), y=g(x)))


@law(cases.lists(ANY))
def each_is_the_step_on_every_element(s: System[P], f: P, xs: list[Any]) -> None:
    """Each element gives what it would alone, in its place.

        each(f)([x, y])  =  [f(x), f(y)]

    Source: Bird and Wadler, Introduction to Functional Programming (1988), map.
    """
    whole, alone = run(s, s.each(f), xs), [run(s, f, x) for x in xs]
    if all(isinstance(each, Gave) for each in alone):
        expected = Gave([each.value for each in alone if isinstance(each, Gave)])
        expect(agree(whole, expected), each=whole, alone=expected)
    else:
        expect(not isinstance(whole, Gave), each=whole, alone=alone)


@law(cases.lists(TOTAL, TOTAL))
def each_keeps_composition(s: System[P], f: P, g: P, xs: list[Any]) -> None:
    """One pass over the elements does for two.

        each(f) | each(g)  =  each(f | g)

    Source: Bird and Wadler, Introduction to Functional Programming (1988): map is a functor.
    """
    expect_agreement(s, s.pipe(s.each(f), s.each(g)), s.each(s.pipe(f, g)), xs)


@law(cases.lists())
def each_keeps_the_identity(s: System[P], xs: list[Any]) -> None:
    """To do nothing to each element is to do nothing.

        each(passthrough())  =  passthrough()        on lists

    Source: Bird and Wadler, Introduction to Functional Programming (1988): map is a functor.
    """
    expect_agreement(s, s.each(s.passthrough()), s.passthrough(), xs)


def _values(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found.values())
