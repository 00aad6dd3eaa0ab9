"""Journals keep what is finished, give it again, and refuse what they cannot keep."""

import contextlib
import itertools
import json
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, strategies as st
from returns.result import Success

from combinators import (
    BatchError,
    FanoutError,
    Journal,
    JournalError,
    RecordedError,
    Runnable,
    WorkerError,
    fanout,
    pipe,
    runnable,
)
from combinators._run.journals import progress
from combinators._run.journals.exact import ExactJson, InexactError, digest
from tests.running.ways import (
    ROOT,
    Loop,
    Resuming,
    arriving,
    collected,
    note_of,
    on_asyncio,
    on_trio,
)


class Counting:
    """A pair of steps that remember what they ran on."""

    def __init__(self) -> None:
        self.ran: list[int] = []

    def step(self, n: int) -> int:
        self.ran.append(n)
        if n < 0:
            raise ValueError(n)
        return 2 * n

    async def astep(self, n: int) -> int:
        await anyio.lowlevel.checkpoint()
        return self.step(n)

    def taken(self) -> list[int]:
        ran, self.ran = sorted(self.ran), []
        return ran


Way = Callable[..., Any]


def by_batch(r: Runnable[Any, Any], inputs: Any, **options: Any) -> Any:  # noqa: ANN401 - a parameter
    return r.batch(inputs, **options)


def by_abatch(r: Runnable[Any, Any], inputs: Any, **options: Any) -> Any:  # noqa: ANN401 - a parameter
    return on_asyncio(r.abatch(inputs, **options))


def by_abatch_on_trio(r: Runnable[Any, Any], inputs: Any, **options: Any) -> Any:  # noqa: ANN401 - a parameter
    return on_trio(r.abatch(inputs, **options))


def by_executor(r: Runnable[Any, Any], inputs: Any, **options: Any) -> Any:  # noqa: ANN401 - a parameter
    with ThreadPoolExecutor(2) as threads:
        return r.batch(inputs, executor=threads, **options)


def by_abatch_on_executor(r: Runnable[Any, Any], inputs: Any, **options: Any) -> Any:  # noqa: ANN401 - a parameter
    async def main() -> object:
        with ThreadPoolExecutor(2) as threads:
            return await r.abatch(inputs, executor=threads, **options)

    return on_asyncio(main())


WAYS: tuple[Way, ...] = (
    by_batch, by_abatch, by_abatch_on_trio, by_executor, by_abatch_on_executor,
)  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.db", version="1")


# --- What is finished is given, and does not run --------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_finished_journal_runs_nothing(way: Way, journal: Journal) -> None:
    counting = Counting()
    r, same = runnable(counting.step), runnable(counting.astep)
    assert way(r, range(300), journal=journal) == [*range(0, 600, 2)]
    assert counting.taken() == [*range(300)]
    assert way(same, range(300), journal=journal) == [*range(0, 600, 2)]
    assert way(r, range(100), journal=journal) == [*range(0, 200, 2)]
    assert counting.taken() == []


@pytest.mark.parametrize("way", WAYS)
def test_what_is_missing_runs(way: Way, journal: Journal) -> None:
    counting = Counting()
    r = runnable(counting.step)
    way(r, range(400), journal=journal)
    counting.taken()
    missing = [0, 7, 150, 151, 399]
    with _open(journal) as connection:
        connection.executemany("DELETE FROM outcomes WHERE item = ?", [(n,) for n in missing])
    assert way(r, range(402), journal=journal) == [*range(0, 804, 2)]
    assert counting.taken() == [*missing, 400, 401]


@contextlib.contextmanager
def _open(journal: Journal) -> Generator[sqlite3.Connection, None, None]:
    with contextlib.closing(sqlite3.connect(journal.path)) as connection, connection:
        yield connection


def test_a_result_is_kept_before_it_is_given(journal: Journal) -> None:
    r = runnable(Counting().step)
    with contextlib.closing(r.batch_as_completed(itertools.count(), journal=journal)) as results:
        given = dict(itertools.islice(results, 20))
    with _open(journal) as connection:
        rows = connection.execute("SELECT item, outcome FROM outcomes").fetchall()
    assert given.items() <= {item: json.loads(outcome) for item, outcome in rows}.items()


@pytest.mark.race
def test_what_ran_when_a_batch_was_closed_is_kept(journal: Journal) -> None:
    counting = Counting()

    def slowly(n: int) -> int:
        time.sleep(0.02)
        return counting.step(n)

    r = runnable(slowly)
    with contextlib.closing(r.batch_as_completed(itertools.count(), journal=journal)) as results:
        next(results)
    ran = counting.taken()
    assert len(ran) > 1
    r.batch(ran, journal=journal)
    assert counting.taken() == []


