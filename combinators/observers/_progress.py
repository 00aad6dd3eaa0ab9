"""How far batches have come: a bar in a terminal, and a line now and then elsewhere."""

import sys
import threading
from time import monotonic
from typing import Final, final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress as Bars,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from typing_extensions import override

from combinators import Event, Observer, Run

EVERY_SECONDS: Final = 10.0


@final
class Progress(Observer):
    """An observer that shows how far batches have come: done, failed, total, rate, time left.

    In a terminal it is a bar on stderr, which is taken away when the batch is over, however it
    ends; elsewhere a line now and then, and one at the end. One object serves any number of
    batches at once.

    Args:
        title: what the batch is called
        console: where to show it; by default stderr, without colours where NO_COLOR is set
        every_seconds: how often there is a line, where there is no terminal

    >>> import sys
    >>> from combinators import runnable
    >>> console = Console(file=sys.stdout, force_terminal=False)
    >>> runnable(len).batch(["to", "be"], observers=[Progress("words", console=console)])
    words: 2 of 2 done, 0 failed
    [2, 2]
    """

    def __init__(
        self,
        title: str = "batch",
        *,
        console: Console | None = None,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._title = title
        self._console = Console(stderr=True) if console is None else console
        self._every = every_seconds
        self._lock = threading.Lock()
        self._batches: dict[Run, _Bar | _Lines] = {}
        self._bars: Bars | None = None  # while there are any

    @override
    def on_start(self, event: Event, /) -> None:
        """Show a batch that begins."""
        if event.run.kind == "batch":
            with self._lock:
                self._batches[event.run] = self._shown(event.run.total)

    @override
    def on_end(self, event: Event, /) -> None:
        """Count an item that is done; take away a batch that is."""
        self._count(event.run, done=1, failed=0)

    @override
    def on_error(self, event: Event, /) -> None:
        """Count an item that has failed, unless it was given up; take away a batch that has."""
        failed = isinstance(event.value, Exception)
        self._count(event.run, done=0, failed=int(failed))

    def _count(self, run: Run, *, done: int, failed: int) -> None:
        with self._lock:
            if run.kind == "batch":
                shown = self._batches.pop(run, None)
                if shown is not None:  # it is not where Ctrl-C came as it was about to be
                    shown.close()
                self._stop_if_idle()
            # An item; what is deeper is part of something else.
            elif run.parent is not None and run.parent in self._batches:
                self._batches[run.parent].count(done, failed)

    def _shown(self, total: int | None) -> "_Bar | _Lines":
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            return _Lines(self._console, self._title, total, self._every)
        if self._bars is None:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[failed]} failed"),
                TextColumn("{task.fields[rate]}/s"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
                redirect_stdout=sys.stdout.isatty(),  # what goes elsewhere must get there
            )
            self._bars.start()
        return _Bar(self._bars, self._title, total)

    def _stop_if_idle(self) -> None:
        if self._bars is not None and not self._batches:
            self._bars.stop()
            self._bars = None


class _Tally:
    """What became of the items of a batch so far."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.done = 0
        self.failed = 0

    def add(self, done: int, failed: int) -> None:
        """Count items."""
        self.done += done
        self.failed += failed

    @property
    def rate(self) -> str:
        """Return how many there are a second."""
        seconds = monotonic() - self.began
        return f"{(self.done + self.failed) / seconds:,.1f}" if seconds else "?"


@final
class _Bar:
    """A batch as one of several bars."""

    def __init__(self, bars: Bars, title: str, total: int | None) -> None:
        self._bars = bars
        self._tally = _Tally()
        self._task: TaskID = bars.add_task(title, total=total, failed=0, rate="?")

    def count(self, done: int, failed: int) -> None:
        """Move on."""
        tally = self._tally
        tally.add(done, failed)
        over = tally.done + tally.failed
        self._bars.update(self._task, completed=over, failed=tally.failed, rate=tally.rate)

    def close(self) -> None:
        """Take the bar away."""
        self._bars.remove_task(self._task)


@final
class _Lines:
    """A batch as a line now and then."""

    def __init__(
        self, console: Console, title: str, total: int | None, every_seconds: float
    ) -> None:
        self._console = console
        self._title = title
        self._of = "" if total is None else f" of {total:,}"
        self._every = every_seconds
        self._tally = _Tally()
        self._said = self._tally.began

    def count(self, done: int, failed: int) -> None:
        """Say how far it is, unless that was said a moment ago."""
        self._tally.add(done, failed)
        if monotonic() - self._said >= self._every:
            self._said = monotonic()
            self._say(f", {self._tally.rate}/s")

    def close(self) -> None:
        """Say what has become of it."""
        self._say("")

    def _say(self, rate: str) -> None:
        done, failed = f"{self._tally.done:,}{self._of} done", f"{self._tally.failed:,} failed"
        line = f"{self._title}: {done}, {failed}{rate}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
