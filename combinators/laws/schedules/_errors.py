"""What can be wrong with a run under a schedule, beside what the code under test raises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from typing_extensions import override

from combinators import CombinatorError


class ScheduleError(CombinatorError):
    """Something cannot run under a schedule, or cannot go on."""


@final
class DeadlockError(ScheduleError):
    """Nobody can go on: all wait, and none of them for the clock."""

    def __init__(self, waiting: Sequence[str]) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    @override
    def __str__(self) -> str:
        lines = "\n".join(f"  {line}" for line in self.waiting)
        return (
            f"nobody can go on: all wait, and none of them for the clock.\n{lines}\n"
            "Whoever was to wake one of them has ended, has not begun, or waits itself."
        )


@final
class LivelockError(ScheduleError):
    """The run goes on and on."""

    def __init__(self, turns: int) -> None:
        super().__init__(turns)
        self.turns = turns

    @override
    def __str__(self) -> str:
        return (
            f"the run is not over after {self.turns:,} turns.\n"
            "Who asks again and again whether something has come needs somebody to bring it."
        )


@final
class InputOutputError(ScheduleError):
    """Something outside of the process was asked for, where time is virtual."""

    def __init__(self, called: str) -> None:
        super().__init__(called)
        self.called = called

    @override
    def __str__(self) -> str:
        return (
            f"{self.called}() reaches outside of the process, where no schedule can say what comes "
            "first.\nGive the pipeline a step that answers from memory, after a sleep where it is "
            "to take time."
        )


@final
class NestedRunError(ScheduleError):
    """A run under a schedule was started inside another one."""

    @override
    def __str__(self) -> str:
        return (
            "a run under a schedule was started inside another one, which says already who goes "
            "next.\nCall the function itself."
        )
