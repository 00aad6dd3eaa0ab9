"""The figures of a trial, and the cases that fall short."""

from __future__ import annotations

from collections.abc import Iterator

from tests.typesafety.judging import Fault
from tests.typesafety.trying import Trial


def as_report(trial: Trial, most: int) -> str:
    """Return some cases of each fault, whole and the shortest first, and the figures below."""
    parts: list[str] = []
    for fault, cases in trial.faulty().items():
        parts.append(f"=== {fault.value}: {len(cases)}\n")
        shortest = sorted(cases, key=lambda case: len(str(case.source)))
        parts += [f"{case}\n" for case in shortest[:most]]
    return "\n".join([*parts, as_table(trial)])


def as_table(trial: Trial) -> str:
    """Return the figures of the static check, over the programs of a trial."""
    rows = [*_rows(trial)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {figure}" for name, figure in rows)


def _rows(trial: Trial) -> Iterator[tuple[str, str]]:
    faulty = trial.faulty()

    def count(*faults: Fault) -> int:
        return len({case.source.name for fault in faults for case in faulty.get(fault, [])})

    caught = [case for case in trial.twins if case.findings]
    messages = sum(len(case.findings) for case in caught)
    unnamed = count(Fault.KEY, Fault.SPELLING, Fault.STEP, Fault.TYPES)
    yield "right programs", str(len(trial.rights))
    yield "of these built and run as they should", str(len(trial.rights) - count(Fault.UNBUILT))
    yield "wrong twins", str(len(trial.twins))
    yield "kinds of edit", str(len(trial.edits()))
    yield "mistakes caught", _share(len(caught), len(trial.twins))
    yield "right programs refused", str(count(Fault.REFUSED))
    yield "messages at the right line", _share(len(caught) - count(Fault.MISPLACED), len(caught))
    yield (
        "messages that name step, key and nearest spelling",
        _share(len(caught) - unnamed, len(caught)),
    )
    yield "messages for one mistake", f"{messages / max(1, len(caught)):.3f}"
    yield "disagreements with the constructor", str(count(Fault.CONTRADICTED, Fault.OTHER_KEY))
    yield "crashes", str(count(Fault.CRASHED))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f} % ({part} of {whole})"