def test_async_results_are_kept_before_they_are_given(run: Loop, journal: Journal) -> None:
    counting = Counting()
    r = runnable(counting.astep)

    async def main() -> list[tuple[int, int]]:
        async with contextlib.aclosing(
            r.abatch_as_completed(itertools.count(), journal=journal)
        ) as results:
            return [await anext(results) for _ in range(20)]

    given = dict(run(main()))
    counting.taken()
    found = dict(run(collected(r.abatch_as_completed(range(64), journal=journal))))
    assert given.items() <= found.items()
    assert not {*given} & {*counting.taken()}


def test_a_batch_that_is_closed_leaves_no_generator_for_the_loop_to_close(journal: Journal) -> None:
    r = runnable(Counting().astep)
    on_asyncio(r.abatch(range(3), journal=journal))
    left: list[object] = []

    async def main() -> None:
        sys.set_asyncgen_hooks(finalizer=left.append)
        for takes in range(5):
            async with contextlib.aclosing(
                r.abatch_as_completed(range(9), journal=journal)
            ) as results:
                for _ in range(takes):
                    await anext(results)

    on_asyncio(main())
    assert left == []


def test_async_inputs_are_looked_up_as_well(run: Loop, journal: Journal) -> None:
    counting = Counting()
    r = runnable(counting.astep)
    for _ in range(2):
        assert run(r.abatch(arriving([1, 2, 3]), journal=journal)) == [2, 4, 6]
    assert counting.taken() == [1, 2, 3]


def test_finished_items_that_arrive_after_the_last_that_ran_are_given(
    run: Loop, journal: Journal
) -> None:
    counting = Counting()
    r = runnable(counting.astep)
    r.batch(range(30), journal=journal)
    with _open(journal) as connection:
        connection.execute("DELETE FROM outcomes WHERE item = 0")
    counting.taken()
    assert run(r.abatch(arriving(range(30)), journal=journal)) == [*range(0, 60, 2)]
    assert counting.taken() == [0]


@pytest.mark.parametrize("limit", [1, 2])
def test_finished_items_that_are_found_while_nothing_runs_are_given(
    limit: int, journal: Journal
) -> None:
    counting = Counting()
    r = runnable(counting.step)
    r.batch(range(3), journal=journal)
    with _open(journal) as connection:
        connection.execute("DELETE FROM outcomes WHERE item = 0")
    counting.taken()
    is_given = threading.Event()

    def source() -> Iterator[int]:
        yield 0
        assert is_given.wait(10)
        yield from (1, 2)

    outcomes = r.batch_as_completed(source(), limit=limit, journal=journal)
    assert next(outcomes) == (0, 0)
    is_given.set()
    assert list(outcomes) == [(1, 2), (2, 4)]
    assert counting.taken() == [0]


def test_finished_items_are_not_read_far_ahead(run: Loop, journal: Journal) -> None:
    r = runnable(Counting().step)
    r.batch(range(1000), journal=journal)
    with _open(journal) as connection:
        connection.execute("DELETE FROM outcomes WHERE item = 0")
    read = 0

    def source() -> Iterator[int]:
        nonlocal read
        for n in range(1000):
            read += 1
            yield n

    async def main() -> None:
        nonlocal read
        read = 0
        async with contextlib.aclosing(r.abatch_as_completed(source(), journal=journal)) as results:
            await anext(results)
            assert read <= progress.MOST_GIVEN + 2
            assert len([result async for result in results]) == 999

    results = r.batch_as_completed(source(), journal=journal)
    assert read == 0
    next(results)
    assert read <= progress.MOST_GIVEN + 2
    assert len(list(results)) == 999
    with _open(journal) as connection:
        connection.execute("DELETE FROM outcomes WHERE item = 0")
    run(main())


