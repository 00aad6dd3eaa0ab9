"""What comes of trying the laws on pipelines, and how it is written."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from combinators import OptionError
from combinators.cli._screen import heading, table
from combinators.laws import Inputs, Trial, pipelines_at, trials_of, value_at

Found: TypeAlias = Mapping[str, Sequence[Trial]]


def trials(place: str, inputs_at: str | None, examples: int) -> Found:
    """Return the trials of each pipeline at a place, under its name.

    Raises:
        LookupError: there is no pipeline, or there are no inputs, at the place; or nobody says
            which inputs a pipeline takes
    """
    # What it is, is looked at where it is used.
    inputs = None if inputs_at is None else cast("Inputs", value_at(inputs_at))
    found: dict[str, Sequence[Trial]] = {}
    for name, pipeline in pipelines_at(place).items():
        try:
            found[name] = [*trials_of(pipeline, inputs=inputs, examples=examples)]
        except OptionError as error:
            where = f"{place.partition(':')[0]}:{name}"
            raise LookupError(f"{where}: {error}\nGive it as --{error.option}=…") from error
    return found


def as_text(found: Found) -> str:
    """Return a table for each pipeline, and the report of the first law that does not hold.

    One mistake breaks many laws: a step that counts its calls breaks almost all of them.
    """
    parts: list[str] = []
    for name, tried in found.items():
        rows = [
            (_verdict(t), t.law.name.replace("_", " "), f"{t.examples} examples") for t in tried
        ]
        parts += [heading(name), table(*rows)]
        parts += [f"\n{trial.broken}" for trial in tried if trial.broken][:1]
    return "\n".join(parts)


def as_json(found: Found) -> str:
    """Return the trials as JSON."""
    pipelines = {
        name: [
            {
                "law": trial.law.name,
                "holds": trial.broken is None,
                "examples": trial.examples,
                "counterexample": str(trial.broken) if trial.broken else None,
            }
            for trial in tried
        ]
        for name, tried in found.items()
    }
    return json.dumps({"pipelines": pipelines}, indent=2)


def _verdict(trial: Trial) -> str:
    return "broken" if trial.broken else "holds"
