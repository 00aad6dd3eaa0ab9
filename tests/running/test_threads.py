"""Threads come when there is work, and everything works where there are few or none."""

import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from combinators import fanout, pipe
from combinators._compat import override
from combinators._run.call import Call
from combinators._run.concurrency.budget import Limited, Unlimited
from combinators._run.concurrency.pool import Pool
from combinators._run.concurrency.threads import SystemThreads
from combinators._run.sync import compiled
from tests.running.ways import Gauge, python

PIPELINES = """
import asyncio, threading
from combinators import each, fanout, pipe, runnable
from combinators._run.chunks import merged
from combinators._run.concurrency.pool import POOL

async def ainc(n):
    await asyncio.sleep(0)
    return n + 1

def inc(n):
    return n + 1

def chunks(n):
    yield n
    yield n

def every_way(chain):
    async def collected():
        return [chunk async for chunk in chain.astream(1)]
    return [
        chain.invoke(1),
        asyncio.run(chain.ainvoke(1)),
        chain.batch([1, 1])[1],
        asyncio.run(chain.abatch([1, 1]))[1],
        merged(list(chain.stream(1))),
        merged(asyncio.run(collected())),
    ]

flat = fanout(a=inc, b=inc, c=inc)
nested = fanout(a=flat, b=pipe(inc, flat), c=fanout(flat, flat))
mixed = fanout(a=inc, b=ainc, c=pipe(ainc, inc, flat, len), d=pipe(inc, chunks, ainc))

def called(x):  # a step that runs a pipeline of its own
    return nested.invoke(x)

for name, chain in {"nested": nested, "mixed": mixed, "called": fanout(a=called, b=ainc)}.items():
    first, *others = every_way(chain)
    assert all(other == first for other in others), (name, first, others)
print("done", threading.active_count())
"""


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_few_threads_are_enough_for_everything(threads: int) -> None:
    first = "from combinators._run.concurrency.pool import POOL"
    code = PIPELINES.replace(first, f"{first}\nPOOL._max_threads = {threads}")
    done = python(code, seconds=15)
    assert done.stderr == ""
    assert done.stdout == f"done {1 + threads}\n"


def test_where_no_thread_can_start_the_caller_does_the_work() -> None:
    code = f"""
import threading
def start(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start
{PIPELINES}
"""
    done = python(code, seconds=15)
    assert done.stderr == ""
    assert done.stdout == "done 1\n"


def test_where_threads_stop_being_available_the_rest_goes_on() -> None:
    code = f"""
import threading
start, started = threading.Thread.start, []
def few(self):
    if len(started) == 2:
        raise RuntimeError("can't start new thread")
    started.append(self)
    start(self)
threading.Thread.start = few
{PIPELINES}
"""
    done = python(code, seconds=15)
    assert done.stderr == ""
    assert done.stdout == "done 3\n"


@pytest.fixture
def pool() -> Pool:
    return Pool(max_threads=2, idle_seconds=0.05)


def until(condition: threading.Event) -> None:
    assert condition.wait(10)


@pytest.mark.race
def test_a_pool_has_no_more_threads_than_it_may(pool: Pool) -> None:
    release = threading.Event()

    def job() -> None:
        until(release)

    assert pool.spawn(job)
    assert pool.spawn(job)
    assert not pool.spawn(job)
    release.set()


@pytest.mark.race
def test_an_idle_thread_takes_the_next_job() -> None:
    pool = Pool(max_threads=1, idle_seconds=10)
    names: list[str] = []
    for _ in range(3):
        done = threading.Event()
        threads = threading.active_count()

        def job(done: threading.Event = done) -> None:
            names.append(str(threading.get_ident()))
            done.set()

        deadline = time.perf_counter() + 10
        while not pool.spawn(job):
            assert time.perf_counter() < deadline
            time.sleep(0.001)
        until(done)
        assert threading.active_count() <= threads + 1
    assert len(set(names)) == 1


@pytest.mark.race
def test_an_idle_thread_goes_away_and_another_comes(pool: Pool) -> None:
    threads: list[threading.Thread] = []
    for _ in range(2):
        done = threading.Event()

        def job(done: threading.Event = done) -> None:
            threads.append(threading.current_thread())
            done.set()

        assert pool.spawn(job)
        until(done)
        threads[-1].join(10)
        assert not threads[-1].is_alive()
    assert threads[0] is not threads[1]


@pytest.mark.race
def test_a_job_handed_over_as_a_thread_is_about_to_go_is_done(pool: Pool) -> None:
    roster = pool._roster  # pyright: ignore[reportPrivateUsage]  # inside the unit
    second = threading.Event()
    handed_over = False
    while not handed_over:  # a thread may be idle no more, or not yet
        first = threading.Event()
        assert pool.spawn(first.set)
        until(first)
        with roster.lock:
            if roster.idle:
                time.sleep(0.1)  # its patience is over, and it waits for the lock
                worker = roster.idle.pop()
                worker.job = second.set
                worker.gate.release()
                handed_over = True
    until(second)