def test_versions_do_not_know_one_another(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert runnable(abs).batch([-1], journal=Journal(path, version="1")) == [1]
    assert runnable(str).batch([-2], journal=Journal(path, version="2")) == ["-2"]
    assert runnable(_same).batch([-1], journal=Journal(path, version="1")) == [1]


def test_an_empty_batch_is_empty(journal: Journal) -> None:
    for way in WAYS:
        assert way(runnable(abs), [], journal=journal) == []


# --- Failures ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_what_failed_in_a_batch_that_raises_runs_again(way: Way, journal: Journal) -> None:
    counting = Counting()
    for body in (counting.step, counting.astep):
        r = runnable(body)
        with pytest.raises(BatchError) as caught:
            way(r, [1, 2, -3], journal=journal)
        assert caught.value.index == 2
        assert -3 in counting.taken()
    assert way(runnable(abs), [1, 2, -3], journal=journal) == [2, 4, 3]


@pytest.mark.parametrize("way", WAYS)
def test_collected_failures_are_kept_until_they_are_to_run_again(
    way: Way, journal: Journal
) -> None:
    counting = Counting()
    r = fanout(value=counting.step, inner=fanout(same=_same))
    way(r, [1, -2], journal=journal, errors="collect")
    counting.taken()
    one, two = way(r, [1, -2], journal=journal, errors="collect")
    assert counting.taken() == []
    assert one == Success({"value": 2, "inner": {"same": 1}})
    error = two.failure()
    assert isinstance(error, FanoutError)
    ((path, leaf),) = error.flat().items()
    assert path == ("value",)
    assert isinstance(leaf, RecordedError)
    assert (leaf.kind, leaf.where) == ("ValueError", "in an earlier run")
    assert leaf.text.endswith("ValueError: -2\nat fanout['value']")
    assert note_of(leaf) == "at fanout['value']"

    again = Journal(journal.path, "1", rerun_failures=True)
    way(r, [1, -2], journal=again, errors="collect")
    assert counting.taken() == [-2]
    with pytest.raises(BatchError):  # a batch that raises takes no failure for finished
        way(r, [1, -2], journal=journal)
    assert counting.taken() == [-2]


def _same(n: int) -> int:
    return n


def test_what_an_executor_lost_runs_again(journal: Journal) -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    (lost,) = runnable(abs).batch([-1], journal=journal, executor=threads, errors="collect")
    assert isinstance(lost.failure(), WorkerError)
    assert runnable(abs).batch([-1], journal=journal, errors="collect") == [Success(1)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("finished", [0, 3])
def test_a_source_that_fails_fails_as_the_item_that_was_to_come(
    way: Way, finished: int, journal: Journal
) -> None:
    def source() -> Iterator[int]:
        yield from (1, 2, 3)
        raise LookupError

    way(runnable(abs), [1, 2, 3][:finished], journal=journal)
    with pytest.raises(BatchError) as caught:
        way(runnable(abs), source(), journal=journal)
    assert isinstance(caught.value.errors[3], LookupError)
    *done, last = way(runnable(abs), source(), journal=journal, errors="collect")
    assert [outcome.unwrap() for outcome in done] == [1, 2, 3]
    assert isinstance(last.failure(), LookupError)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("finished", [0, 1, 2])
def test_a_source_is_asked_for_nothing_after_its_end(
    way: Way, finished: int, journal: Journal
) -> None:
    r = runnable(Counting().step)
    way(r, range(finished), journal=journal)
    assert way(r, Resuming(StopIteration()), journal=journal) == [0, 2]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("finished", [0, 1, 2])
def test_a_source_is_asked_for_nothing_after_it_has_failed(
    way: Way, finished: int, journal: Journal
) -> None:
    r = runnable(Counting().step)
    way(r, range(finished), journal=journal)
    outcomes = way(r, Resuming(LookupError()), journal=journal, errors="collect")
    assert outcomes[:2] == [Success(0), Success(2)]
    assert [type(outcome.failure()) for outcome in outcomes[2:]] == [LookupError]


@pytest.mark.parametrize("way", [by_batch, by_abatch, by_abatch_on_trio])
def test_nothing_begins_after_a_failure(way: Way, journal: Journal) -> None:
    counting = Counting()
    r = runnable(counting.step)
    way(r, [1, 2, 3], journal=journal)
    counting.taken()
    with pytest.raises(BatchError) as caught:
        way(r, [1, 2, 3, -1, 4, 5], journal=journal, limit=1)
    assert caught.value.results == {0: 2, 1: 4, 2: 6}
    assert counting.taken() == [-1]


def test_an_async_source_that_fails_does_too(run: Loop, journal: Journal) -> None:
    async def source() -> AsyncIterator[int]:
        yield 1
        await anyio.lowlevel.checkpoint()
        raise LookupError

    for _ in range(2):
        with pytest.raises(BatchError) as caught:
            run(runnable(abs).abatch(source(), journal=journal))
        assert (caught.value.index, caught.value.results) == (1, {0: 1})


# --- What is refused -----------------------------------------------------------------------


def refusal(way: Way, journal: Journal, inputs: list[Any], step: Callable[[Any], Any]) -> str:
    with pytest.raises(JournalError) as caught:
        way(runnable(step), inputs, journal=journal)
    return str(caught.value).removeprefix(f"the journal {journal.path}: ")


@pytest.mark.parametrize("way", WAYS)
def test_other_inputs_are_refused(way: Way, journal: Journal) -> None:
    way(runnable(abs), [1, 2, 3], journal=journal)
    assert refusal(way, journal, [1, 5, 3], abs) == (
        "item 1 has another input than when its outcome was kept.\n"
        "The same inputs go on in the same order. For others, pass another version=, or another "
        "file."
    )
    # Nothing that comes after it runs.
    counting = Counting()
    assert refusal(way, journal, [9, 2, 3, 4, 5], counting.step).startswith("item 0 has another")
    assert counting.taken() == []
    # As well where other items run at the same time.
    with _open(journal) as connection:
        connection.execute("DELETE FROM outcomes WHERE item = 0")
    assert refusal(way, journal, [1, 5, 3], abs).startswith("item 1 has another input")
    assert way(runnable(abs), [1, 2, 3], journal=journal) == [1, 2, 3]


@pytest.mark.parametrize("way", WAYS)
def test_results_that_json_would_change_are_refused(way: Way, journal: Journal) -> None:
    def step(n: int) -> object:
        return n if n < 3 else {"pairs": [(n, n)]}

    assert refusal(way, journal, [1, 2, 3], step) == (
        "the result of item 2, at ['pairs'][0], is a tuple, which JSON does not give back as it "
        "was.\nTurn it into what JSON has in a last step, or pass Journal(codec=…)."
    )
    assert way(runnable(abs), [1, 2, 3], journal=journal) == [1, 2, 3]


class Unknown:
    """A type that no digest knows."""


def test_inputs_that_cannot_be_told_apart_are_refused(journal: Journal) -> None:
    fix = "Pass Journal(key=…), a function from an input to text that tells it from others."
    given: list[Any] = [Unknown()]
    assert refusal(by_batch, journal, given, str) == (f"the input of item 0 is an Unknown.\n{fix}")
    assert refusal(by_batch, journal, [{"a": given}], str) == (
        f"the input of item 0, at ['a'][0], is an Unknown.\n{fix}"
    )
    given.append(given)
    del given[0]
    assert refusal(by_batch, journal, [given], str) == (
        f"the input of item 0 cannot be told apart (RecursionError).\n{fix}"
    )


def test_a_key_tells_inputs_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "1", key=lambda path: path.name)
    counting = Counting()
    r = pipe(_length, counting.step)
    for _ in range(2):
        assert r.batch([Path("a"), Path("bc")], journal=journal) == [2, 4]
    assert counting.taken() == [1, 2]


def _length(path: Path) -> int:
    return len(path.name)


class Pickles:
    """A codec for whatever is one's own."""

    def encode(self, value: object, /) -> bytes:
        return pickle.dumps(value)

    def decode(self, data: bytes, /) -> object:
        return pickle.loads(data)  # noqa: S301 - our own bytes


def test_a_codec_keeps_what_json_cannot(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "1", codec=Pickles())
    r = runnable(_paired)
    for _ in range(2):
        assert r.batch([1, 2], journal=journal) == [(1, {1}), (2, {2})]


def _paired(n: int) -> tuple[int, set[int]]:
    return n, {n}


def test_a_codec_that_fails_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "1", codec=Pickles())
    see = "Its exception is the cause of this one. A version has one codec from start to end."
    assert refusal(by_batch, journal, [1], lambda n: lambda: n) == (
        f"the codec could not encode the result of item 0.\n{see}"
    )
    plain = Journal(journal.path, "1")
    assert runnable(abs).batch([1], journal=plain) == [1]
    assert refusal(by_batch, journal, [1], abs) == (
        f"the codec could not decode what is kept of item 0.\n{see}"
    )


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.db"
    text.write_text("no database " * 100)
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    fix = "Give the path of a journal, or of a new file in a folder that is there."
    assert refusal(by_batch, Journal(text, "1"), [1], abs) == (
        f"cannot be used (file is not a database).\n{fix}"
    )
    assert refusal(by_batch, Journal(tmp_path / "no" / "where", "1"), [1], abs) == (
        f"cannot be used (unable to open database file).\n{fix}"
    )
    assert refusal(by_batch, Journal(other, "1"), [1], abs) == (
        "is an SQLite database of something else.\nGive the journal a file of its own."
    )


