"""What the plugin says, in the words of the pipeline, and under which codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import final

from mypy.checker import TypeChecker
from mypy.errorcodes import ErrorCode
from mypy.errors import ErrorInfo
from mypy.messages import format_type, format_type_distinctly
from mypy.nodes import Context
from mypy.types import Type, UnionType, get_proper_type

from combinators.mypy import _steps as s
from combinators.mypy._fitting import Misfit, Missing, Path, misfit, odd_key, under
from combinators.mypy._records import element_of, is_demand, values_of

_GROUP = "Combinators"
KEYS = ErrorCode("runnable-keys", "Check that the keys of a pipeline line up", _GROUP)
TYPES = ErrorCode("runnable-types", "Check that steps of a pipeline fit together", _GROUP)
CASES = ErrorCode("runnable-cases", "Check that a choice handles all values it gets", _GROUP)
INPUT = ErrorCode("runnable-input", "Check that inputs of a pipeline are what it takes", _GROUP)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """A message, its code, and the place in the source that it is about."""

    text: str
    code: ErrorCode
    at: Context


@final
@dataclass(slots=True, eq=False)
class Mistakes:
    """What is wrong so far; said at the end, so that a trial run can be forgotten.

    Beside our own there is what mypy says of the body of a lambda.
    """

    checker: TypeChecker
    found: list[Mistake | ErrorInfo] = field(default_factory=list["Mistake | ErrorInfo"])

    def add(self, text: str, code: ErrorCode, at: Context) -> None:
        """Add a mistake."""
        first = text.partition(" ")[0]
        is_code = "(" in first  # `batch()` is no word to begin with a capital
        self.found.append(Mistake(text if is_code else text[:1].upper() + text[1:], code, at))

    def tell(self) -> None:
        """Report all mistakes."""
        for each in self.found:
            if isinstance(each, ErrorInfo):
                self.checker.msg.add_errors([each])
            else:
                self.checker.fail(each.text, each.at, code=each.code)

    # -- one method a kind of mistake --------------------------------------------------

    def misfit(self, place: Place, source: str, given: Type, found: Misfit, wanted: Type) -> None:
        """Add that a step does not take what flows into it."""
        if isinstance(found, Missing):
            self.missing(place, source, found)
            return
        if found.path:
            gives, takes = self._distinct(found.given, found.wanted)
            keys = " > ".join(f'"{key}"' for key in found.path if key is not None)
            where = _inside(found.path) if None in found.path else f" under the key {keys}"
            text = f"{place.name} takes {takes}{where}, but {source} gives {gives} there"
            self.add(text, TYPES, place.at)
            return
        proper = get_proper_type(wanted)
        if is_demand(proper) and values_of(get_proper_type(given)) is None:
            self.no_mapping(place, source, sorted(proper.items), given)
            return
        gives, takes = self._distinct(given, wanted)
        unhandled = self._unhandled(given, wanted)
        rest = f": nothing in it handles {unhandled}" if unhandled else ""
        code = CASES if unhandled and place.chooses else TYPES
        self.add(f"{place.name} takes {takes}, but {source} gives {gives}{rest}", code, place.at)

    def missing(self, place: Place, source: str, found: Missing) -> None:
        """Add that a key is needed which is not there."""
        if found.removed:
            why = f"which is no longer there after {source}"
        elif found.key in found.offered:
            why = f"which {source} may leave out"
        else:
            why = f"which {source} does not give; it gives {listed(found.offered)}"
            why += nearest(found.key, found.offered)
        text = f'{place.name} needs the key "{found.key}"{_inside(found.path)}, {why}'
        self.add(text, KEYS, place.at)

    def twice(self, place: Place, source: str, key: str, fix: str) -> None:
        """Add that a key is given which is there already."""
        self.add(
            f'{place.name} gives the key "{key}", which {source} gives already; {fix}',
            KEYS,
            place.at,
        )

    def no_mapping(self, place: Place, source: str, keys: Sequence[str], given: Type) -> None:
        """Add that a step which reads keys gets no mapping."""
        wanted = f" with the {_keys(keys)}" if keys else ""
        gives = format_type(given, self.checker.options)
        text = f"{place.name} takes a mapping{wanted}, but {source} gives {gives}"
        self.add(text, TYPES, place.at)

    def no_elements(self, place: Place, source: str, given: Type) -> None:
        """Add that what flows is one value to `each`."""
        gives = format_type(given, self.checker.options)
        text = f"{place.name} takes a list, or another iterable of elements, but {source} gives "
        self.add(f"{text}{gives}", TYPES, place.at)

    def no_common_input(self, steps: Sequence[tuple[str, Type]], at: Context) -> None:
        """Add that no value could be the input of all steps."""
        options, key = self.checker.options, odd_key(self.checker, [type_ for _, type_ in steps])
        there = "" if key is None else f' under the key "{key}"'
        elements = [(name, element_of(type_) or type_) for name, type_ in steps]
        if key is None and (key := odd_key(self.checker, [type_ for _, type_ in elements])):
            steps, there = elements, f' under the key "{key}" of each element'
        if key is not None:
            steps = [(name, under(type_, key)) for name, type_ in steps]
        takes = ", ".join(f"{name} takes {format_type(type_, options)}" for name, type_ in steps)
        self.add(f"No input fits all steps: {takes}{there}", TYPES, at)

    def whole_mapping(self, key: str, step: s.Step, takes: Type, mapping: Type) -> None:
        """Add that a branch which gets a mapping takes none, or one with another value in it."""
        odd = odd_key(self.checker, [takes, mapping])
        if odd is None:
            wants = format_type(takes, self.checker.options)
            text = f"takes {wants}, but is given the whole mapping"
        else:
            gives, wants = self._distinct(under(mapping, odd), under(takes, odd))
            text = f'takes {wants} under the key "{odd}", but what comes after takes {gives} there'
        self.add(f'branch "{key}" ({step.name}) {text}', TYPES, step.at)

    def no_step(self, place: Place, given: Type) -> None:
        """Add that something is no step."""
        text = (
            f"{place.name} is {format_type(given, self.checker.options)}, which is no step: "
            "a step is a Runnable, a callable of one argument, or a dict of steps"
        )
        self.add(text, TYPES, place.at)

    def no_runnable(self, place: Place, given: Type) -> None:
        """Add that a function which is to choose a step gives none."""
        gives = format_type(given, self.checker.options)
        self.add(
            f"{place.name} takes a function that gives a Runnable, this one gives {gives}",
            TYPES,
            place.at,
        )

    def no_item(self, place: Place, source: str, key: object, given: Type) -> None:
        """Add that what flows has no such item."""
        gives = format_type(given, self.checker.options)
        self.add(
            f"{place.name} takes what has an item {key!r}, but {source} gives {gives}",
            TYPES,
            place.at,
        )

    def field(self, place: Place, key: str, given: Type, wanted: Type) -> None:
        """Add that a branch gives a field a value of another type."""
        gives, takes = self._distinct(given, wanted)
        self.add(
            f'{place.name} gives {gives}, but the field "{key}" takes {takes}', TYPES, place.at
        )

    def fields(self, place: Place, text: str) -> None:
        """Add that branches are not the fields of a class."""
        self.add(f"{place.name} {text}", KEYS, place.at)

    def no_arm(self, place: Place, given: Type) -> None:
        """Add that something is no arm of a branch."""
        gives = format_type(given, self.checker.options)
        self.add(
            f"{place.name} takes cases, as case(...) and when(...) make them, not {gives}",
            TYPES,
            place.at,
        )

    def no_chunks(self, place: Place, given: Type, kinds: Sequence[str]) -> None:
        """Add that a function does not go from chunks to chunks of one of these kinds."""
        first, *others = (f"an {kind.rpartition('.')[2]}" for kind in kinds)
        takes = ", or ".join([f"a body takes {first} and gives one", *others])
        text = (
            f"{place.name} is {format_type(given, self.checker.options)}, which does not go from "
            f"chunks to chunks: {takes}"
        )
        self.add(text, TYPES, place.at)

    def bodies(self, verb: str, aio: Type, first: Type, at: Context) -> None:
        """Add that the async body of a step takes or gives something else than the other."""
        theirs, ours = self._distinct(aio, first)
        text = f"the async body {verb} {theirs}, but the other body {verb} {ours}"
        self.add(text, TYPES, at)

    def call(self, place: Place, text: str) -> None:
        """Add that a builder cannot be called like this."""
        self.add(f"{place.name} {text}", TYPES, place.at)

    def template(self, at: Context, text: str) -> None:
        """Add that a template cannot be read; the words are those of the library."""
        self.found.append(Mistake(text.splitlines()[0], KEYS, at))

    def no_case(self, form: Type, at: Context) -> None:
        """Add that values of a type cannot be told from others."""
        text = (
            f"case() takes what can be told by looking at a value, not "
            f"{format_type(form, self.checker.options)}; write when(predicate, step)"
        )
        self.add(text, TYPES, at)

    def no_inputs(self, place: Place, given: Type) -> None:
        """Add that what is to be many inputs is none."""
        gives = format_type(given, self.checker.options)
        self.add(f"{place.name} takes many inputs in an iterable, not {gives}", INPUT, place.at)

    def unhandled(self, place: Place, source: str, key: str, members: Sequence[Type]) -> None:
        """Add that a choice has no arm for some values."""
        options = self.checker.options
        names = " or ".join(format_type(each, options) for each in members)
        text = f'{place.name} has no arm for {names}, which {source} gives under "{key}"'
        self.add(text, CASES, place.at)

    def _unhandled(self, given: Type, wanted: Type) -> str:
        proper = get_proper_type(given)
        if not isinstance(proper, UnionType):
            return ""
        left = [item for item in proper.items if misfit(self.checker, item, wanted)]
        if len(left) == len(proper.items):
            return ""
        return " or ".join(format_type(each, self.checker.options) for each in left)

    def _distinct(self, given: Type, wanted: Type) -> tuple[str, str]:
        gives, takes = format_type_distinctly(given, wanted, options=self.checker.options)
        return gives, takes


@final
@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a step is: what messages call it, and the expression."""

    name: str
    at: Context
    chooses: bool = False

    def inside(self, segment: str, at: Context, *, chooses: bool = False) -> Place:
        """Return the place of a step inside this one."""
        return Place(f"{segment} of {self.name}" if self.name else segment, at, chooses)


def _inside(path: Path) -> str:
    """Return where in a value something is, as a sentence goes on to say it."""
    return "".join(" in each element" if key is None else f' under "{key}"' for key in path)


def listed(keys: Sequence[str]) -> str:
    """Return the keys as they are named in a sentence."""
    if not keys:
        return "no keys"
    *first, last = [f'"{key}"' for key in keys]
    return f"{', '.join(first)} and {last}" if first else last


def nearest(key: str, offered: Sequence[str]) -> str:
    """Return the question for the nearest spelling, if one is near."""
    found = get_close_matches(key, offered, n=1)
    return f'. Did you mean "{found[0]}"?' if found else ""


def _keys(keys: Sequence[str]) -> str:
    return f"key {listed(keys)}" if len(keys) == 1 else f"keys {listed(keys)}"
