"""Batches that are observed: every item with its index, here, elsewhere, and from a journal."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import aclosing, closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from returns.result import Success

from combinators import BatchError, Journal, OptionError, Runnable, Streamed, each, runnable
from combinators.laws.observing import Log
from tests.running.trials.observing import Breaking, Record
from tests.running.ways import (
    Loop,
    ainc,
    arriving,
    collected,
    double,
    inc,
    on_asyncio,
    on_trio,
)

Way: TypeAlias = Callable[..., dict[int, Any]]


def batch(r: Runnable[Any, Any], xs: Any, **options: Any) -> dict[int, Any]:  # noqa: ANN401 - of many types
    return dict(enumerate(r.batch(xs, **options)))


def abatch(
    r: Runnable[Any, Any],
    xs: Any,  # noqa: ANN401 - as above
    loop: Loop = on_asyncio,
    **options: Any,  # noqa: ANN401 - as above
) -> dict[int, Any]:
    return dict(enumerate(loop(r.abatch(xs, **options))))


def completed(r: Runnable[Any, Any], xs: Any, **options: Any) -> dict[int, Any]:  # noqa: ANN401 - as above
    return dict(r.batch_as_completed(xs, **options))


def acompleted(
    r: Runnable[Any, Any],
    xs: Any,  # noqa: ANN401 - as above
    loop: Loop = on_asyncio,
    **options: Any,  # noqa: ANN401 - as above
) -> dict[int, Any]:
    return dict(loop(collected(r.abatch_as_completed(xs, **options))))


def abatch_on_trio(r: Runnable[Any, Any], xs: Any, **options: Any) -> dict[int, Any]:  # noqa: ANN401 - as above
    return abatch(r, xs, on_trio, **options)


def acompleted_on_trio(r: Runnable[Any, Any], xs: Any, **options: Any) -> dict[int, Any]:  # noqa: ANN401 - as above
    return acompleted(r, xs, on_trio, **options)


ASYNC_WAYS: tuple[Way, ...] = (abatch, acompleted, abatch_on_trio, acompleted_on_trio)
WAYS: tuple[Way, ...] = (batch, completed, *ASYNC_WAYS)


def test_a_batch_is_called_by_its_method() -> None:
    log = Log()
    for way in (batch, abatch, completed, acompleted):
        assert way(runnable(inc), [1], observers=[log]) == {0: 2}
    methods = ["batch", "abatch", "batch_as_completed", "abatch_as_completed"]
    assert [run.name for run in log.runs("start") if run.kind == "batch"] == methods


def items(log: Log, word: str) -> dict[int | None, Any]:
    """Return what was told of items: their values, by index."""
    return {
        event.run.number: event.value
        for said, event in log.told
        if said == word and event.run.kind == "item"
    }


def third_fails(n: int) -> int:
    return n // (n - 3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [inc, ainc])
def test_items_are_told_with_their_index(way: Way, step: Callable[[int], Any]) -> None:
    log = Log()
    assert way(runnable(step), [5, 6, 7], observers=[log]) == {0: 6, 1: 7, 2: 8}
    assert items(log, "start") == {0: 5, 1: 6, 2: 7}
    assert items(log, "end") == {0: 6, 1: 7, 2: 8}
    (root,) = [run for run in log.runs("start") if run.parent is None]
    assert (root.kind, root.total) == ("batch", 3)
    steps = [run for run in log.runs("start") if run.kind == "step"]
    assert [each.parent.kind for each in steps if each.parent] == ["item"] * 3
    assert log.told[0][1].value == [5, 6, 7]


@pytest.mark.parametrize("way", WAYS)
def test_how_many_there_are_is_not_known_of_what_comes_lazily(way: Way) -> None:
    log = Log()
    assert way(runnable(inc), iter([1, 2]), observers=[log]) == {0: 2, 1: 3}
    assert log.runs("start")[0].total is None
    assert isinstance(log.told[0][1].value, Streamed)


@pytest.mark.parametrize("way", ASYNC_WAYS)
def test_items_that_are_awaited_are_told_with_their_index(way: Way) -> None:
    log = Log()
    assert way(runnable(inc), arriving([1, 2]), observers=[log]) == {0: 2, 1: 3}
    assert items(log, "start") == {0: 1, 1: 2}


@pytest.mark.parametrize("way", WAYS)
def test_an_item_that_fails_is_told_as_one(way: Way) -> None:
    log = Log()
    outcomes = way(runnable(third_fails), [3, 4], errors="collect", observers=[log])
    assert outcomes[1] == Success(4)
    assert isinstance(items(log, "error")[0], ZeroDivisionError)
    assert items(log, "end") == {1: 4}
    assert [run.kind for run in log.runs("end")].count("batch") == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_that_fails_is_told_as_one(way: Way) -> None:
    log = Log()
    with pytest.raises(BatchError):
        way(runnable(third_fails), [3], observers=[log])
    assert [run.kind for run in log.runs("error")] == ["step", "item", "batch"]


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_option_is_found_before_anything_is_told(way: Way) -> None:
    for bad in ({"limit": 0}, {"errors": "keep"}, {"chunk": 3}, {"journal": "here"}):
        log = Log()
        with pytest.raises(OptionError):
            way(runnable(inc), [1], observers=[log], **bad)
        assert log.told == []


@pytest.mark.parametrize("way", WAYS)
def test_observers_that_fail_leave_a_batch_alone(way: Way) -> None:
    record = Record()
    assert way(runnable(inc), [1, 2], observers=[Breaking(), record]) == {0: 2, 1: 3}
    assert record.problems() == []


def test_a_batch_that_is_closed_early_tells_of_the_end_of_all_that_began(run: Loop) -> None:
    async def main() -> None:
        found = runnable(inc).abatch_as_completed(itertools.count(), observers=[record], limit=2)
        async with aclosing(found) as outcomes:
            await anext(outcomes)

    record = Record()
    with closing(
        runnable(inc).batch_as_completed(itertools.count(), observers=[record], limit=2)
    ) as outcomes:
        next(outcomes)
    run(main())
    assert record.problems() == []
    words = Counter(word for word, part in record.told if part.kind == "batch")
    assert words == {"start": 2, "chunk": 2, "error": 2}


def test_elements_and_items_are_not_mixed_up() -> None:
    log = Log()
    assert each(inc).batch([[1, 2], [3]], observers=[log]) == [[2, 3], [4]]
    paths = {run.path for run in log.runs("start") if run.kind == "item"}
    assert paths == {"", "each[0]", "each[1]"}


# --- Elsewhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_items_on_processes_are_told_as_they_leave_and_come_back(way: Way) -> None:
    log = Log()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        outcomes = way(
            runnable(third_fails), [3, 4], executor=processes, errors="collect", observers=[log]
        )
    assert outcomes[1] == Success(4)
    assert items(log, "start") == {0: 3, 1: 4}
    assert items(log, "end") == {1: 4}
    assert isinstance(items(log, "error")[0], ZeroDivisionError)
    assert {run.kind for run in log.runs("start")} == {"batch", "item"}


@pytest.mark.parametrize("way", WAYS)
def test_inputs_that_fail_are_the_failure_of_no_item_that_was_told(way: Way) -> None:
    def inputs() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    log = Log()
    with ThreadPoolExecutor(1) as threads, pytest.raises(BatchError) as caught:
        way(runnable(inc), inputs(), executor=threads, chunk=1, observers=[log])
    assert caught.value.index == 1
    assert (items(log, "start"), items(log, "end")) == ({0: 1}, {0: 2})
    assert [run.kind for run in log.runs("error")] == ["batch"]


@pytest.mark.parametrize("way", [completed, acompleted, acompleted_on_trio])
def test_items_that_are_given_up_elsewhere_end_with_a_generator_exit(way: Way) -> None:
    async def main() -> None:
        found = runnable(inc).abatch_as_completed(range(100), executor=threads, observers=[log])
        async with aclosing(found) as outcomes:
            await anext(outcomes)

    log = Log()
    with ThreadPoolExecutor(1) as threads:
        if way is not completed:
            (on_asyncio if way is acompleted else on_trio)(main())
        else:
            found = runnable(inc).batch_as_completed(range(100), executor=threads, observers=[log])
            next(found)
            found.close()
    assert log.runs("start")[1:]
    assert len(log.runs("start")) == len(log.runs("end", "error"))
    assert all(isinstance(error, GeneratorExit) for error in items(log, "error").values())


# --- Kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_items_that_are_kept_are_told_although_they_do_not_run(way: Way, tmp_path: Path) -> None:
    def journal() -> Journal:
        return Journal(tmp_path / "kept.sqlite", version="1")

    log = Log()
    first = way(runnable(inc), [1, 2], journal=journal(), observers=[Record()])
    again = way(runnable(inc), [1, 2, 3], journal=journal(), observers=[log])
    assert (first, again) == ({0: 2, 1: 3}, {0: 2, 1: 3, 2: 4})
    assert items(log, "start") == {0: 1, 1: 2, 2: 3}
    assert items(log, "end") == {0: 2, 1: 3, 2: 4}
    assert [run.kind for run in log.runs("start")].count("step") == 1


@pytest.mark.parametrize("way", ASYNC_WAYS)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_items_that_are_awaited_and_kept_are_told_with_their_index(
    way: Way, tmp_path: Path, *, elsewhere: bool
) -> None:
    log, path = Log(), tmp_path / "kept.sqlite"
    way(runnable(double), [1, 2], journal=Journal(path, version="1"))
    with ThreadPoolExecutor(1) as threads:
        outputs = way(
            runnable(double),
            arriving([1, 2, 3]),
            journal=Journal(path, version="1"),
            executor=threads if elsewhere else None,
            observers=[log],
        )
    assert outputs == items(log, "end") == {0: 2, 1: 4, 2: 6}
    assert items(log, "start") == {0: 1, 1: 2, 2: 3}


@pytest.mark.parametrize("way", WAYS)
def test_items_that_are_kept_and_run_elsewhere_are_told_with_their_index(
    way: Way, tmp_path: Path
) -> None:
    log, path = Log(), tmp_path / "kept.sqlite"
    way(runnable(double), [1, 2], journal=Journal(path, version="1"))
    with ThreadPoolExecutor(1) as threads:
        way(
            runnable(double),
            [1, 2, 3, 4],
            journal=Journal(path, version="1"),
            executor=threads,
            observers=[log],
        )
    assert items(log, "start") == {0: 1, 1: 2, 2: 3, 3: 4}
    assert items(log, "end") == {0: 2, 1: 4, 2: 6, 3: 8}