def test_a_journal_is_used_by_one_batch_at_a_time(journal: Journal) -> None:
    results = runnable(abs).batch_as_completed([1, 2], journal=journal)
    next(results)
    assert refusal(by_batch, journal, [1], abs) == (
        "another batch is using it.\nWait until that is over, or give this one a file of its own."
    )
    results.close()
    assert runnable(abs).batch([1, 2], journal=journal) == [1, 2]


# --- What JSON gives back ---------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_encoded_comes_back_as_it_was(value: object) -> None:
    json_ = ExactJson()
    try:
        back = json_.decode(json_.encode(value))
    except InexactError as error:
        assert "not finite" in error.problem  # noqa: PT017 - only these are refused
    else:
        assert repr(back) == repr(value)


class Colour(IntEnum):
    RED = 1


CYCLE: list[object] = []
CYCLE.extend([CYCLE, CYCLE])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({1: "a"}, "has a key that is an int, where JSON has text"),
        (float("nan"), "is a float that is not finite, which JSON lacks"),
        ({1, 2}, "is a set, which JSON does not give back as it was"),
        (Colour.RED, "is a Colour, which JSON does not give back as it was"),
        (b"a", "is a bytes, which JSON does not give back as it was"),
        (Counter("a"), "is a Counter, which JSON does not give back as it was"),
        (CYCLE, "is nested too deeply to be written"),
        pytest.param(10**5000, "has a number too long to be written", id="long"),
    ],
)
def test_what_would_not_come_back_is_refused(value: object, problem: str) -> None:
    with pytest.raises(InexactError) as caught:
        ExactJson().encode(value)
    assert (caught.value.place, caught.value.problem) == ("", problem)


