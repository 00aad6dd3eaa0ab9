"""Observers that are ready to be used: spans as the OpenTelemetry SDK sees them, and progress."""

import asyncio
import inspect
import itertools
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, StatusCode
from rich.console import Console

import combinators.observers
from combinators import FanoutError, fanout, pipe, runnable
from combinators.observers import Progress, Spans

ROOT = Path(__file__).parents[2]


# --- Spans ----------------------------------------------------------------------------------


class Traced:
    """An observer, with what the real SDK keeps of its spans."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = provider.get_tracer("tests")
        self.observer = Spans(self.tracer)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """Return the spans that have ended, in the order in which they began."""
        return sorted(self._kept.get_finished_spans(), key=lambda span: span.start_time or 0)

    @property
    def tree(self) -> dict[str, list[str]]:
        """Return the names of spans, each with those of its children, sorted."""
        return {
            span.name: sorted(
                child.name
                for child in self.spans
                if child.parent and child.parent.span_id == context_of(span).span_id
            )
            for span in self.spans
        }


def context_of(span: ReadableSpan) -> SpanContext:
    """Return the identity of a span, which one that has ended always has."""
    context: SpanContext | None = span.context
    assert context is not None
    return context


def inc(n: int) -> int:
    return n + 1


async def ainc(n: int) -> int:
    await asyncio.sleep(0)
    return n + 1


def reciprocal(n: int) -> float:
    return 1 / n


def test_spans_nest_as_runs_do() -> None:
    traced = Traced()
    chain = runnable(inc) | {"a": runnable(abs).named("size"), "b": ainc}
    assert chain.invoke(1, observers=[traced.observer]) == {"a": 2, "b": 3}
    assert traced.tree == {
        "call invoke": ["fanout", "step inc"],
        "step inc": [],
        "fanout": ["named size", "step ainc"],
        "named size": ["step abs"],
        "step abs": [],
        "step ainc": [],
    }


def test_a_span_says_what_it_is_of_and_no_value() -> None:
    traced = Traced()
    retried = pipe(str, runnable(len).retry(on=OSError))
    retried.batch(["secret"], observers=[traced.observer])
    assert {span.name: dict(span.attributes or {}) for span in traced.spans} == {
        "batch": {"combinators.kind": "batch", "combinators.items": 1},
        "item": {"combinators.kind": "item", "combinators.item": 0},
        "step str": {"combinators.kind": "step", "combinators.path": "pipe step 1 (str)"},
        "len retry": {
            "combinators.kind": "retry",
            "combinators.path": "pipe step 2 (len retry)",
        },
        "try": {
            "combinators.kind": "try",
            "combinators.path": "pipe step 2 (len retry) > retry attempt 1",
            "combinators.attempt": 1,
        },
        "step len": {
            "combinators.kind": "step",
            "combinators.path": "pipe step 2 (len retry) > retry attempt 1",
        },
    }
    assert "secret" not in "".join(span.to_json() for span in traced.spans)


def test_a_failure_is_recorded_by_its_type_alone() -> None:
    traced = Traced()

    def fail(_: object) -> int:
        raise ValueError("secret")

    with pytest.raises(FanoutError):
        fanout(a=fail).invoke(1, observers=[traced.observer])
    step = next(span for span in traced.spans if span.name == "step fail")
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, "ValueError")
    (event,) = step.events
    assert (event.name, dict(event.attributes or {})) == (
        "exception",
        {"exception.type": "ValueError"},
    )
    call = traced.spans[0]
    assert (call.attributes or {})["error.type"] == "combinators.FanoutError"
    assert "secret" not in "".join(span.to_json() for span in traced.spans)


def test_what_nobody_wanted_to_the_end_is_no_error() -> None:
    traced = Traced()

    def chunks(_: object) -> Iterator[int]:
        yield from range(3)

    stream = runnable(chunks).stream(1, observers=[traced.observer])
    next(stream)
    stream.close()
    assert {span.status.status_code for span in traced.spans} == {StatusCode.UNSET}
    assert {str((span.attributes or {})["combinators.ended_by"]) for span in traced.spans} == {
        "GeneratorExit"
    }


def test_the_span_of_a_call_is_inside_of_that_of_the_caller() -> None:
    traced = Traced()
    with traced.tracer.start_as_current_span("mine"):
        runnable(inc).invoke(1, observers=[traced.observer])
    assert traced.tree == {"mine": ["call invoke"], "call invoke": ["step inc"], "step inc": []}


@pytest.mark.parametrize(
    ("way", "backend"),
    [
        *itertools.product(["invoke", "stream", "batch"], [""]),
        *itertools.product(["ainvoke", "astream", "abatch"], ["asyncio", "trio"]),
    ],
)
def test_spans_of_a_step_are_inside_of_that_of_its_run(way: str, backend: str) -> None:
    traced = Traced()

    def sync(n: int) -> int:
        with traced.tracer.start_as_current_span(f"sync {n}"):
            return n

    async def aio(n: int) -> int:
        await anyio.lowlevel.checkpoint()
        with traced.tracer.start_as_current_span(f"aio {n}"):
            return n

    def chunks(n: int) -> Iterator[int]:
        for _ in range(2):
            with traced.tracer.start_as_current_span(f"chunk {n}"):
                yield n

    steps = pipe({f"k{i}": pipe({"s": sync, "a": aio}, _sum, chunks) for i in range(4)}, str)
    run = getattr(steps, way)
    given: object = [1, 1, 1] if "batch" in way else 1
    _finished(run(given, observers=[traced.observer]), backend)
    assert trace.get_current_span() is trace.INVALID_SPAN
    owners = {"sync 1": "step sync", "aio 1": "step aio", "chunk 2": "step chunks"}
    names = {context_of(span).span_id: span.name for span in traced.spans}
    inner = [span for span in traced.spans if span.name in owners]
    assert {span.name for span in inner} == {*owners}
    assert all(span.parent and names[span.parent.span_id] == owners[span.name] for span in inner)


def _sum(x: dict[str, int]) -> int:
    return sum(x.values())


def _finished(given: Any, backend: str) -> None:  # noqa: ANN401 - what a way gives
    """Wait for what a call gives, to its end."""
    if inspect.iscoroutine(given):
        anyio.run(lambda: given, backend=backend)
    elif inspect.isasyncgen(given):
        anyio.run(_all, given, backend=backend)
    elif isinstance(given, Iterator):
        assert [*given]


async def _all(chunks: AsyncIterator[object]) -> None:
    assert [chunk async for chunk in chunks]


def test_spans_of_calls_that_run_at_once_are_not_mixed_up() -> None:
    traced = Traced()

    async def main() -> None:
        async def one(number: int) -> None:
            with traced.tracer.start_as_current_span(f"mine {number}"):
                await (runnable(ainc) | ainc).ainvoke(1, observers=[traced.observer])

        await asyncio.gather(*map(one, range(20)))

    asyncio.run(main())
    roots = {
        context_of(span).span_id: context_of(span).trace_id
        for span in traced.spans
        if not span.parent
    }
    assert len(roots) == 20
    calls = [span for span in traced.spans if span.name == "call ainvoke"]
    assert {span.parent.span_id for span in calls if span.parent} == {*roots}
    assert len({context_of(span).trace_id for span in traced.spans}) == 20


def test_spans_without_a_tracer_are_made_by_the_global_provider() -> None:
    assert runnable(inc).invoke(1, observers=[Spans()]) == 2


# --- Progress -------------------------------------------------------------------------------


class Elsewhere:
    """A console that is no terminal, and what was written to it."""

    def __init__(self) -> None:
        self.written = StringIO()
        self.console = Console(file=self.written, force_terminal=False, width=60)

    @property
    def lines(self) -> list[str]:
        """Return the lines."""
        return self.written.getvalue().splitlines()


def test_there_is_a_line_at_the_end_where_there_is_no_terminal() -> None:
    there = Elsewhere()
    shown = Progress("numbers", console=there.console)
    runnable(inc).batch(range(2000), observers=[shown])
    runnable(reciprocal).batch(iter([1, 0]), errors="collect", observers=[shown])
    assert there.lines == ["numbers: 2,000 of 2,000 done, 0 failed", "numbers: 1 done, 1 failed"]


def test_there_is_a_line_now_and_then() -> None:
    there = Elsewhere()
    shown = Progress(console=there.console, every_seconds=0)
    runnable(inc).batch([1, 2], limit=1, observers=[shown])
    first, second, last = [re.sub(r"[\d,.]+/s|\?/s", "N/s", line) for line in there.lines]
    assert first == "batch: 1 of 2 done, 0 failed, N/s"
    assert second == "batch: 2 of 2 done, 0 failed, N/s"
    assert last == "batch: 2 of 2 done, 0 failed"


def test_only_batches_are_shown() -> None:
    there = Elsewhere()
    runnable(inc).each().invoke([1, 2], observers=[Progress(console=there.console)])
    assert there.lines == []


def test_items_that_were_given_up_are_neither_done_nor_failed() -> None:
    there = Elsewhere()
    shown = Progress(console=there.console)

    async def main() -> None:
        async def wait(_: int) -> None:
            await asyncio.sleep(60)

        async with asyncio.timeout(0.05):
            await runnable(wait).abatch([1, 2], observers=[shown])

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert there.lines == ["batch: 0 of 2 done, 0 failed"]


SCRIPT = """
import sys, time
from combinators import runnable
from combinators.observers import Progress

