"""Pipelines are values: equality, hash, pickle and the expression that builds them."""

from __future__ import annotations

from typing import TypeVar

from combinators.laws import _cases as cases
from combinators.laws._comparing import Plan, expect, expect_agreement, expect_same
from combinators.laws._law import law
from combinators.laws._systems import System
from combinators.laws.strategies import ANY

P = TypeVar("P")


@law(cases.plans())
def equality_is_by_structure(s: System[P], plan: Plan, _: object) -> None:
    """Pipelines that were built alike are equal, and hash alike.

        r == the same, built again        and hash(r) == hash(the same, built again)

    Source: Baker, Equal Rights for Functional Objects (1993): immutable things are their content.
    """
    one, other = plan.built(s), plan.built(s)
    expect(s.equal(one, other), one=one, other=other)
    expect_same(hash=s.hashed(one), hash_of_the_other=s.hashed(other))


@law(cases.twins())
def equal_pipelines_do_the_same(s: System[P], one: Plan, other: Plan, x: object) -> None:
    """Where two pipelines are equal, nothing that they do tells them apart.

        r == q  implies  r(x) = q(x)

    Source: Leibniz's law, the indiscernibility of identicals.
    """
    p, q = one.built(s), other.built(s)
    if s.equal(p, q):
        expect_agreement(s, p, q, x)


@law(cases.paths(ANY, ANY))
def composing_equals_gives_equals(s: System[P], f: P, g: P, _: object) -> None:
    """Equal parts make equal wholes.

        f == copy(f)  implies  f | g == copy(f) | g

    Source: equality is a congruence; Birkhoff, On the Structure of Abstract Algebras (1935).
    """
    copy = s.copied(f)
    expect(s.equal(f, copy), pipeline=f, pickled=copy)
    expect(s.equal(s.pipe(f, g), s.pipe(copy, g)), whole=s.pipe(f, g), with_a_copy=s.pipe(copy, g))
    branches, copies = s.fanout({"a": f}), s.fanout({"a": copy})
    expect(s.equal(branches, copies), whole=branches, with_a_copy=copies)


@law(cases.plans())
def what_is_pickled_comes_back(s: System[P], plan: Plan, x: object) -> None:
    """A pipeline that was pickled is equal to what it was, written the same, and does the same.

        pickle.loads(pickle.dumps(r))  ==  r

    Source: a serialiser and its inverse compose to the identity.
    """
    p = plan.built(s)
    copy = s.copied(p)
    expect(s.equal(copy, p), copy=copy, original=p)
    expect_same(copy_written=s.written(copy), written=s.written(p))
    expect_agreement(s, copy, p, x)


@law(cases.plans())
def the_text_of_a_pipeline_builds_it(s: System[P], plan: Plan, _: object) -> None:
    """What a pipeline is written as is the expression that builds it.

        eval(repr(r))  ==  r

    Source: the convention of Python's `repr`.
    """
    p = plan.built(s)
    expect(s.equal(s.read(s.written(p)), p), written=s.written(p))