def nested(value: object, depth: int) -> object:
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def test_what_is_nested_four_hundred_deep_is_kept_and_no_deeper() -> None:
    deepest = nested(1, 400)
    assert ExactJson().decode(ExactJson().encode(deepest)) == deepest
    with pytest.raises(InexactError, match="is nested too deeply") as caught:
        ExactJson().encode(nested(1, 401))
    assert caught.value.place == ""


@given(VALUES, VALUES)
def test_inputs_have_one_digest_if_they_are_the_same(one: object, two: object) -> None:
    assert (digest(one) == digest(two)) == (_sorted(one) == _sorted(two))


def _sorted(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def test_digests_tell_types_apart() -> None:
    inputs = [1, 1.0, True, "1", b"1", [1], (1,), {"1": 1}, {1: 1}, [["list", 1]], None]
    assert len({digest(each) for each in inputs}) == len(inputs)


def test_keys_that_are_written_alike_need_not_have_values_that_compare() -> None:
    alike = [{float("nan"): 1, float("nan"): value} for value in (None, "a", [1])]
    assert len({digest(each) for each in alike}) == 3


def test_a_digest_stays_what_it_is_from_version_to_version() -> None:
    inputs = [1, (2.5, b"x"), {"b": None, "a": [True]}, {1: "one", "1": "two"}]
    assert digest(inputs).hex() == (
        "5d1d6b039dd49432c518f7ea58cd37c5f3a8ff43993bc4c35798672330704b6d"
    )


# --- Processes that are killed ------------------------------------------------------------------

CHILD = """
import sys, time
from combinators import Journal, runnable

def work(n):
    with open(sys.argv[2], "a") as effects:
        effects.write(f"{n}\\n")
    time.sleep(0.001)
    return {"n": n, "square": n * n}

results = runnable(work).batch(range(150), journal=Journal(sys.argv[1], "1"), limit=4)
assert results == [{"n": n, "square": n * n} for n in range(150)]
print("done", len(results))
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_goes_on_where_it_stopped(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    path, effects = tmp_path / "journal.db", tmp_path / "effects"
    kills, told = 0, ""
    while not told:
        kept = _kept(path)
        before = effects.read_text().splitlines() if effects.exists() else []
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, path, effects],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with child:
            # The first ones are killed at any point from the start of Python on.
            if kills < 6:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(chance.uniform(0.0, 0.45))
                child.send_signal(signal.SIGKILL)
                kills += 1
            told, said = child.communicate(timeout=60)
        assert child.returncode in {0, -signal.SIGKILL}, said
        ran = effects.read_text().splitlines()[len(before) :] if effects.exists() else []
        assert not {*map(int, filter(str.isdigit, ran))} & kept  # what was kept never runs again
    assert told == "done 150\n"
    assert _kept(path) == {*range(150)}
    assert {*map(int, effects.read_text().split())} == {*range(150)}


def _kept(path: Path) -> set[int]:
    if not path.exists():
        return set()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return {item for (item,) in connection.execute("SELECT item FROM outcomes")}
        except sqlite3.OperationalError:  # killed before there was a table
            return set()
