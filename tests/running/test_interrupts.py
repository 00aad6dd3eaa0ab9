"""Ctrl-C comes through at once, and nothing keeps the process alive."""

import signal
import subprocess
import sys
import time

import pytest

from tests.running.ways import (
    ROOT,
    python,
)

SLOW = """
import asyncio, itertools, sys, time
from combinators import each, fanout, pipe, runnable

def slow(x):
    time.sleep(20)
    return x

async def aslow(x):
    await asyncio.sleep(20)
    return x

def chunks(x):
    yield 1
    time.sleep(20)
    yield 2

async def achunks(x):
    yield 1
    await asyncio.sleep(20)
    yield 2

def begun():
    print("begun", flush=True)
"""

CALLS = {
    "step": "runnable(slow).invoke(1)",
    "fanout": "fanout(a=slow, b=slow, c=slow).invoke(1)",
    "limited fanout": "fanout(a=slow, b=slow, c=slow).invoke(1, limit=2)",
    "fast first": "fanout(a=len, b=slow, c=slow).invoke('x')",
    "nested fanout": "fanout(a=fanout(b=slow, c=slow), d=slow).invoke(1)",
    "each": "each(slow).invoke([1, 2, 3])",
    "batch": "runnable(slow).batch([1, 2, 3])",
    "batch as completed": "list(runnable(slow).batch_as_completed(itertools.count()))",
    "async step": "runnable(aslow).invoke(1)",
    "async and sync branches": "fanout(a=aslow, b=slow).invoke(1)",
    "async batch": "fanout(a=aslow, b=slow).batch([1, 2, 3])",
    "stream": "list(pipe(str, chunks).stream(1))",
    "stream of a fanout": "list(fanout(a=slow, b=slow).stream(1))",
    "async stream": "list(pipe(str, achunks).stream(1))",
}


def interrupted(call: str) -> tuple[float, int, str]:
    """Return how long a call took to end by Ctrl-C, with the exit status and the output."""
    code = f"{SLOW}\nbegun()\n{call}"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.4)
        begin = time.perf_counter()
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
    return time.perf_counter() - begin, child.returncode, said


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_ctrl_c_comes_back_at_once_and_bare(call: str) -> None:
    seconds, status, said = interrupted(call)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert status == -signal.SIGINT
    assert seconds < 2  # of the 20 that the steps take; half a second where nothing else runs


def test_ctrl_c_comes_back_at_once_under_load() -> None:
    # Where others use the machine, half a second may pass before a thread runs at all.
    done = python(
        """
from tests.running.interrupting import main
raise SystemExit(main(["--times", "26", "--seconds", "2"]))
"""
    )
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout


def test_an_interrupt_can_be_caught_and_the_next_call_works() -> None:
    done = python(
        f"""{SLOW}
import os, signal, threading
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    fanout(a=slow, b=slow).invoke(1)
except KeyboardInterrupt:
    print(fanout(a=str, b=abs).invoke(-1))
"""
    )
    assert done.stdout == "{'a': '-1', 'b': 1}\n"
    assert done.returncode == 0


def test_the_interpreter_does_not_wait_for_threads_that_run() -> None:
    begin = time.perf_counter()
    done = python(
        f"""{SLOW}
def fail(x):
    time.sleep(0.2)
    raise SystemExit(7)
fanout(fail, slow, slow).invoke(1)
"""
    )
    assert done.returncode == 7
    assert done.stderr == ""
    assert time.perf_counter() - begin < 10


def test_the_interpreter_ends_while_others_still_run_pipelines() -> None:
    done = python(
        """
import threading, time
from combinators import fanout
def forever():
    while True:
        fanout(a=str, b=abs).invoke(1)
for _ in range(3):
    threading.Thread(target=forever, daemon=True).start()
time.sleep(0.2)
print("over")
"""
    )
    assert (done.returncode, done.stdout) == (0, "over\n")


def test_importing_starts_no_thread() -> None:
    done = python(
        """
import threading
import combinators
combinators.fanout(a=str, b=abs) | str
print(threading.active_count())
"""
    )
    assert done.stdout == "1\n"


def test_idle_threads_do_not_keep_the_process_alive() -> None:
    begin = time.perf_counter()
    done = python("from combinators import fanout; print(fanout(a=str, b=abs).invoke(1))")
    assert (done.returncode, done.stdout) == (0, "{'a': '1', 'b': 1}\n")
    assert time.perf_counter() - begin < 8


def test_children_of_a_fork_run_fanouts_under_load() -> None:
    done = python(
        """
import os, signal, threading, warnings
warnings.simplefilter("ignore")
from combinators import fanout
chain = fanout(a=abs, b=str)
stopping = []
def load():
    while not stopping:
        chain.invoke(1)
for _ in range(3):
    threading.Thread(target=load, daemon=True).start()
bad = 0
for _ in range(200):
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        os._exit(chain.invoke(-2) != {"a": 2, "b": "-2"})
    bad += os.waitpid(child, 0)[1] != 0
stopping.append(1)
print(bad)
""",
        measured=False,
    )
    assert done.stdout == "0\n"
