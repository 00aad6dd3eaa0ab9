"""What is wrong with what the plugin and the constructor say of a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, final

from typing_extensions import override

from tests.typesafety import steps as s
from tests.typesafety.building import Refusal
from tests.typesafety.checking import CRASH, Finding
from tests.typesafety.edits import Twin
from tests.typesafety.ledger import Kind, Mistake
from tests.typesafety.sources import Place, Source
from tests.typesafety.trees import walk


class Fault(Enum):
    """A way in which a verdict falls short."""

    MISSED = "a mistake that mypy does not find"
    REFUSED = "a right program that mypy refuses"
    CRASHED = "a program at which mypy ends"
    MISPLACED = "a message at another line"
    REPEATED = "several messages for one mistake"
    KEY = "a message without the key"
    SPELLING = "a message without the nearest spelling"
    STEP = "a message without the step"
    TYPES = "a message without the types"
    CODE = "a message under another code"
    CONTRADICTED = "a program that the constructor refuses and mypy does not"
    OTHER_KEY = "a program in which the constructor misses another key than mypy"
    UNBUILT = "a right program that the constructor refuses, or that fails"


# The plugin's own codes. What stands inside a lambda, or in an assignment, mypy says itself.
CODES: Final[dict[Kind, frozenset[str]]] = {
    "keys": frozenset({"runnable-keys"}),
    "types": frozenset({"runnable-types"}),
    "conflict": frozenset({"runnable-types"}),
    "both": frozenset({"runnable-keys", "runnable-types"}),
    "cases": frozenset({"runnable-cases"}),
    "input": frozenset({"runnable-input"}),
}
NAMES: Final[dict[type[s.Step], str]] = {
    s.Template: "template",
    s.Rename: "rename",
    s.Omit: "omit",
    s.Fan: "fanout",
    s.Many: "fanout",
    s.Each: "each",
    s.Fallback: "fallback",
    s.Branch: "branch",
    s.Route: "route",
    s.Bind: "bind",
    s.Pass: "passthrough",
    s.Seq: "pipe",
}


NO_INPUT: Final = "no input fits all"
OURS: Final = "runnable-"  # how the codes of the plugin begin


@final
@dataclass(frozen=True, slots=True)
class Case:
    """A program, what it is like, and what was said of it."""

    source: Source
    findings: Sequence[Finding]
    refusal: Refusal | None
    twin: Twin | None = None  # None for a right program
    failure: str | None = None  # of a right program that was run

    @override
    def __str__(self) -> str:
        said = [
            f"  {each.place.module}:{each.place.line}: {each.said}  [{each.code}]"
            for each in self.findings
        ]
        parts = [str(self.source), "mypy:", *(said or ["  nothing"])]
        if self.twin:
            lines = sorted(expected_lines(self.source, self.twin.mistake), key=str)
            where = ", ".join(f"{place.module}:{place.line}" for place in lines)
            parts += [f"edit: {self.twin.edit}", f"expected: {self.twin.mistake} at {where}"]
        if self.refusal:
            parts.append(f"constructor: {self.refusal.said}")
        if self.failure:
            parts.append(f"run: {self.failure}")
        return "\n".join(parts)


def faults_of(case: Case) -> list[Fault]:
    """Return how what was said of a program falls short."""
    if any(finding.code == CRASH for finding in case.findings):
        return [Fault.CRASHED]
    found = [*(_of_twin(case, case.twin) if case.twin else _of_right(case))]
    if case.refusal and not case.findings:
        found.append(Fault.CONTRADICTED)
    return found


def _of_right(case: Case) -> Iterator[Fault]:
    if case.findings:
        yield Fault.REFUSED
    if case.refusal or case.failure:
        yield Fault.UNBUILT


def _of_twin(case: Case, twin: Twin) -> Iterator[Fault]:
    if not case.findings:
        yield Fault.MISSED
        return
    lines = expected_lines(case.source, twin.mistake)
    if not any(finding.place in lines for finding in case.findings):
        yield Fault.MISPLACED
    if _messages(case, twin, lines) > 1:
        yield Fault.REPEATED
    # What is said of it is said at its line, where there is anything.
    at_line = [each for each in case.findings if each.place in lines] or [*case.findings]
    yield from _of_message(case, twin, at_line[0])
    key = case.refusal.key if case.refusal else None
    # What a function is declared to return, the constructor does not look at.
    same = len(set(twin.mistake.keys)) == 1 and twin.mistake.kind != "result"
    if key is not None and same and not any(quoted_in(key, each.said) for each in case.findings):
        yield Fault.OTHER_KEY


def _messages(case: Case, twin: Twin, lines: frozenset[Place]) -> int:
    """Return how many messages there are. What mypy itself says of a lambda's body is one."""
    own = [
        finding
        for finding in case.findings
        if twin.mistake.kind == "lambda"
        and finding.place in lines
        and not finding.code.startswith(OURS)
    ]
    return len(case.findings) - len(own) + bool(own)