def step(n):
    time.sleep(0.02)
    {trouble}
    return n

try:
    runnable(step).batch(range(50), limit=2, observers=[Progress("numbers")])
except BaseException as error:
    print(type(error).__name__)
"""


def in_terminal(
    trouble: str, *, meanwhile: Callable[[int], None] = lambda _: None
) -> tuple[str, str]:
    """Return what a script says, and what it writes to a terminal on stderr."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(trouble=trouble)],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "24"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = b""
    told = False
    while True:
        try:
            found = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        shown += found
        if not told and b"/s" in shown:
            told = True
            meanwhile(process.pid)
    os.close(ours)
    said, _ = process.communicate(timeout=30)
    return said, shown.decode()


def screen(written: str) -> list[str]:
    """Return the lines that are left on a terminal, of which only what is used here is known."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif match := re.fullmatch(r"\x1b\[(\d*)A", part):
            row = max(0, row - int(match[1] or 1))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith(("\x1b", "\r")):
            lines[row] = part if lines[row] == "" else lines[row] + part
    return [line.strip() for line in lines if line.strip()]


def test_in_a_terminal_there_is_a_bar_that_is_taken_away() -> None:
    said, shown = in_terminal("pass")
    assert said == ""
    assert "numbers" in shown
    assert "0 failed" in shown
    assert re.search(r"\d+/50", shown)
    assert screen(shown) == []


def test_nothing_is_left_on_the_screen_after_a_failure() -> None:
    said, shown = in_terminal("1 / (n - 30)")
    assert said == "BatchError\n"
    assert "numbers" in shown
    assert screen(shown) == []


def test_nothing_is_left_on_the_screen_after_ctrl_c() -> None:
    said, shown = in_terminal("pass", meanwhile=lambda pid: os.kill(pid, signal.SIGINT))
    assert said == "KeyboardInterrupt\n"
    assert "numbers" in shown
    assert screen(shown) == []


def test_several_batches_have_a_bar_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    written = StringIO()
    shown = Progress(console=Console(file=written, force_terminal=True, width=100))

    async def slow(n: int) -> int:
        await asyncio.sleep(0.15)
        return n

    async def main() -> None:
        steps = runnable(slow)
        await asyncio.gather(
            steps.abatch([1], observers=[shown]), steps.abatch([1, 2], observers=[shown])
        )

    asyncio.run(main())
    assert {"0/1", "0/2"} <= set(re.findall(r"\d/\d", written.getvalue()))
    assert screen(written.getvalue()) == []


# --- Extras ---------------------------------------------------------------------------------


def run(code: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize(
    ("module", "name", "extra"), [("opentelemetry", "Spans", "otel"), ("rich", "Progress", "rich")]
)
def test_an_observer_whose_third_party_is_missing_names_the_extra(
    module: str, name: str, extra: str
) -> None:
    code = f"""
