"""Observers are told of every run, from its start to its one end, and change nothing."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from copy import copy
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from typing_extensions import override

from combinators import (
    CombinatorError,
    DeadlineError,
    Event,
    FanoutError,
    Observer,
    OptionError,
    Run,
    Runnable,
    Streamed,
    assign,
    bind,
    branch,
    cancelled,
    chat_template,
    each,
    fanout,
    omit,
    passthrough,
    pick,
    pipe,
    rename,
    route,
    runnable,
    template,
    transform,
    when,
)
from combinators.laws.observing import Log
from tests.running.trials import observing
from tests.running.trials.observing import Breaking
from tests.running.ways import (
    CURRENT,
    WAYS,
    AnyStep,
    Following,
    Loop,
    Observed,
    Way,
    afailing,
    ainc,
    aone_two_three,
    arriving,
    awaiting,
    begun,
    collected,
    double,
    failing,
    inc,
    note_of,
    on_asyncio,
    on_trio,
    one_two_three,
)

STREAMS = ("stream", "astream", "astream on trio")
EVERY = ("invoke", "ainvoke", "ainvoke on trio", *STREAMS)


def told(log: Log) -> list[str]:
    """Return what was told, each in one line: what happened, to what, where."""
    return [
        " ".join(filter(None, [word, event.run.kind, event.run.path])) for word, event in log.told
    ]


def observed(r: Runnable[Any, Any], x: object) -> list[str]:
    """Return what is told of the steps of a call that runs one thing after another."""
    log = Log()
    r.invoke(x, observers=[log])
    first, *lines, last = told(log)
    assert (first, last) == ("start call", "end call")
    return lines


# --- What is told -----------------------------------------------------------------------


def test_each_step_starts_and_ends_inside_of_the_call() -> None:
    log = Log()
    assert (runnable(inc) | double).invoke(1, observers=[log]) == 4
    assert told(log) == [
        "start call",
        "start step pipe step 1 (inc)",
        "end step pipe step 1 (inc)",
        "start step pipe step 2 (double)",
        "end step pipe step 2 (double)",
        "end call",
    ]
    assert [event.value for _, event in log.told] == [1, 1, 2, 2, 4, 4]
    times = [event.time_ns for _, event in log.told]
    assert times == sorted(times)
    assert times[-1] <= time.monotonic_ns()


def test_what_only_rearranges_a_value_is_not_told() -> None:
    rearranging = pipe(passthrough(), rename(b="a"), omit("c"), pick("b"))
    assert observed(rearranging, {"a": 1, "c": 2}) == []


TOLD: dict[str, tuple[Runnable[Any, Any], Any, list[str]]] = {
    "fanout": (fanout(a=inc), 1, ["fanout", "step fanout['a']"]),
    "fanout to a tuple": (fanout(runnable(inc)), 1, ["fanout", "step fanout[0]"]),
    "assign": (
        assign(b=pick("a") | inc),
        {"a": 1},
        ["assign", "step assign['b'] > pipe step 2 (inc)"],
    ),
    "each": (each(inc), [1], ["each", "item each[0]", "step each[0]"]),
    "branch": (
        branch(when(bool, inc), otherwise=double),
        0,
        ["branch", "step branch case 1", "step branch otherwise"],
    ),
    "route": (
        route("k", {"a": pick("n") | inc}),
        {"k": "a", "n": 1},
        ["route", "step route['a'] > pipe step 2 (inc)"],
    ),
    "bind": (
        bind(lambda n: runnable(inc)),
        1,
        ["bind", "step", "chosen bind lambda", "step bind lambda"],
    ),
    "attempt": (runnable(inc).attempt(), 1, ["attempt", "step"]),
    "retry": (
        runnable(inc).retry(on=OSError),
        1,
        ["retry", "try retry attempt 1", "step retry attempt 1"],
    ),
    "fallback": (runnable(inc).fallback(double), 1, ["fallback", "step fallback[0]"]),
    "timeout": (runnable(inc).timeout(seconds=60), 1, ["timeout", "step"]),
    "cached": (runnable(inc).cached(), 1, ["cached", "step"]),
    "named": (
        (runnable(inc) | double).named("both"),
        1,
        ["named", "step pipe step 1 (inc)", "step pipe step 2 (double)"],
    ),
    "tap": (
        runnable(inc).tap(double),
        1,
        ["step pipe step 1 (inc)", "step pipe step 2 (tap) > tap"],
    ),
    "template": (template("{a}"), {"a": 1}, ["template"]),
    "a generator": (runnable(one_two_three), 1, ["step"]),
    "a transform": (transform(lambda chunks: chunks), 1, ["transform"]),
}


@pytest.mark.parametrize("kind", sorted({*TOLD} - {"cached"}))  # which runs once
def test_streams_tell_of_the_same_runs(run: Loop, kind: str) -> None:
    r, x, starts = TOLD[kind]
    log, alog = Log(), Log()
    list(r.stream(x, observers=[log]))
    run(collected(r.astream(x, observers=[alog])))
    for each_told in (told(log), told(alog)):
        begun_runs = [line for line in each_told if line.startswith("start ")]
        assert begun_runs == ["start call", *(f"start {start}" for start in starts)]


@pytest.mark.parametrize(("r", "x", "starts"), TOLD.values(), ids=[*TOLD])
def test_each_kind_of_node_tells_of_itself_and_of_what_it_runs(
    r: Runnable[Any, Any], x: object, starts: list[str]
) -> None:
    lines = observed(r, x)
    assert [line.removeprefix("start ") for line in lines if line.startswith("start ")] == starts
    assert sorted(f"end {start}" for start in starts) == sorted(
        line for line in lines if line.startswith("end ")
    )


def test_a_chat_template_is_called_as_its_builder_is() -> None:
    told = observed(chat_template(user="{q}"), {"q": "?"})
    assert told == ["start chat_template", "end chat_template"]


def test_a_run_has_the_name_of_its_step() -> None:
    log = Log()
    (runnable(inc).named("one more") | {"a": double}).invoke(1, observers=[log])
    assert [run.name for run in log.runs("start")] == [
        "invoke", "one more", "inc", "fanout", "double",
    ]  # fmt: skip


FAILING: dict[str, Callable[[AnyStep], tuple[Runnable[Any, Any], Any]]] = {
    "pipe": lambda f: (pipe(inc, f), 1),
    "pipe in a fan-out": lambda f: (fanout(a=pipe(inc, f), b=inc), 1),
    "assign": lambda f: (assign(b=f), {"a": 1}),
    "each": lambda f: (each(fanout(a=f)), [1]),
    "branch": lambda f: (branch(when(bool, fanout(a=f)), otherwise=inc), 1),
    "a test of a branch": lambda f: (branch(when(f, inc), otherwise=inc), 1),
    "route": lambda f: (route("k", {"a": f}), {"k": "a"}),
    "bind": lambda f: (bind(lambda n: pipe(inc, f)), 1),
    "retry": lambda f: (pipe(inc, pipe(inc, f).retry(on=ZeroDivisionError, attempts=1)), 1),
    "named": lambda f: (pipe(inc, pipe(inc, f).named("both")), 1),
    "tap": lambda f: (pipe(inc, passthrough().tap(pipe(inc, f))), 1),
    "timeout": lambda f: (pipe(inc, pipe(inc, f).timeout(seconds=60)), 1),
    "cached": lambda f: (pipe(inc, pipe(inc, f).cached()), 1),
    "a long pipe": lambda f: (pipe(*[inc] * 300, f), 1),
}


@pytest.mark.parametrize("way", EVERY)
@pytest.mark.parametrize("make", FAILING.values(), ids=[*FAILING])
def test_the_path_of_what_fails_is_that_of_the_note(
    make: Callable[[AnyStep], tuple[Runnable[Any, Any], Any]], way: str
) -> None:
    log = Log()
    error = ZeroDivisionError()
    r, x = make(failing(error))
    with pytest.raises((ZeroDivisionError, FanoutError)):
        run_by(way, r, x, log)
    (first, *_) = log.runs("error")
    assert first.name == "fail"
    assert f"at {first.path}" == note_of(error)


def run_by(way: str, r: Runnable[Any, Any], x: object, observer: Observer) -> object:
    """Return what comes of a call, by the name of the method."""
    match way:
        case "invoke":
            return r.invoke(x, observers=[observer])
        case "ainvoke":
            return on_asyncio(r.ainvoke(x, observers=[observer]))
        case "ainvoke on trio":
            return on_trio(r.ainvoke(x, observers=[observer]))
        case "stream":
            return [*r.stream(x, observers=[observer])]
        case "astream":
            return on_asyncio(collected(r.astream(x, observers=[observer])))
        case _:
            return on_trio(collected(r.astream(x, observers=[observer])))


def test_attempts_and_alternatives_are_told_one_by_one() -> None:
    flaky = runnable(failing(OSError())).retry(on=OSError, attempts=2, backoff=[0]).fallback(str)
    assert observed(flaky, 1) == [
        "start fallback",
        "start retry fallback[0]",
        "start try fallback[0] > retry attempt 1",
        "start step fallback[0] > retry attempt 1",
        "error step fallback[0] > retry attempt 1",
        "error try fallback[0] > retry attempt 1",
        "start try fallback[0] > retry attempt 2",
        "start step fallback[0] > retry attempt 2",
        "error step fallback[0] > retry attempt 2",
        "error try fallback[0] > retry attempt 2",
        "error retry fallback[0]",
        "start step fallback[1]",
        "end step fallback[1]",
        "end fallback",
    ]


def test_what_is_kept_is_not_run_and_not_told() -> None:
    kept = runnable(inc).cached()
    assert observed(kept, 1) == ["start cached", "start step", "end step", "end cached"]
    assert observed(kept, 1) == ["start cached", "end cached"]


# --- Runs nest --------------------------------------------------------------------------


def test_parallel_runs_are_parts_of_their_own_branch(run: Loop) -> None:
    log = Log()
    branches = {f"k{i}": pipe(awaiting(0.01), inc) for i in range(8)}
    run(fanout(branches).named("all").ainvoke(1, observers=[log]))
    runs = log.runs("start")
    assert len({part.id for part in runs}) == len(runs) == 3 + 16
    (call, named, fan), steps = runs[:3], runs[3:]
    assert (call.parent, named.parent, fan.parent) == (None, call, named)
    assert {step.parent for step in steps} == {fan}


def test_an_observer_is_told_where_the_step_runs() -> None:
    threads: dict[str, set[int]] = {"told": set(), "ran": set()}

    class Here(Observer):
        @override
        def on_start(self, event: Event, /) -> None:
            if event.run.kind == "step":
                threads["told"].add(threading.get_ident())

    def step(_: int) -> None:
        threads["ran"].add(threading.get_ident())
        time.sleep(0.01)

    fanout({f"k{i}": step for i in range(4)}).invoke(1, observers=[Here()])
    assert len(threads["ran"]) > 1
    assert threads["told"] == threads["ran"]


def current_name(_: object) -> str | None:
    run = CURRENT.get()
    return None if run is None else run.name


async def acurrent_name(_: object) -> str | None:
    await anyio.lowlevel.checkpoint()
    return current_name(None)


def current_names(_: object) -> Iterator[str | None]:
    yield current_name(None)
    yield current_name(None)


async def acurrent_names(_: object) -> AsyncIterator[str | None]:
    yield await acurrent_name(None)
    yield await acurrent_name(None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [current_name, acurrent_name])
def test_what_an_observer_sets_when_a_run_is_entered_its_step_sees(step: AnyStep, way: Way) -> None:
    def by_way(r: Runnable[Any, Any], x: object) -> object:
        seen: Any = Observed(r, Following())
        return way(seen, x)

    fan = fanout(a=runnable(step), b=inc) | pick("a")
    assert by_way(runnable(step), 1) == step.__name__
    assert by_way(fan, 1) == step.__name__
    assert by_way(runnable(step).timeout(seconds=60), 1) == step.__name__
    assert CURRENT.get() is None


@pytest.mark.parametrize(
    ("step", "way"),
    [*zip([current_names, acurrent_names, acurrent_names], STREAMS, strict=True)],
)
def test_a_stream_is_entered_for_each_chunk_and_left_in_between(step: AnyStep, way: str) -> None:
    assert run_by(way, runnable(step), 1, Following()) == [step.__name__] * 2
    chunks = runnable(current_names).stream(1, observers=[Following()])
    next(chunks)
    assert CURRENT.get() is None
    chunks.close()


def test_an_async_stream_is_left_between_its_chunks(run: Loop) -> None:
    async def main() -> None:
        named = runnable(acurrent_names).named("names")
        async with aclosing(named.astream(1, observers=[Following()])) as chunks:
            assert await anext(chunks) == acurrent_names.__name__
            assert CURRENT.get() is None
        assert CURRENT.get() is None

    run(main())


@pytest.mark.parametrize("way", EVERY)
@pytest.mark.parametrize("x", [5, "text"])
def test_what_is_no_collection_is_refused_as_when_nobody_looks(way: str, x: object) -> None:
    step: Runnable[Any, Any] = each(inc)
    with pytest.raises(TypeError) as caught:
        run_by(way, step, x, Log())
    with pytest.raises(TypeError) as unobserved:
        step.invoke(x)
    assert str(caught.value) == str(unobserved.value)


# --- Streams ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "step"), [*zip(STREAMS, [one_two_three, aone_two_three, aone_two_three], strict=True)]
)
def test_chunks_are_told_as_they_come(way: str, step: AnyStep) -> None:
    log = Log()
    assert run_by(way, pipe(inc, step), 1, log) == [1, 2, 3]
    of_step = [each for each in log.told if each[1].run.path.startswith("pipe step 2")]
    assert [word for word, _ in of_step] == ["start", "chunk", "chunk", "chunk", "end"]
    assert [event.value for _, event in of_step[:-1]] == [2, 1, 2, 3]
    assert isinstance(of_step[-1][1].value, Streamed)


def test_an_input_in_chunks_is_told_as_such(run: Loop) -> None:
    def twice(chunks: Iterator[int]) -> Iterator[int]:
        for chunk in chunks:
            yield 2 * chunk

    async def atwice() -> list[int]:
        ours = transform(twice).atransform(arriving([1, 2]), observers=[log])
        return [chunk async for chunk in ours]

    log = Log()
    assert [*transform(twice).transform([1, 2], observers=[log])] == [2, 4]
    assert run(atwice()) == [2, 4]
    starts = [event for word, event in log.told if word == "start"]
    assert [event.run.name for event in starts] == [
        "transform", "transform twice", "atransform", "transform twice",
    ]  # fmt: skip
    assert all(isinstance(event.value, Streamed) for event in starts)


def test_a_stream_that_is_closed_early_ends_with_a_generator_exit() -> None:
    log = Log()
    chunks = runnable(one_two_three).named("some").stream(1, observers=[log])
    next(chunks)
    chunks.close()
    errors = [event for word, event in log.told if word == "error"]
    assert [event.run.kind for event in errors] == ["step", "named", "call"]
    assert all(isinstance(event.value, GeneratorExit) for event in errors)


def test_an_async_stream_that_is_closed_early_ends_with_a_generator_exit(run: Loop) -> None:
    log = Log()

    async def main() -> None:
        chunks = runnable(aone_two_three).named("some").astream(1, observers=[log])
        await anext(chunks)
        await chunks.aclose()

    run(main())
    errors = [event for word, event in log.told if word == "error"]
    assert [event.run.kind for event in errors] == ["step", "named", "call"]
    assert all(isinstance(event.value, GeneratorExit) for event in errors)


def unclosable(_: object) -> Iterator[int]:
    try:
        yield 1
    finally:
        raise ZeroDivisionError


async def aunclosable(_: object) -> AsyncIterator[int]:
    try:
        yield 1
    finally:
        raise ZeroDivisionError


def test_what_fails_as_it_is_closed_ends_with_that(run: Loop) -> None:
    async def main() -> None:
        chunks = runnable(aunclosable).astream(1, observers=[log])
        await anext(chunks)
        await chunks.aclose()

    log = Log()
    stream = runnable(unclosable).stream(1, observers=[log])
    next(stream)
    with pytest.raises(ZeroDivisionError):
        stream.close()
    with pytest.raises(ZeroDivisionError):
        run(main())
    assert {type(event.value) for word, event in log.told if word == "error"} == {ZeroDivisionError}
    assert len(log.runs("error")) == 4


@pytest.mark.parametrize("step", [ainc, runnable(ainc).named("one")])
def test_async_steps_tell_of_their_values(run: Loop, step: AnyStep) -> None:
    log = Log()
    assert run(pipe(step, ainc).ainvoke(1, observers=[log])) == 3
    assert {event.value for _, event in log.told[:2]} == {1}
    *_, start, end, last = [(word, event.value) for word, event in log.told]
    assert (start, end, last) == (("start", 2), ("end", 3), ("end", 3))


class Hearing(Observer):
    """An observer that keeps what kinds of runs it hears of."""

    def __init__(self) -> None:
        self.heard: list[str] = []


class Entering(Hearing):
    """One that hears where runs are entered, and not where they are left."""

    @override
    def on_enter(self, run: Run, /) -> None:
        self.heard.append(run.kind)


class Leaving(Hearing):
    """One that hears where runs are left, and not where they are entered."""

    @override
    def on_leave(self, run: Run, /) -> None:
        self.heard.append(run.kind)


@pytest.mark.parametrize("way", EVERY)
@pytest.mark.parametrize("observer", [Entering(), Leaving()])
def test_whoever_hears_one_of_both_hears_of_every_run(way: str, observer: Hearing) -> None:
    observer.heard.clear()
    run_by(way, pipe(inc, fanout(a=inc, b=ainc)), 1, observer)
    assert {*observer.heard} == {"call", "fanout", "step"}


@pytest.mark.parametrize("way", EVERY)
def test_what_a_step_raises_is_told(way: str) -> None:
    error, log = LookupError(), Log()
    with pytest.raises(LookupError):
        run_by(way, runnable(failing(error)).named("one"), 1, log)
    assert [event.value for word, event in log.told if word == "error"] == [error] * 3


def test_a_stream_that_is_never_read_is_not_told() -> None:
    log = Log()
    runnable(one_two_three).stream(1, observers=[log]).close()
    assert log.told == []


DEEP: dict[str, tuple[int, Callable[[Runnable[Any, Any]], Runnable[Any, Any]]]] = {
    "timeout": (60, lambda inner: inner.timeout(seconds=60)),
    "retry": (300, lambda inner: inner.retry(on=OSError)),
    "named": (600, lambda inner: inner.named("deep")),
    "branch": (600, lambda inner: branch(when(bool, inner), otherwise=str)),
}


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("kind", DEEP)
def test_streams_that_lie_deep_in_one_another_are_observed(way: str, kind: str) -> None:
    deep: Runnable[Any, Any] = runnable(one_two_three)
    depth, around = DEEP[kind]
    for _ in range(depth):
        deep = around(deep)
    log = Log()
    assert run_by(way, deep, 1, log) == [1, 2, 3]
    of_kind = [run for run in log.runs("end") if run.kind == kind]
    assert (len(of_kind), len(log.runs("start"))) == (depth, len(log.runs("end")))


# --- Runs that nobody waits for -----------------------------------------------------------


def test_a_cancelled_run_ends_with_what_cancels(run: Loop) -> None:
    log = Log()

    async def main() -> type[BaseException]:
        started = anyio.Event()

        async def hang(_: int) -> None:
            started.set()
            await anyio.sleep(60)

        async with begun((runnable(ainc) | {"a": hang}).ainvoke(1, observers=[log])) as task:
            await started.wait()
            task.cancel()
            assert await task.was_cancelled()
        return anyio.get_cancelled_exc_class()

    cancelled_error = run(main(), seconds=10)
    ended: list[tuple[str, type]] = [
        (event.run.kind, type(event.value)) for word, event in log.told if word == "error"
    ]
    inside = asyncio.CancelledError
    assert ended == [("step", inside), ("fanout", inside), ("call", cancelled_error)]


def test_siblings_of_what_fails_end_with_a_cancelled_error(run: Loop) -> None:
    log = Log()
    with pytest.raises(FanoutError):
        run(fanout(a=awaiting(60), b=afailing(OSError(), 0.02)).ainvoke(1, observers=[log]))
    errors: dict[str, type] = {
        event.run.path: type(event.value) for word, event in log.told if word == "error"
    }
    assert errors == {
        "fanout['a']": asyncio.CancelledError,
        "fanout['b']": OSError,
        "": FanoutError,
    }


def test_a_step_that_was_given_up_ends_when_it_does() -> None:
    log, ended = Log(), threading.Event()

    def patient(_: int) -> int:
        while not cancelled():
            time.sleep(0.001)
        ended.set()
        return 1

    with pytest.raises(DeadlineError):
        runnable(patient).timeout(seconds=0.02).invoke(1, observers=[log])
    assert ended.wait(10)
    end = time.monotonic() + 10
    while len(log.told) < 6 and time.monotonic() < end:
        time.sleep(0.001)
    kinds: dict[str, tuple[str, type]] = {
        event.run.kind: (word, type(event.value)) for word, event in log.told
    }
    assert kinds["timeout"] == kinds["call"] == ("error", DeadlineError)
    assert kinds["step"] == ("end", int)


@pytest.mark.parametrize("way", EVERY)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_and_exits_are_told_of_all_that_they_end(
    kind: type[BaseException], way: str
) -> None:
    log = Log()
    with pytest.raises(kind):
        run_by(way, runnable(failing(kind())).named("one"), 1, log)
    errors = [event for word, event in log.told if word == "error"]
    assert [event.run.kind for event in errors] == ["step", "named", "call"]


# --- Async steps ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", EVERY)
def test_async_steps_are_told_in_every_way(way: str) -> None:
    log = Log()
    run_by(way, pipe(inc, ainc, runnable(ainc).named("one"), {"a": ainc, "b": inc}), 1, log)
    assert sorted(run.path for run in log.runs("end") if run.kind == "step") == [
        "pipe step 1 (inc)",
        "pipe step 2 (ainc)",
        "pipe step 3 (one)",
        "pipe step 4 (fanout) > fanout['a']",
        "pipe step 4 (fanout) > fanout['b']",
    ]


def test_a_step_that_waits_for_its_turn_has_not_begun(run: Loop) -> None:
    log = Log()
    run(fanout(a=awaiting(0.01), b=awaiting(0.01)).ainvoke(1, limit=1, observers=[log]))
    steps = [word for word, event in log.told if event.run.kind == "step"]
    assert steps == ["start", "end", "start", "end"]


def test_what_bind_chooses_is_told_on_an_event_loop(run: Loop) -> None:
    log = Log()
    chosen = bind(lambda n: runnable(ainc) | runnable(aone_two_three))
    assert run(chosen.ainvoke(1, observers=[log])) == 6
    assert run(collected(chosen.astream(1, observers=[log]))) == [1, 2, 3]
    assert [part.kind for part in log.runs("start")].count("chosen") == 2


def test_branches_that_are_looked_at_for_changes_are_told() -> None:
    log = Log()
    fan = fanout(a=inc, b=double)
    assert fan.invoke(1, check_mutation=True, observers=[log]) == {"a": 2, "b": 2}
    assert told(log)[2:-2] == [
        "start step fanout['a']",
        "end step fanout['a']",
        "start step fanout['b']",
        "end step fanout['b']",
    ]


# --- Observers that fail, and what is no observer --------------------------------------------


def test_an_observer_that_fails_changes_nothing_and_is_logged_once_a_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = Log()
    chain = pipe(inc, {"a": inc, "b": double}, pick("a"))
    with caplog.at_level(logging.ERROR, "combinators"):
        assert chain.invoke(1, observers=[Breaking(), log, Breaking()]) == 3
        assert [*chain.stream(1, observers=[Breaking()])] == [3]
    assert {record.name for record in caplog.records} == {"combinators"}
    (line,) = {record.getMessage().replace(str(record.lineno), "") for record in caplog.records}
    assert len(caplog.records) == 3  # two observers of one call, one of the other
    assert line.startswith(f"Breaking.on_start raised Fault ({observing.__file__}, line ")
    assert line.endswith("). The run goes on; this is said once a call.")
    assert len(log.runs("start")) == len(log.runs("end")) == 5


@pytest.mark.parametrize("step", [runnable(inc), runnable(inc).named("one")])
def test_an_observer_that_is_alone_and_fails_changes_nothing(
    step: Runnable[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Observer):
        @override
        def on_start(self, event: Event, /) -> None:
            if event.run.kind != "call":
                raise ZeroDivisionError

    class FailingLater(Observer):
        @override
        def on_end(self, event: Event, /) -> None:
            if event.run.kind != "call":
                raise ZeroDivisionError

    for observer in (Failing(), FailingLater()):
        with caplog.at_level(logging.ERROR, "combinators"):
            assert step.invoke(1, observers=[observer]) == 2
    first, last = [record.getMessage() for record in caplog.records]
    assert "Failing.on_start raised ZeroDivisionError (" in first
    assert "FailingLater.on_end raised ZeroDivisionError (" in last


@pytest.mark.parametrize("count", [2, 3])
def test_of_several_observers_who_has_entered_last_leaves_first(count: int) -> None:
    heard: list[tuple[str, int]] = []

    class Numbered(Observer):
        def __init__(self, number: int) -> None:
            self._number = number

        @override
        def on_enter(self, run: Run, /) -> None:
            heard.append(("enter", self._number))

        @override
        def on_leave(self, run: Run, /) -> None:
            heard.append(("leave", self._number))

    assert runnable(inc).invoke(1, observers=[*map(Numbered, range(count))]) == 2
    middle = len(heard) // 2
    assert {number for _, number in heard} == {*range(count)}
    assert heard[: middle + 1][-1][0] == "leave"
    assert heard[middle:] == [("leave", number) for _, number in heard[:middle][::-1]]


def test_what_an_observer_raises_to_end_the_process_is_not_held_back() -> None:
    class Exiting(Observer):
        @override
        def on_end(self, event: Event, /) -> None:
            raise SystemExit

    with pytest.raises(SystemExit):
        runnable(inc).invoke(1, observers=[Exiting()])


NO_OBSERVERS: dict[str, tuple[Any, str]] = {
    "one alone": (Log(), "a Log"),
    "text": ("log", "a str"),
    "a class": ([Log], "a type in it"),
    "what can be read once": (iter([Log()]), "a list_iterator"),
    "none": (None, "None"),
}

CALLS: dict[str, Callable[[Runnable[Any, Any], Any], object]] = {
    "invoke": lambda r, bad: r.invoke(1, observers=bad),
    "ainvoke": lambda r, bad: r.ainvoke(1, observers=bad),
    "stream": lambda r, bad: r.stream(1, observers=bad),
    "astream": lambda r, bad: r.astream(1, observers=bad),
    "transform": lambda r, bad: r.transform([1], observers=bad),
    "atransform": lambda r, bad: r.atransform([1], observers=bad),
    "batch": lambda r, bad: r.batch([1], observers=bad),
    "abatch": lambda r, bad: on_asyncio(r.abatch([1], observers=bad)),
    "abatch on trio": lambda r, bad: on_trio(r.abatch([1], observers=bad)),
    "batch_as_completed": lambda r, bad: r.batch_as_completed([1], observers=bad),
    "abatch_as_completed": lambda r, bad: r.abatch_as_completed([1], observers=bad),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=[*CALLS])
@pytest.mark.parametrize(("bad", "kind"), NO_OBSERVERS.values(), ids=[*NO_OBSERVERS])
def test_what_is_no_sequence_of_observers_is_refused_before_anything_runs(
    call: Callable[[Runnable[Any, Any], Any], object], bad: object, kind: str
) -> None:
    ran: list[object] = []
    with pytest.raises(OptionError) as caught:
        call(runnable(ran.append), bad)
    assert str(caught.value) == (
        f"observers= was given {kind}. "
        "It takes a sequence of observers, whose class derives from Observer."
    )
    assert ran == []


@pytest.mark.parametrize("call", CALLS.values(), ids=[*CALLS])
def test_no_observers_are_none(call: Callable[[Runnable[Any, Any], Any], object]) -> None:
    given = call(runnable(inc), [])
    if asyncio.iscoroutine(given):
        given.close()


# --- Runs and events as values ------------------------------------------------------------


def test_neither_runs_nor_events_show_a_value() -> None:
    log = Log()
    runnable(str).invoke("secret", observers=[log])
    assert "secret" not in repr(log.told)
    run = log.told[1][1].run
    assert repr(run) == f"<Run {run.id}: step str>"
    assert repr(log.told[1][1]) == f"<Event of {run!r} at {log.told[1][1].time_ns}>"


def test_a_run_is_itself_and_an_event_too() -> None:
    log = Log()
    runnable(inc).invoke(1, observers=[log])
    start, begun, over, end = [event.run for _, event in log.told]
    assert start == end != begun == over
    assert len({start, begun, over, end}) == 2
    assert copy(start) == start != start.id
    first, *_ = [event for _, event in log.told]
    assert first == log.told[0][1]
    assert first != copy(first)
    assert len({event for _, event in log.told}) == 4


def test_an_observer_that_hears_nothing_does_nothing() -> None:
    assert pipe(inc, one_two_three).invoke(1, observers=[Observer()]) == 6
    assert [*pipe(inc, one_two_three).stream(1, observers=[Observer()])] == [1, 2, 3]


@pytest.mark.parametrize("way", EVERY)
def test_an_observer_hears_only_what_it_asks_for(way: str) -> None:
    class Errors(Observer):
        @override
        def on_error(self, event: Event, /) -> None:
            heard.append(event.run.kind)

    class Starts(Observer):
        @override
        def on_start(self, event: Event, /) -> None:
            pass

    heard: list[str] = []
    inner = pipe(one_two_three, {"a": inc}).named("inner")
    run_by(way, inner, 1, Errors())
    assert heard == []
    with pytest.raises(ZeroDivisionError):
        run_by(way, pipe(inc, failing(ZeroDivisionError())).named("inner"), 1, Errors())
    with pytest.raises(ZeroDivisionError):
        run_by(way, pipe(inc, failing(ZeroDivisionError())).named("inner"), 1, Starts())
    assert heard == ["step", "named", "call"]


@pytest.mark.parametrize("way", EVERY[1:3])
def test_of_async_steps_an_observer_hears_only_what_it_asks_for(way: str) -> None:
    class Errors(Observer):
        @override
        def on_error(self, event: Event, /) -> None:
            heard.append(event.run.kind)

    class Ends(Observer):
        @override
        def on_end(self, event: Event, /) -> None:
            heard.append(event.run.name)

    heard: list[str] = []
    fails = afailing(ZeroDivisionError(), 0)
    for observer in (Errors(), Ends()):
        with pytest.raises(ZeroDivisionError):
            run_by(way, runnable(ainc) | fails, 1, observer)
    assert heard == ["step", "call", "ainc"]


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("x", range(3))
def test_the_arm_that_gives_the_chunks_is_named(way: str, x: int) -> None:
    def is_zero(n: int) -> bool:
        return n == 0

    def is_one(n: int) -> bool:
        return n == 1

    arms = [when(is_zero, one_two_three), when(is_one, one_two_three)]
    log = Log()
    assert run_by(way, branch(*arms, otherwise=one_two_three), x, log) == [1, 2, 3]
    places = ["branch case 1", "branch case 2", "branch otherwise"]
    began = {run.name: run.path for run in log.runs("start")}
    assert began["one_two_three"] == places[x]
    assert began["is_zero"] == places[0]
    assert began.get("is_one", places[1]) == places[1]


@pytest.mark.parametrize("way", STREAMS)
def test_a_stream_that_does_not_begin_has_failed(way: str) -> None:
    def unsure(_: int) -> bool:
        raise ZeroDivisionError

    log = Log()
    unchoosable = branch(when(unsure, one_two_three), otherwise=inc)
    with pytest.raises(ZeroDivisionError):
        run_by(way, unchoosable, 1, log)
    assert told(log)[-2:] == ["error branch", "error call"]


@pytest.mark.parametrize(
    ("way", "step"), [*zip(STREAMS, [one_two_three, aone_two_three, aone_two_three], strict=True)]
)
def test_chunks_pass_a_pipeline_with_a_name_one_by_one(way: str, step: AnyStep) -> None:
    log = Log()
    assert run_by(way, pipe(step, passthrough().named("same")), 1, log) == [1, 2, 3]
    named = [word for word, event in log.told if event.run.kind == "named"]
    assert named == ["start", "chunk", "chunk", "chunk", "end"]


def numbers(n: int) -> Iterator[int]:
    yield from range(n)


def nothing(_: object) -> Iterator[int]:
    yield from ()


async def anothing(_: object) -> AsyncIterator[int]:
    for n in nothing(None):
        yield n


def unmergeable(_: object) -> Iterator[object]:
    yield {"n": 1}
    yield {"n": "one"}


async def aunmergeable(_: object) -> AsyncIterator[object]:
    for chunk in unmergeable(None):
        yield chunk


@pytest.mark.parametrize("way", STREAMS)
def test_a_pipeline_with_a_name_is_given_its_input(way: str) -> None:
    assert run_by(way, pipe(inc, pipe(double, numbers).named("inner")), 1, Log()) == [0, 1, 2, 3]


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("source", [nothing, anothing, unmergeable, aunmergeable])
@pytest.mark.parametrize("inner", [pipe(id, numbers), assign(a=id)])
def test_chunks_that_a_pipeline_with_a_name_cannot_take_are_blamed_on_their_source(
    way: str, source: AnyStep, inner: Runnable[Any, Any]
) -> None:
    chain = pipe(inc, source, inner.named("inner"))
    with pytest.raises(CombinatorError) as caught:
        run_by(way, chain, 1, Log())
    with pytest.raises(type(caught.value)) as unobserved:
        pipe(inc, source, inner).invoke(1)
    assert str(caught.value) == str(unobserved.value)
    assert note_of(caught.value) == note_of(unobserved.value)
