"""Steps as source: each on a line of its own, with a mark that tells which one it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import indent
from typing import final

from tests.typesafety import steps as s
from tests.typesafety.functions import RUNNABLE, definition, expression
from tests.typesafety.names import Names, quoted

ROBUST = {
    "retry": "retry(on=ValueError, attempts=2)",
    "timeout": "timeout(seconds=60)",
    "cached": "cached()",
    "cached_by_key": "cached(key=repr)",
}
LAMBDAS = {
    "key": 'lambda d: d["{0}"]',
    "field": "lambda d: d.{0}",
    "upper": "lambda s: s.upper()",
    "pair": "lambda x: (x, x)",
}


@final
@dataclass(slots=True)
class Spelling:
    """The text of steps, and the definitions that it needs, in their order."""

    names: Names = field(default_factory=Names)
    functions: dict[str, str] = field(default_factory=dict[str, str])
    fragments: dict[str, str] = field(default_factory=dict[str, str])
    places: dict[str, str] = field(default_factory=dict[str, str])

    def step(self, step: s.Step) -> str:
        """Return a step as it is written where any step may stand."""
        match step:
            case s.Call(at):
                text = self._function(step)
            case s.Known(at, name) | s.Generic(at, name):
                text = name
            case s.Lambda(at, does, key, function):
                inner = f'x["{key}"]' if key else "x"
                text = LAMBDAS.get(does, "").format(key)
                if function:
                    text = f"lambda x: {self._function(function)}({inner})"
            case s.Pick(at, keys, "itemgetter"):
                text = f"itemgetter({_listed(keys)})"
            case s.Fan(at, _, "literal", None):
                text = self._braced(step)
            case s.Stored(at):
                text = self._stored(step)
            case _:
                return self.runnable(step)
        return f"{mark(at)}{text}"

    def runnable(self, step: s.Step) -> str:
        """Return a step as a Runnable, which operators and methods need."""
        match step:
            case s.Call() if step.form not in RUNNABLE:
                text = f"runnable({self._function(step)})"
            case s.Known(name=name) | s.Generic(name=name):
                text = f"pipe({name})"
            case s.Call() | s.Stored():
                return self.step(step)
            case s.Lambda():
                text = f"pipe({self.step(step)})"
            case s.Pick(keys=(_, _, *_), form="itemgetter"):
                text = f"pipe({self.step(step)})"  # it gives a tuple, `pick` a mapping
            case s.Template(names=names, chat=chat):
                text = _template(names, chat=chat)
            case s.Pick(keys=keys):
                text = f"pick({_listed(keys)})"
            case s.Fan():
                text = self._fanout(step)
            case s.Many(branches=(only,)):
                # A dict alone would be the fan-out itself.
                text = bracketed("fanout(", [self.runnable(only)], ")")
            case s.Many(branches=branches):
                text = bracketed("fanout(", map(self.step, branches), ")")
            case s.Each(step=inner, form="method"):
                text = f"{self.runnable(inner)}.each()"
            case s.Each(step=inner):
                text = bracketed("each(", [self.step(inner)], ")")
            case s.Named(step=inner, name=name):
                text = f"{self.runnable(inner)}.named({quoted(name)})"
            case s.Attempt(step=inner):
                text = f"{self.runnable(inner)}.attempt()"
            case s.Robust(step=inner, form=form):
                text = f"{self.runnable(inner)}.{ROBUST[form]}"
            case s.Fallback(step=inner, other=other):
                text = bracketed(f"{self.runnable(inner)}.fallback(", [self.step(other)], ")")
            case s.Branch() | s.Route():
                text = self._choice(step)
            case s.Bind(call=call):
                text = f"bind({self._chooser(call)})"
            case s.Pass(form=form):
                text = f"passthrough({'' if form is None else self.names.type_of(form)})"
            case s.Tap(watch=watch):
                text = f"passthrough().tap({self._function(watch)})"
            case s.Seq():
                return self._sequence(step)
            case s.Assign(branches=branches, update=update):
                text = bracketed("update(" if update else "assign(", self._keywords(branches), ")")
            case _:
                text = _renaming(step)
        return f"{mark(step.at)}{text}"

    # -- sequences --------------------------------------------------------------

    def _sequence(self, step: s.Seq) -> str:
        if step.form == "pipe":
            return bracketed(f"{mark(step.at)}pipe(", map(self.step, step.steps), ")")
        text = ""
        for position, inner in enumerate(step.steps):
            if position == 0:
                text = self._first(inner, step.steps[1] if len(step.steps) > 1 else None)
            elif method := self._method(inner):
                text = f"({wrapped(text)}){method}" if "\n" in text else f"{text}{method}"
            else:
                text += f"\n| {self._operand(inner)}"
        # What an operator makes begins where its first operand does.
        return f"{mark(step.at)}({wrapped(f'{mark(step.at)}{text}')})"

    def _first(self, first: s.Step, second: s.Step | None) -> str:
        """Return the first operand: `|` needs a Runnable on one side."""
        if _is_class(first):
            return self.runnable(first)  # whatever is on its right, `type.__or__` comes first
        if _is_runnable(first) or (second and _is_runnable(second) and not _is_method(second)):
            return self._operand(first)
        if isinstance(first, s.Lambda | s.Generic):
            return f"passthrough()\n| {self._operand(first)}"
        return self.runnable(first)

    def _operand(self, step: s.Step) -> str:
        text = self.step(step)
        return f"({text})" if isinstance(step, s.Lambda) else text

    def _method(self, step: s.Step) -> str | None:
        match step:
            case s.Pick(at, keys, "method"):
                return f"\n.pick({mark(at)}{_listed(keys)})"
            case s.Assign(at, branches, False, "method"):
                return f"\n{bracketed(f'.assign({mark(at)}', self._keywords(branches), ')')}"
            case s.Tap(at, watch):
                return f"\n.tap({mark(at)}{self._function(watch)})"
            case _:
                return None

    # -- branches ---------------------------------------------------------------

    def _fanout(self, step: s.Fan) -> str:
        if step.target is not None:
            first = self.names.type_of(step.target)
            return bracketed("fanout(", [first, *self._keywords(step.branches)], ")")
        if step.form == "keywords":
            return bracketed("fanout(", self._keywords(step.branches), ")")
        return f"fanout({self._braced(step)})"

    def _braced(self, step: s.Fan) -> str:
        entries = (f"{quoted(key)}: {self.step(each)}" for key, each in step.branches.items())
        return bracketed("{", entries, "}")

    def _keywords(self, branches: Mapping[str, s.Step]) -> list[str]:
        return [f"{key}={self.step(each)}" for key, each in branches.items()]

    def _choice(self, step: s.Branch | s.Route) -> str:
        last = [f"otherwise={self.step(step.otherwise)}"] if step.otherwise else []
        if isinstance(step, s.Branch):
            return bracketed("branch(", [*map(self._arm, step.arms), *last], ")")
        entries = (f"{quoted(name)}: {self.step(arm)}" for name, arm in step.arms.items())
        return bracketed("route(", [quoted(step.key), bracketed("{", entries, "}"), *last], ")")

    def _arm(self, arm: s.Arm) -> str:
        if arm.predicate:
            predicate = f"{mark(arm.predicate.at)}{self._function(arm.predicate)}"
            return f"when({predicate}, {self.step(arm.step)})"
        return f"case({self.names.type_of(arm.takes)}, {self.step(arm.step)})"

    # -- what is defined elsewhere ----------------------------------------------

    def _function(self, call: s.Call) -> str:
        self.functions[call.name] = definition(call, self.names)
        return expression(call, self.names)

    def _chooser(self, call: s.Call) -> str:
        takes, gives = self.names.type_of(call.takes), self.names.type_of(call.gives)
        self.functions[call.name] = definition(call, self.names)
        self.functions[f"choose_{call.name}"] = (
            f"def choose_{call.name}(x: {takes}) -> Runnable[{takes}, {gives}]:\n"
            f"    return runnable({call.name})"
        )
        return f"choose_{call.name}"

    def _stored(self, step: s.Stored) -> str:
        name = step.name
        if name not in self.fragments:
            self.fragments[name] = self._definition(step)
            self.places[name] = step.place
        forms = {"class": f"{name}_steps.{name}", "function": f"{name}()"}
        return forms.get(step.place, name)

    def _definition(self, step: s.Stored) -> str:
        name, text = step.name, self.runnable(step.step)
        if step.place == "class":
            return f"class {name}_steps:\n{indent(f'{name} = {text}', '    ')}"
        if step.types:
            types = ", ".join(map(self.names.type_of, step.types))
            returned = indent(f"return {mark(step.step.at)}{text}", "    ")
            return f"def {name}() -> Runnable[{types}]:\n{returned}"
        return f"{name} = {text}"


def mark(at: int) -> str:
    """Return what shows the place of a step in a text until the text is final."""
    return f"\x01{at}\x02"


def wrapped(text: str) -> str:
    return f"\n{indent(text, '    ')}\n"


def bracketed(opening: str, items: Iterable[str], closing: str) -> str:
    lines = "\n".join(f"{item}," for item in items)
    return f"{opening}{wrapped(lines)}{closing}" if lines else f"{opening}{closing}"


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(map(quoted, keys))


def _template(names: tuple[str, ...], *, chat: bool) -> str:
    if not chat:
        return f"template({quoted(' '.join(f'{{{name}}}' for name in names))})"
    roles = [f"system={quoted(f'About {{{names[0]}}}.')}"]
    rest = " ".join(f"{{{name}}}" for name in names[1:]) or "Well?"
    return f"chat_template({', '.join([*roles, f'user={quoted(rest)}'])})"


def _renaming(step: s.Rename | s.Omit) -> str:
    if isinstance(step, s.Omit):
        return f"omit({_listed(step.keys)})"
    pairs = (f"{new}={quoted(old)}" for new, old in step.olds.items())
    return f"rename({', '.join(pairs)})"


def _is_runnable(step: s.Step) -> bool:
    match step:
        case s.Call(form=form):
            return form in RUNNABLE
        case s.Known() | s.Generic() | s.Lambda():
            return False
        case s.Pick(form=form):
            return form != "itemgetter"
        case s.Fan(form=form, target=target):
            return form != "literal" or target is not None
        case _:
            return True


def _is_class(step: s.Step) -> bool:
    match step:
        case s.Call(form=form):
            return form == "class"
        case s.Known(name=name) | s.Generic(name=name):
            return name in {"str", "list"}
        case _:
            return False


def _is_method(step: s.Step) -> bool:
    match step:
        case s.Pick(form="method") | s.Assign(form="method", update=False) | s.Tap():
            return True
        case _:
            return False