def _of_message(case: Case, twin: Twin, finding: Finding) -> Iterator[Fault]:
    mistake, said = twin.mistake, finding.said
    if mistake.kind == "result" and not finding.code.startswith(OURS):
        return  # mypy's own words, about types
    if mistake.keys and not _one_named(mistake.keys, said) and not _overloaded(twin):
        yield Fault.KEY
    # mypy itself says which keys there are; the plugin says which one is meant.
    offer = said.partition("Did you mean")[2] if finding.code.startswith(OURS) else said
    # Of several keys that are wrong, one may be spelt right.
    spelt = mistake.kind == "both" and finding.code == "runnable-types"
    if mistake.near and not spelt and not _one_named(mistake.near, offer):
        yield Fault.SPELLING
    if not mistake.keys and not _says_types(mistake, said):
        yield Fault.TYPES
    if mistake.kind not in {"input", "lambda", "result"} and not _names_step(twin, said):
        yield Fault.STEP
    if finding.code not in _codes(case, twin, finding):
        yield Fault.CODE


def _codes(case: Case, twin: Twin, finding: Finding) -> frozenset[str]:
    mistake = twin.mistake
    own = case.source.places.get(mistake.at, frozenset())
    if mistake.kind in {"cases", "types"} and finding.place not in own:
        # Of what is around a choice it is said what it takes, and of a choice what it handles.
        return CODES["cases"] | CODES["types"]
    return CODES.get(mistake.kind, frozenset({finding.code}))


def expected_lines(source: Source, mistake: Mistake) -> frozenset[Place]:
    """Return where a mistake may be reported."""
    places = (source.places.get(at, frozenset[Place]()) for at in (mistake.at, *mistake.also))
    return frozenset[Place]().union(*places)


def quoted_in(name: str, said: str) -> bool:
    """Return whether a message names a key, in quotation marks of either kind."""
    return f'"{name}"' in said or f"'{name}'" in said


def _says_types(mistake: Mistake, said: str) -> bool:
    found = [word in said for word in mistake.words]
    # Where no input fits, one of those who disagree may be any other one.
    return any(found) if NO_INPUT in said.lower() and found else all(found)


def _one_named(names: tuple[str, ...], said: str) -> bool:
    return any(quoted_in(name, said) for name in names)


def _overloaded(twin: Twin) -> bool:
    """Return whether the step takes one of several things, of which none was meant more."""
    return any(isinstance(each, s.Call) and each.other for each in _steps_at(twin))


def _names_step(twin: Twin, said: str) -> bool:
    # Where no input fits all branches, each is named by its key or number, with what it takes.
    names = [name for step in _steps_at(twin) for name in _names_of(step)]
    return any(name in said.lower() for name in map(str.lower, (*names, NO_INPUT)))


def _steps_at(twin: Twin) -> list[s.Step]:
    steps = [step for each in twin.program.pipelines for step in walk(each.step)]
    return [step for step in steps if step.at in {twin.mistake.at, *twin.mistake.also}]


def _names_of(step: s.Step) -> list[str]:
    match step:
        case s.Call(name=name, form=form):
            return [name] if form != "class" else [name, "Row"]
        case s.Known(name=name):
            return [name, name.rpartition(".")[2]]
        case s.Generic(name=name):
            return [name]
        case s.Stored(name=name, step=inner):
            return [name, *(each for part in walk(inner) for each in _names_of(part))]
        case s.Template(chat=chat):
            return ["chat_template" if chat else "template"]
        case s.Assign(update=update):
            return ["update" if update else "assign"]
        case s.Tap(watch=watch):
            return [watch.name, "tap"]
        case s.Named(name=name, step=inner):
            return [name, *_names_of(inner)]
        case s.Attempt(step=inner) | s.Robust(step=inner):
            return _names_of(inner)
        case s.Pick():
            return ["pick", "itemgetter"]
        case _:
            return [NAMES.get(type(step), "lambda")]