import sys
sys.modules[{module!r}] = None
try:
    from combinators.observers import {name}
except ModuleNotFoundError as error:
    print(error)
"""
    assert run(code) == (
        f"combinators.observers.{name} needs the module {module!r}, which is not installed.\n"
        f"Install the extra that brings it: pip install 'typed-combinators[{extra}]'\n"
    )


def test_another_module_that_is_missing_is_reported_as_it_is() -> None:
    code = """
import sys
import combinators.observers
sys.modules["combinators.observers._spans"] = None
try:
    combinators.observers.Spans
except ModuleNotFoundError as error:
    print(type(error).__name__)
"""
    assert run(code) == "ModuleNotFoundError\n"


def test_importing_the_observers_loads_no_third_party() -> None:
    code = "import combinators.observers, sys; print(*sys.modules)"
    assert {"opentelemetry", "rich"} & {*run(code).split()} == set()


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    misspelt = "Span"
    with pytest.raises(AttributeError, match=r"'combinators\.observers' has no attribute 'Span'"):
        getattr(combinators.observers, misspelt)


def test_times_of_spans_are_those_of_the_runs() -> None:
    traced = Traced()
    runnable(time.sleep).invoke(0.05, observers=[traced.observer])
    for span in traced.spans:
        assert (span.end_time or 0) - (span.start_time or 0) >= 50_000_000
