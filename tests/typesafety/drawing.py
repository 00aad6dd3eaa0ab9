"""Right programs at random: steps are proposed, and the reference says which of them fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from random import Random
from typing import Final, final

from tests.typesafety import shapes as t, steps as s, vocabulary as v
from tests.typesafety.flow import mistakes_of, shape_after
from tests.typesafety.proposing import Proposals, named

DEPTH: Final = 2
TRIES: Final = 20
FUTURE: Final = 0.15  # of programs do not evaluate their annotations
WAYS: Final[tuple[s.Way, ...]] = ("invoke", "invoke", "call", "batch", "variable", "ainvoke")
# A mapping comes in chunks of its own.
WAYS_FOR_ATOMS: Final[tuple[s.Way, ...]] = (*WAYS, "stream")
PLACES: Final[tuple[s.Storage, ...]] = ("variable", "variable", "class", "function", "module")
SEQUENCES: Final[tuple[s.SeqForm, ...]] = ("pipe", "operator")


def program(seed: str) -> s.Program:
    """Return a right program, the same for the same seed."""
    rng = Random(seed)  # noqa: S311 - to be drawn again, not to be secret
    while True:
        try:
            drawn = Drawing(rng).program()
        except NothingFitsError:
            continue
        if not mistakes_of(drawn):
            return drawn


class NothingFitsError(Exception):
    """No step was found that may stand somewhere."""


@final
class Drawing:
    """One program being drawn."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.numbers = count(1)
        self.proposals = Proposals(rng, self.sequence, self.numbers)

    def program(self) -> s.Program:
        """Return a program that is right as far as each step is.

        Raises:
            NothingFitsError: there is a place where none was found
        """
        first = self._pipeline()
        again = self._used_again(first)
        pipelines = (first, *([again] if again else []))
        return s.Program(pipelines, future=self.rng.random() < FUTURE)

    def _pipeline(self) -> s.Pipeline:
        given = v.record(self.rng) if self.rng.random() < 0.5 else v.shape(self.rng)
        known = self.rng.random() < 0.6
        length = self.rng.choice((2, 3, 3, 4, 5))
        step = self._steps(given, length, known=known, depth=DEPTH)
        if known:
            step = replace(step, steps=(s.Pass(self._at(), given), *step.steps))
        step = self._with_stored(step, given)
        out = shape_after(step, given)
        if out is None:
            raise NothingFitsError  # of a stored lambda, nobody knows what it gives
        return s.Pipeline("first", step, self._uses(given, out))

    def sequence(self, given: t.Shape, *, known: bool, depth: int) -> s.Step:
        """Return what may stand in a branch: a step or a few."""
        length = self.rng.choice((1, 1, 1, 2, 2, 3))
        found = self._steps(given, length, known=known, depth=depth)
        return found.steps[0] if len(found.steps) == 1 else found

    def _steps(self, given: t.Shape, length: int, *, known: bool, depth: int) -> s.Seq:
        steps: list[s.Step] = []
        for _ in range(length):
            step, given = self._fitting(given, known=known, depth=depth)
            known = known or _closes(step)
            steps.append(step)
        return s.Seq(self._at(), tuple(steps), self.rng.choice(SEQUENCES))

    def _fitting(self, given: t.Shape, *, known: bool, depth: int) -> tuple[s.Step, t.Shape]:
        for _ in range(TRIES):
            step = self.proposals.of(given, known=known, depth=depth)
            out = shape_after(step, given)
            if out is not None:
                return step, out
        raise NothingFitsError

    def _at(self) -> int:
        return next(self.numbers)

    # -- what becomes of a pipeline ---------------------------------------------

    def _uses(self, given: t.Shape, out: t.Shape) -> tuple[s.Use, ...]:
        uses: list[s.Use] = []
        out, kind = named(out), self.rng.random()
        if kind < 0.7:
            way = self.rng.choice(WAYS_FOR_ATOMS if isinstance(out, t.Atom) else WAYS)
            uses.append(s.Invoke(self._at(), given, out, way))
        if kind > 0.5:
            uses.append(s.Declare(self._at(), given, out, inline=self.rng.random() < 0.3))
        return tuple(uses)

    # -- what is stored ---------------------------------------------------------

    def _with_stored(self, pipeline: s.Seq, given: t.Shape) -> s.Seq:
        """Return a pipeline with one of its steps, or two in a row, kept elsewhere."""
        if self.rng.random() > 0.35 or len(pipeline.steps) < 3:
            return pipeline
        first = self.rng.randrange(1, len(pipeline.steps) - 1)
        last = first + self.rng.choice((1, 2))
        before, inner = pipeline.steps[:first], pipeline.steps[first:last]
        if any(isinstance(each, s.Lambda) for each in inner):
            return pipeline
        place, types = self.rng.choice(PLACES), None
        if place == "function":
            takes = shape_after(replace(pipeline, steps=before), given)
            gives = takes and shape_after(replace(pipeline, steps=inner), takes)
            if takes is None or gives is None:
                return pipeline
            types = named(takes), named(gives)
        step = inner[0] if len(inner) == 1 else s.Seq(self._at(), inner)
        stored = s.Stored(self._at(), f"part{self._at()}", step, place, types)
        return replace(pipeline, steps=(*before, stored, *pipeline.steps[last:]))

    def _used_again(self, pipeline: s.Pipeline) -> s.Pipeline | None:
        """Return another pipeline with what is stored in the first one, if there is something."""
        assert isinstance(pipeline.step, s.Seq)
        steps = pipeline.step.steps
        for position, step in enumerate(steps):
            if isinstance(step, s.Stored) and pipeline.uses:
                use = pipeline.uses[0]
                given = use.argument if isinstance(use, s.Invoke) else use.takes
                here = shape_after(replace(pipeline.step, steps=steps[:position]), given)
                return here and self._second(step, named(here))
        return None

    def _second(self, stored: s.Stored, taken: t.Shape) -> s.Pipeline | None:
        start = self.proposals.call(v.atom(self.rng), self._other_values(taken), plain=True)
        used = replace(stored, at=self._at())
        sequence = s.Seq(self._at(), (start, used), self.rng.choice(SEQUENCES))
        out = shape_after(sequence, start.takes)
        return out and s.Pipeline("second", sequence, self._uses(start.takes, out))

    def _other_values(self, shape: t.Shape) -> t.Shape:
        """Return a mapping with the same keys, now and then with other values under some."""
        if not isinstance(shape, t.Record) or self.rng.random() < 0.4:
            return shape
        return t.Record(
            {
                key: v.atom(self.rng) if self.rng.random() < 0.5 else each
                for key, each in shape.fields.items()
            }
        )


def _closes(step: s.Step) -> bool:
    """Return whether the types after a step are known whatever stands before it."""
    match step:
        case s.Call() | s.Known() | s.Template() | s.Bind() | s.Branch():
            return True
        case s.Seq(steps=steps):
            return any(map(_closes, steps))
        case s.Named(step=inner) | s.Attempt(step=inner) | s.Robust(step=inner):
            return _closes(inner)
        case s.Stored(step=inner):
            return _closes(inner)
        case s.Fallback(step=inner, other=other):
            return _closes(inner) and _closes(other)
        case s.Fan(branches=branches):
            return all(map(_closes, branches.values()))
        case s.Many(branches=branches):
            return all(map(_closes, branches))
        case _:
            return False
