"""Steps that rearrange mappings: keys added, replaced, renamed, kept and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import expect, expect_agreement, expect_same, run
from combinators.laws._law import law
from combinators.laws._outcomes import Gave, Raised, agree
from combinators.laws._systems import System
from combinators.laws.strategies import ANY, TOTAL, Function

P = TypeVar("P")


@law(cases.mappings(ANY))
def an_assigned_key_holds_what_its_branch_gives(
    s: System[P], _: str, f: P, x: Mapping[str, Any]
) -> None:
    """Under the new key is what the branch gives for the mapping.

        assign(new=f) | pick("new")  =  f

    Source: assign is the fan-out of a passthrough and a branch: its projection.
    """
    alone, picked = run(s, f, x), run(s, s.pipe(s.assign({"new": f}), s.pick("new")), x)
    holds = agree(picked, alone) if isinstance(alone, Gave) else type(picked) is type(alone)
    expect(holds, picked=picked, alone=alone)


@law(cases.mappings(TOTAL))
def assigning_keeps_the_rest(s: System[P], _: str, f: P, x: Mapping[str, Any]) -> None:
    """All that was there is there, in its order, and the new key comes last.

        assign(new=f) | omit("new")  =  passthrough()

    Source: assign is the fan-out of a passthrough and a branch: its other projection.
    """
    given = s.invoke(s.pipe(s.assign({"new": f}), s.omit("new")), x)
    expect_same(kept=list(given.items()), was=list(x.items()))


@law(cases.mappings(TOTAL, TOTAL))
def branches_of_an_assign_see_the_input_alone(
    s: System[P], _: str, f: P, g: P, x: Mapping[str, Any]
) -> None:
    """Keys that are added together do not see one another.

        assign(m=f, n=g) | pick("m", "n")  =  fanout(m=f, n=g)

    Source: assign is a fan-out, and branches know nothing of their siblings.
    """
    added = s.pipe(s.assign({"m": f, "n": g}), s.select("m", "n"))
    expect_agreement(s, added, s.fanout({"m": f, "n": g}), x)


@law(cases.mappings(ANY))
def what_was_put_is_got(s: System[P], key: str, f: P, x: Mapping[str, Any]) -> None:
    """Under a key that is replaced is what the branch gives for the old mapping.

        update(k=f) | pick("k")  =  f

    Source: Foster et al., Combinators for Bidirectional Tree Transformations (2007), PutGet.
    """
    alone, picked = run(s, f, x), run(s, s.pipe(s.update({key: f}), s.pick(key)), x)
    holds = agree(picked, alone) if isinstance(alone, Gave) else type(picked) is type(alone)
    expect(holds, picked=picked, alone=alone)


@law(cases.mappings())
def putting_what_was_got_changes_nothing(s: System[P], key: str, x: Mapping[str, Any]) -> None:
    """A value that is replaced by itself stays in its place.

        update(k=pick("k"))  =  passthrough()

    Source: Foster et al., Combinators for Bidirectional Tree Transformations (2007), GetPut.
    """
    given = s.invoke(s.update({key: s.pick(key)}), x)
    expect_same(given=list(given.items()), was=list(x.items()))


@law(cases.mappings().flatmap(lambda m: st.tuples(*map(st.just, m), *[cases.inputs()] * 2)))
def the_last_put_counts(
    s: System[P], key: str, x: Mapping[str, Any], old: object, new: object
) -> None:
    """Of two replacements by constants, the second alone can be seen.

        update(k=old) | update(k=new)  =  update(k=new)        for constants

    Source: Foster et al., Combinators for Bidirectional Tree Transformations (2007), PutPut.
    """
    put = s.update({key: s.lift(Function(new))})
    expect_agreement(s, s.pipe(s.update({key: s.lift(Function(old))}), put), put, x)


@law(cases.mappings(TOTAL))
def updating_keeps_the_rest(s: System[P], key: str, f: P, x: Mapping[str, Any]) -> None:
    """What is not replaced is not touched.

        update(k=f) | omit("k")  =  omit("k")

    Source: Foster et al., Combinators for Bidirectional Tree Transformations (2007).
    """
    expect_agreement(s, s.pipe(s.update({key: f}), s.omit(key)), s.omit(key), x)


@law(cases.mappings())
def renaming_back_changes_nothing(s: System[P], key: str, x: Mapping[str, Any]) -> None:
    """A key that is renamed keeps its place and its value, and can be renamed back.

        rename(new="k") | rename(k="new")  =  passthrough()

    Source: a renaming is an isomorphism of mappings.
    """
    given = s.invoke(s.pipe(s.rename({"new": key}), s.rename({key: "new"})), x)
    expect_same(given=list(given.items()), was=list(x.items()))


@law(cases.mappings())
def a_renamed_key_holds_the_old_value(s: System[P], key: str, x: Mapping[str, Any]) -> None:
    """Under the new name is what was under the old one, which is gone.

        rename(new="k") | pick("new")  =  pick("k")

    Source: relational algebra's renaming of attributes.
    """
    expect_agreement(s, s.pipe(s.rename({"new": key}), s.pick("new")), s.pick(key), x)
    expect_same(keys=key in s.invoke(s.rename({"new": key}), x), expected=False)


@law(cases.mappings())
def keys_can_be_dropped_one_by_one(s: System[P], key: str, x: Mapping[str, Any]) -> None:
    """To drop some keys is to drop each of them, in any order.

        omit("k") | omit("m")  =  omit("k", "m")  =  omit("m") | omit("k")

    Source: sets of keys form a monoid, which acts on mappings.
    """
    other = next(k for k in x if k != key)
    both = s.omit(key, other)
    expect_agreement(s, s.pipe(s.omit(key), s.omit(other)), both, x)
    expect_agreement(s, s.pipe(s.omit(other), s.omit(key)), both, x)
    expect_same(keys=[*s.invoke(both, x)], rest=[k for k in x if k not in {key, other}])


@law(cases.mappings())
def picking_twice_is_picking_once(s: System[P], key: str, x: Mapping[str, Any]) -> None:
    """A value picked from a smaller mapping is the value in the larger one.

        pick("m", "k") | pick("k")  =  pick("k")

    Source: Codd, A Relational Model of Data (1970): projections compose.
    """
    other = next(k for k in x if k != key)
    expect_agreement(s, s.pipe(s.select(other, key), s.pick(key)), s.pick(key), x)


@law(cases.mappings())
def picked_keys_come_in_the_order_asked_for(s: System[P], key: str, x: Mapping[str, Any]) -> None:
    """The smaller mapping has the keys that were asked for, and in that order.

        list(pick("m", "k")(x))  =  ["m", "k"]

    Source: Codd, A Relational Model of Data (1970): projections permute.
    """
    other = next(k for k in x if k != key)
    for asked in ([key, other], [other, key]):
        expect_same(keys=[*s.invoke(s.select(*asked), x)], asked=asked)


@law(cases.mappings(TOTAL))
def an_absent_key_is_an_error(s: System[P], key: str, f: P, x: Mapping[str, Any]) -> None:
    """Whoever reads, drops, renames or replaces a key that is not there fails with a KeyError.

        pick("absent")(x)  raises  KeyError        if "absent" not in x

    Source: what Python's dicts do; PEP 20, "errors should never pass silently".
    """
    absent = {
        "pick": s.pick("absent"),
        "pick of several": s.select(key, "absent"),
        "omit": s.omit("absent"),
        "rename": s.rename({"new": "absent"}),
        "update": s.update({"absent": f}),
        "template": s.template("{absent}"),
    }
    for reader, step in absent.items():
        outcome = run(s, step, x)
        holds = isinstance(outcome, Raised) and isinstance(outcome.error, KeyError)
        expect(holds, **{reader: outcome, "expected": "a KeyError"})


@law(cases.mappings(TOTAL))
def a_key_is_never_overwritten_unasked(s: System[P], key: str, f: P, x: Mapping[str, Any]) -> None:
    """To add a key that is there, or to rename onto one that stays, is refused.

        assign(k=f)(x)  raises  TypeError        if "k" in x

    Source: fp-ts, `Do` and `bind`: a name that is taken is refused.
    """
    other = next(k for k in x if k != key)
    for writer, step in {"assign": s.assign({key: f}), "rename": s.rename({key: other})}.items():
        outcome = run(s, step, x)
        holds = isinstance(outcome, Raised) and isinstance(outcome.error, TypeError)
        expect(holds, **{writer: outcome, "expected": "a TypeError"})


_TEXTS = st.lists(st.sampled_from(["{a}", "{b}", "{{", "}}", "x", " "])).map("".join)
_FILLED = st.fixed_dictionaries({"a": cases.inputs(), "b": cases.inputs()})


@law(st.tuples(_TEXTS, _TEXTS, _FILLED))
def templates_concatenate(s: System[P], first: str, then: str, x: Mapping[str, Any]) -> None:
    """A text is filled part by part.

        template(s + t)(x)  =  template(s)(x) + template(t)(x)

    Source: texts form a monoid, and filling one is a homomorphism from it.
    """
    apart = s.invoke(s.template(first), x) + s.invoke(s.template(then), x)
    expect_same(together=s.invoke(s.template(first + then), x), apart=apart)


@law(st.tuples(_FILLED))
def a_variable_stands_for_its_value(s: System[P], x: Mapping[str, Any]) -> None:
    """A template that is one variable is the text of the value under that key.

        template("{a}")  =  pick("a") | str

    Source: PEP 498: what braces mean, without what they reach into.
    """
    expect_same(filled=s.invoke(s.template("{a}"), x), value=str(x["a"]))
    expect_same(braces=s.invoke(s.template("{{a}}"), x), literal="{a}")


@law(st.tuples(_TEXTS, _TEXTS, _FILLED))
def a_chat_template_is_a_template_for_each_role(
    s: System[P], system: str, user: str, x: Mapping[str, Any]
) -> None:
    """Each message has its role and its own filled text, in the order written.

        chat_template(system=s, user=t)  =  a list of {"role": …, "content": template(…)}

    Source: the message format of chat models.
    """
    pairs = {"system": system, "user": user}
    filled = [
        {"role": role, "content": s.invoke(s.template(text), x)} for role, text in pairs.items()
    ]
    expect_same(chat=s.invoke(s.chat_template(pairs), x), filled=filled)
