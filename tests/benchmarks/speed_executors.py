"""Batches on the workers of executors, measured: a dask cluster, and processes read lazily."""

import multiprocessing
import tracemalloc
from collections.abc import Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from combinators import runnable
from tests.benchmarks.speed_steps import inc

ITEMS: Final = 10_000
MANY: Final = 100_000


def micros_on_dask(_: int) -> float:
    """Return how many microseconds one of many tiny items takes on a cluster of two workers."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - it takes long to load

    r = runnable(inc)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        executor = client
        r.batch(range(100), executor=executor)  # the workers load what they need
        begin = perf_counter()
        assert len(r.batch(range(ITEMS), executor=executor)) == ITEMS
        return 1e6 * (perf_counter() - begin) / ITEMS


@contextmanager
def _processes() -> Generator[Executor, None, None]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        runnable(inc).batch(range(100), executor=executor)
        yield executor


def megabytes_of_many(_: int) -> float:
    """Return how much memory a batch takes at most whose results are taken one by one."""
    with _processes() as executor:
        tracemalloc.start()
        results = runnable(inc).batch_as_completed(range(MANY), executor=executor)
        assert sum(1 for _ in results) == MANY
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most / 2**20


def seconds_to_the_first(_: int) -> float:
    """Return how long the first of many results takes."""
    with _processes() as executor:
        begin = perf_counter()
        results = runnable(inc).batch_as_completed(range(MANY), executor=executor)
        next(results)
        seconds = perf_counter() - begin
        results.close()
    return seconds
