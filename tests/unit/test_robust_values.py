"""Robust steps as values: what they are equal to, how they are written and drawn, their keys."""

import pickle

import pytest

from combinators import KeyMismatchError, MissingKeyError
from tests.unit.subjects import Untyped, assign, fanout, passthrough, pick, pipe, runnable, template


def search(x: object) -> object:
    return [x]


def recall(x: object) -> object:
    return x


WRITTEN: list[tuple[Untyped, str]] = [
    (
        runnable(search).retry(on=OSError, attempts=2, backoff=(1,)),
        "runnable(search).retry(on=OSError, attempts=2, total_seconds=60.0, backoff=(1.0,))",
    ),
    (runnable(search).timeout(seconds=3), "runnable(search).timeout(seconds=3.0)"),
    (runnable(search).cached(), "runnable(search).cached(maxsize=128)"),
    (
        runnable(search).cached(key=pick("id")),
        "runnable(search).cached(maxsize=128, key=pick('id'))",
    ),
    (runnable(search).fallback(recall), "runnable(search).fallback(recall)"),
    (
        pipe(search, recall).fallback({"a": recall}, on=(OSError, KeyError)),
        "pipe(search, recall).fallback(fanout(a=recall), on=(OSError, KeyError))",
    ),
]


@pytest.mark.parametrize(("r", "written"), WRITTEN)
def test_a_robust_step_is_the_expression_that_builds_it(r: Untyped, written: str) -> None:
    assert repr(r) == written
    names = {
        "runnable": runnable, "search": search, "recall": recall, "pipe": pipe, "fanout": fanout,
        "pick": pick,
    }  # fmt: skip
    again = eval(written, names)  # noqa: S307 - written right here
    assert again == r
    assert hash(again) == hash(r)
    unpickled = pickle.loads(pickle.dumps(r))  # noqa: S301 - written in this very line
    assert (unpickled, repr(unpickled)) == (r, written)


def test_robust_steps_differ_by_what_they_are_given() -> None:
    step = runnable(search)
    others = [
        step,
        step.retry(on=OSError),
        step.retry(on=(OSError, KeyError)),
        step.retry(on=OSError, attempts=4),
        step.retry(on=OSError, total_seconds=4),
        step.retry(on=OSError, backoff=[4]),
        step.timeout(seconds=1),
        step.timeout(seconds=2),
        step.cached(),
        step.cached(maxsize=1),
        step.cached(key=str),
        step.fallback(recall),
        step.fallback(search),
        step.fallback(recall, on=OSError),
    ]
    assert len(set(others)) == len(others)


def test_they_are_drawn_with_what_is_inside() -> None:
    step = runnable(search)
    r = fanout(
        a=step.retry(on=(OSError, KeyError)),
        b=step.timeout(seconds=0.5).fallback(recall),
        c=pipe(search, recall).cached(key=str),
    )
    drawing = r.draw()
    assert drawing.splitlines() == [
        "fanout",
        "├─ 'a': retry on OSError, KeyError, 3 attempts",
        "│  └─ search",
        "├─ 'b': fallback",
        "│  ├─ 0: timeout 0.5 s",
        "│  │  └─ search",
        "│  └─ 1: recall",
        "└─ 'c': cached, 128 results",
        "   └─ pipe",
        "      ├─ 1. search",
        "      └─ 2. recall",
    ]


def test_the_keys_of_a_step_go_through_it() -> None:
    both = fanout(a=search, b=recall)
    for robust in (
        both.retry(on=OSError),
        both.timeout(seconds=1),
        both.cached(),
        both.fallback(fanout(a=search, b=search)),
    ):
        assert pipe(robust, pick("a")).signature.gives == pipe(both, pick("a")).signature.gives
        with pytest.raises(MissingKeyError, match="'c'"):
            pipe(robust, pick("c"))


def test_of_a_fallback_only_the_keys_that_both_give_are_sure() -> None:
    r = fanout(a=search, b=search).fallback(fanout(a=recall, c=recall))
    assert r.signature.gives.given.keys() == {"a"}
    pipe(r, pick("b"))  # it may be there
    with pytest.raises(MissingKeyError, match="'d'"):
        pipe(r, pick("d"))


def test_a_robust_step_needs_the_keys_that_are_needed_inside() -> None:
    assert template("{a}").retry(on=OSError).signature.needs == ("a",)
    assert template("{a}").fallback(template("{b}")).signature.needs == ("a", "b")
    assert runnable(search).cached(key=pick("id")).signature.needs == ("id",)
    with pytest.raises(KeyMismatchError, match="cached key"):
        pipe(fanout(a=search), runnable(search).cached(key=pick("id")))
    with pytest.raises(KeyMismatchError, match=r"fallback\[1\] needs"):
        pipe(fanout(a=search), runnable(search).fallback(pick("id")))


def test_what_is_open_stays_open() -> None:
    r: Untyped = passthrough().timeout(seconds=1) | assign(a=search)
    assert r.signature.gives.given.keys() == {"a"}