@pytest.mark.race
def test_threads_that_cannot_start_are_not_counted(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(5):
            assert not pool.spawn(lambda: None)
    done = threading.Event()
    assert pool.spawn(done.set)
    until(done)


class Crowd:
    """A crew of which every member waits for all the others."""

    def __init__(self, members: int) -> None:
        self._lock = threading.Lock()
        self._left = members
        self._all = threading.Barrier(members)
        self.pool: Pool | None = None

    def wants_help(self) -> bool:
        return self._left > 0

    def help(self) -> None:
        with self._lock:
            if not self._left:
                return
            self._left -= 1
        if self.pool is not None:
            self.pool.send_on()
        self._all.wait(10)


@pytest.mark.race
def test_one_call_for_help_brings_as_many_as_there_is_work_for() -> None:
    pool, crowd = Pool(), Crowd(20)
    crowd.pool = pool
    pool.summon(crowd)
    crowd.help()  # each of them comes, or this does not end
    pool.dismiss(crowd)


@pytest.mark.race
def test_two_crews_that_call_at_once_are_both_helped() -> None:
    pool, crowds = Pool(), [Crowd(2), Crowd(2)]
    owners = [threading.Thread(target=crowd.help) for crowd in crowds]
    for crowd in crowds:
        crowd.pool = pool
        pool.summon(crowd)
    for owner in owners:
        owner.start()
    for owner in owners:
        owner.join(10)
        assert not owner.is_alive()


class CountedThreads(SystemThreads):
    """Threads that are counted as they start."""

    def __init__(self) -> None:
        self.started = 0

    @override
    def start(self, run: Callable[[], None]) -> bool:
        self.started += 1
        return super().start(run)


@pytest.mark.race
def test_trivial_branches_start_next_to_no_threads() -> None:
    threads = CountedThreads()
    pool = Pool(threads=threads)
    call = Call(Unlimited(pool))
    program = compiled(fanout(a=abs, b=abs, c=abs, d=abs).node)
    for _ in range(300):
        assert program(-1, call) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert threads.started < 20


@pytest.mark.race
def test_a_helper_that_is_on_its_way_is_found_work_by_whoever_is_next() -> None:
    pool = Pool(max_threads=1)
    call = Call(Unlimited(pool))
    threads: set[int] = set()

    def step(x: object) -> object:
        threads.add(threading.get_ident())
        time.sleep(0.002)
        return x

    program = compiled(fanout(step, step, step, step).node)
    for _ in range(20):
        program(1, call)
    assert len(threads) == 2


class Alone:
    """A crew that wants help until it has it."""

    def __init__(self) -> None:
        self.helped = threading.Event()

    def wants_help(self) -> bool:
        return not self.helped.is_set()

    def help(self) -> None:
        self.helped.set()


def test_where_nobody_wants_help_none_is_sent() -> None:
    threads = CountedThreads()
    pool, alone = Pool(threads=threads), Alone()
    pool.send_on()
    assert threads.started == 0
    pool.summon(alone)
    until(alone.helped)
    pool.send_on()
    assert threads.started == 1


def test_help_that_could_not_be_sent_is_sent_when_it_can(pool: Pool) -> None:
    is_free, alone = threading.Event(), Alone()
    for _ in range(2):
        assert pool.spawn(lambda: until(is_free))
    pool.summon(alone)
    assert not alone.helped.is_set()
    is_free.set()
    while not alone.helped.is_set():
        pool.send_on()
    pool.dismiss(alone)


@pytest.mark.race
def test_a_right_that_no_thread_was_there_for_is_there_again() -> None:
    pool, is_free, gauge = Pool(max_threads=5), threading.Event(), Gauge(0.02)
    for _ in range(5):
        assert pool.spawn(lambda: until(is_free))

    def free(_: object) -> None:
        is_free.set()
        time.sleep(0.02)

    many = fanout({f"k{i}": gauge.step for i in range(16)})
    chain = compiled(pipe(fanout(free, free), many).node)
    chain(1, Call(Limited(3, pool)))
    assert gauge.peak == 3


def test_a_pool_begins_with_nobody_given_up() -> None:
    pool = Pool()
    assert (pool.given_up, pool.max_given_up) == (0, 64)


def test_threads_are_daemons() -> None:
    both = threading.Barrier(2)
    found: list[bool] = []

    def look(_: object) -> None:
        both.wait(10)
        found.append(threading.current_thread().daemon)

    fanout(look, look).invoke(1)
    assert True in found


@pytest.mark.race
def test_results_live_as_long_as_somebody_uses_them_and_leave_nothing_to_collect() -> None:
    class Big:
        pass

    def make(_: object) -> Big:
        time.sleep(0.02)
        return Big()

    gc.disable()
    try:
        a, b, c = fanout(make, make, make).invoke(1)
        living = [weakref.ref(a), weakref.ref(b), weakref.ref(c)]
        del a, b, c
        deadline = time.perf_counter() + 5
        while any(ref() for ref in living):
            assert time.perf_counter() < deadline
            time.sleep(0.01)
    finally:
        gc.enable()


@pytest.mark.race
def test_many_callers_at_once_agree() -> None:
    gauge = Gauge(0.001)
    chain = fanout(a=gauge.step, b=fanout(c=gauge.step, d=gauge.step))
    results: list[object] = []

    def call(n: int) -> None:
        results.append((n, chain.invoke(n)))

    callers = [threading.Thread(target=call, args=(n,)) for n in range(16)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert sorted(results, key=str) == sorted(
        [(n, {"a": n, "b": {"c": n, "d": n}}) for n in range(16)], key=str
    )


def test_a_pool_is_made_anew_in_a_child() -> None:
    pool = Pool(max_threads=1)
    roster = pool._roster  # pyright: ignore[reportPrivateUsage]  # inside the unit
    roster.running = 1
    with roster.lock:  # by a thread that a child does not have
        pool._reset()  # pyright: ignore[reportPrivateUsage]  # inside the unit
    done = threading.Event()
    assert pool.spawn(done.set)
    until(done)
