"""Programs and their twins, drawn, checked and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import final

from tests.typesafety.building import failure, refusal
from tests.typesafety.checking import findings_in
from tests.typesafety.drawing import program
from tests.typesafety.edits import Twin, twins_of
from tests.typesafety.judging import Case, Fault, faults_of
from tests.typesafety.sources import results_of, source_of


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """What was said of right programs and of their wrong twins."""

    rights: Sequence[Case]
    twins: Sequence[Case]

    @property
    def cases(self) -> Sequence[Case]:
        return [*self.rights, *self.twins]

    def faulty(self) -> dict[Fault, list[Case]]:
        """Return the cases that fall short, by how they do."""
        found: dict[Fault, list[Case]] = {}
        for case in self.cases:
            for fault in faults_of(case):
                found.setdefault(fault, []).append(case)
        return found

    def edits(self) -> Counter[str]:
        """Return how many twins there are of each edit."""
        return Counter(case.twin.edit for case in self.twins if case.twin)


def tried(pipelines: int, seed: int, twins: int) -> Trial:
    """Draw programs, check them and some wrong twins of each, and return what was said.

    Args:
        twins: how many for each program at most; those by edits that are rarer come first
    """
    drawn = {f"case_{number}": program(f"{seed}-{number}") for number in range(pipelines)}
    wrong: dict[str, Twin] = {}
    edits: Counter[str] = Counter()
    for name, right in drawn.items():
        rng = Random(f"{seed}-{name}")  # noqa: S311 - to be drawn again, not to be secret
        found = [*twins_of(right, rng)]
        rng.shuffle(found)
        for number, twin in enumerate(_spread(found, edits, twins)):
            wrong[f"{name}_{number}"] = twin
    sources = {name: source_of(right, name) for name, right in drawn.items()}
    sources |= {name: source_of(twin.program, name) for name, twin in wrong.items()}
    findings = findings_in([*sources.values()])

    def case(name: str, twin: Twin | None, failed: str | None) -> Case:
        return Case(sources[name], findings[name], refusal(sources[name]), twin, failed)

    return Trial(
        [
            case(name, None, failure(sources[name], results_of(right)))
            for name, right in drawn.items()
        ],
        [case(name, twin, None) for name, twin in wrong.items()],
    )


def _spread(twins: Iterable[Twin], edits: Counter[str], most: int) -> Iterator[Twin]:
    """Yield some twins, of edits of which there were fewest so far."""
    left = [*twins]
    for _ in range(min(most, len(left))):
        rarest = min(left, key=lambda twin: edits[twin.edit])
        left.remove(rarest)
        edits[rarest.edit] += 1
        yield rarest
