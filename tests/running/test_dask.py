"""Batches on a real dask cluster: as a local run, also where workers are killed."""

import re
import subprocess
import sys

import pytest

from tests.running.ways import ROOT

# Processes of their own: dask keeps threads and warns of what is not ours to mend.
SMALL = """
import os
from combinators import BatchError, WorkerError, runnable

def third(n):
    if n % 3 == 2:
        raise ValueError
    return n

def deadly(n):
    if n == 3:
        os._exit(1)
    return n

if __name__ == "__main__":
    import dask
    from distributed import Client, LocalCluster
    dask.config.set({"distributed.scheduler.allowed-failures": 0})
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                      silence_logs=50) as cluster, Client(cluster) as client:
        cluster.adapt(minimum=2, maximum=2)  # nobody else replaces a worker that dies at once
        executor = client
        by = 2
        assert runnable(lambda n: n * by).batch(range(999), executor=executor) == [
            *range(0, 1998, 2)
        ]
        calls = [1] * 20  # the same task is not taken for the same result
        assert len(set(runnable(lambda _: os.urandom(8)).batch(calls, executor=executor,
                                                              chunk=1))) == 20
        outcomes = runnable(third).batch(range(9), executor=executor, errors="collect")
        assert [type(outcome).__name__ for outcome in outcomes] == [
            "Success", "Success", "Failure"] * 3
        outcomes = runnable(deadly).batch(range(5), executor=executor, errors="collect", chunk=5)
        lost = [n for n, outcome in enumerate(outcomes) if type(outcome).__name__ == "Failure"]
        assert lost == [3], lost
        assert isinstance(outcomes[3].failure(), WorkerError)
        print("done")
"""


def run(*arguments: object) -> str:
    finished = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.xdist_group("dask")
def test_a_batch_on_dask_is_as_a_local_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    script = tmp_path_factory.mktemp("dask") / "small.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{SMALL}")
    assert run(script) == "done\n"


@pytest.mark.xdist_group("dask")
def test_killed_workers_lose_nothing() -> None:
    told = run(
        "-m", "tests.running.dask_soak", "--items", 8_000, "--seconds", 0.2, "--kills", 1
    ).splitlines()[-1]
    assert re.search(r"8,000 of 8,000 items .* 1 workers killed: 0 wrong or missing, 0 twice", told)
