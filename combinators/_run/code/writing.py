"""Writes the code of a tree: straight lines, one assignment for each step that runs.

What no line can say (threads, tasks, choices) is the call of an operand that another module
builds. `python -m combinators explain` shows what comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias, final

from combinators import _nodes as n
from combinators._heap import Frame, on_heap
from combinators._run import mappings
from combinators._run.code.listing import (
    Built,
    Hop,
    Listing,
    Observed,
    Operand,
    Style,
    Sub,
    operand_name,
)
from combinators._run.code.places import Inside, Part, Place, Span, Stretch, steps_of
from combinators._run.code.promises import gives_no_awaitable
from combinators._run.observing.subjects import is_observed, joined
from combinators._run.steps import afolded, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from combinators._run.code.traits import Traits
    from combinators._run.mappings import Rearranging

Steps: TypeAlias = "tuple[n.Node, ...]"

# As many lines go into one function; what is larger is split. Long functions compile slowly.
LONGEST = 128


def _list(part: Part, style: Style, traits: Traits, said: str = "") -> Frame[Listing]:
    inside = part.node if isinstance(part, Inside) else None
    writer = _Writer(style, traits, said, inside)
    span = part.node if isinstance(part, Inside) else part
    yield writer.part(span, "x", "x", Place(span))
    return writer.listing


listing = on_heap(_list)
listing.__doc__ = "Return the code of a part of a tree."


@final
@dataclass(frozen=True, slots=True)
class _Dict:
    """What is known of a dict: keys that it has, and whether it has no others."""

    keys: frozenset[str] = frozenset()
    closed: bool = False

    def plus(self, keys: Iterable[str]) -> _Dict:
        """Return what is known when keys were set."""
        return _Dict(self.keys.union(keys), self.closed)


@final
class _Writer:
    """Writes the lines of one function."""

    def __init__(self, style: Style, traits: Traits, said: str, inside: n.Node | None) -> None:
        self.listing = Listing()
        self._said = said  # where the function is, inside of the run that is told of
        self._inside = inside  # the node of that run, where it is the whole of the function
        self._style = style
        self._traits = traits
        self._registers = 0
        self._dicts: dict[str, _Dict] = {}  # variables that hold a dict which was made right here
        self._texts: dict[str, str] = {}  # operands that are text, each named once

    # -- nodes ------------------------------------------------------------------

    def part(self, part: Span, of: str, to: str, place: Place) -> Frame[None]:
        """Write what puts into `to` the result of a part on the input in `of`."""
        if self._hops(part):
            self._set(to, self._hop(part, of, place), place)
            return
        if self._style.observed and part is not self._inside and is_observed(part):
            self._set(to, self._watched(part, of, place), place)
            return
        match part:
            case n.Passthrough():
                self._copy(of, to, place)
            case n.Step() | n.Transform():
                self._step(part, of, to, place)
            case n.Pipe(steps):
                yield self._steps(Stretch(steps), of, to, place)
            case Stretch():
                yield self._steps(part, of, to, place)
            case n.Named(_, inner):
                yield self._inlined(inner, of, to, place.inside(inner))
            case n.Tap(watch):
                yield self._inlined(watch, of, self._register(), place.inside(watch))
                self._copy(of, to, place)
            case n.Fanout() | n.Assign():
                yield self._parallel(part, of, to, place)
            case n.Cached():  # what tells inputs apart is called in place
                self._set(to, self._call(Built(part, (0,)), of), place)
            case (
                n.Each() | n.Branch() | n.Route() | n.Bind() | n.Attempt()
                | n.Retry() | n.Fallback() | n.Timeout()
            ):  # fmt: skip
                every = tuple(range(len(part.children)))
                self._set(to, self._call(Built(part, every), of), place)
            case _:
                self._rearranged(part, of, to, place)

    def _inlined(self, node: n.Node, of: str, to: str, place: Place) -> Frame[None]:
        """Write a node here; where there are many lines already, the call of its program."""
        if len(self.listing.lines) < LONGEST or not node.children:
            yield self.part(node, of, to, place)
        else:
            self._set(to, self._call(Sub(node, self._at(place)), of), place)

    def _step(self, node: n.Step | n.Transform, of: str, to: str, place: Place) -> None:
        if self._style.aio and node.aio is not None:
            body = self._operand(partial(afolded, node) if _streams(node) else node.aio)
            started = f"{body}({of})"
            if self._style.limited:  # what is watched has been let through
                way = "hosted" if node is self._inside else "gated"
                started = f"{way}({body}, {of}, call)"
            self._set(to, f"await {started}", place)
        else:
            sync = partial(folded, node) if _streams(node) else node.function
            self._set(to, f"{self._operand(sync)}({of})", place)
            self._looked_at(node, to, place)

    def _looked_at(self, node: n.Step | n.Transform, result: str, place: Place) -> None:
        if not _streams(node) and not gives_no_awaitable(node.function):
            self._say(f"if type({result}) not in PLAIN: look({result})", place)

    def _steps(self, stretch: Stretch, of: str, to: str, place: Place) -> Frame[None]:
        for index, steps in self._pieces(stretch.steps):
            piece = Stretch(steps, stretch.first + index)
            if len(steps) == 1:
                yield self._inlined(steps[0], of, to, place.inside(steps[0], index))
            elif self._hops(piece):
                self._set(to, self._hop(piece, of, place), place)
            else:
                self._set(to, self._call(Sub(piece, self._at(place)), of), place)
            of = to

    def _pieces(self, steps: Steps) -> Iterator[tuple[int, Steps]]:
        """Yield the steps that are written as one line, or alone, with the index of the first."""
        if len(steps) > LONGEST:
            length = max(LONGEST, math.isqrt(len(steps)))
            yield from ((i, steps[i : i + length]) for i in range(0, len(steps), length))
            return
        index = 0
        for hops, run in groupby(steps, self._may_hop):
            together = tuple(run)
            if hops and not self._are_cheap(together):
                yield index, together
            else:
                yield from ((i, (step,)) for i, step in enumerate(together, index))
            index += len(together)

    def _parallel(self, node: n.Fanout | n.Assign, of: str, to: str, place: Place) -> Frame[None]:
        if isinstance(node, n.Fanout):
            results = yield self._branches(node, of, place)
            self._assemble(node, results, to, place)
            return
        known = self._dicts.get(of, _Dict())
        base = self._unassigned(node, of, known, place)
        results = yield self._branches(node, of, place)
        whole = f"{{**{base}, {self._entries(node.keys, results)}}}"
        self._set(to, whole, place, known.plus(node.keys))

    def _unassigned(self, node: n.Assign, of: str, known: _Dict, place: Place) -> str:
        """Write what makes sure that keys can be assigned; return the variable of the mapping."""
        there = known.keys.issuperset if node.update else known.keys.isdisjoint
        if there(node.keys) and (node.update or known.closed):
            return of
        base, words = self._register(), "in" if node.update else "not in"
        tests = [f"{self._operand(key)} {words} {of}" for key in node.keys]
        general = f"{self._operand(partial(mappings.unassigned, node))}({of})"
        self._set(
            base, f"{of} if {' and '.join([f'type({of}) is dict', *tests])} else {general}", place
        )
        return base

    def _assemble(self, node: n.Fanout, results: list[str], to: str, place: Place) -> None:
        if node.keys is None:
            self._set(to, f"({''.join(f'{result}, ' for result in results)})", place)
            return
        whole = f"{{{self._entries(node.keys, results)}}}"
        if node.target is None:
            self._set(to, whole, place, _Dict(frozenset(node.keys), closed=True))
        else:
            self._set(to, f"{self._operand(node.target)}(**{whole})", place)

    def _entries(self, keys: Iterable[str], values: Iterable[str]) -> str:
        pairs = zip(keys, values, strict=True)
        return ", ".join(f"{self._operand(key)}: {value}" for key, value in pairs)

    def _branches(self, node: n.Fanout | n.Assign, of: str, place: Place) -> Frame[list[str]]:
        """Write the branches, the cheap ones first; return the variables that hold the results."""
        results: list[str] = []
        waiting: list[int] = []
        for index, branch in enumerate(node.branches):
            cheap = id(branch) in self._traits.cheap and not self._style.watch
            results.append(of if cheap and isinstance(branch, n.Passthrough) else self._register())
            if not cheap:
                waiting.append(index)
            elif results[-1] != of:
                yield self._inlined(branch, of, results[-1], place.inside(branch, index))
        if len(waiting) == 1 and not self._style.watch and not self._style.aio:
            branch = node.branches[waiting[0]]
            self._alone(branch, of, results[waiting[0]], place.inside(branch, waiting[0]))
        elif waiting:
            names = [results[index] for index in waiting]
            to = f"{', '.join(names)}{',' * (len(names) == 1)}"
            self._set(to, self._call(Built(node, tuple(waiting)), of), place)
        return results

    def _alone(self, branch: n.Node, of: str, to: str, place: Place) -> None:
        """Write the only branch that may wait: it runs here, in a context of its own."""
        self._say("if call.team: call.team.check()", place.outside or place)
        if isinstance(branch, n.Step) and not branch.streams and not self._style.observed:
            self._set(to, f"copy_context().run({self._operand(branch.function)}, {of})", place)
            self._looked_at(branch, to, place)
        else:
            name = self._operand(Sub(branch, self._at(place)))
            self._set(to, f"copy_context().run({name}, {of}, call)", place)

    def _rearranged(self, node: Rearranging, of: str, to: str, place: Place) -> None:
        """Write a step that only rearranges its input: in place where that is a dict."""
        keys = mappings.keys_read(node)
        result = _Dict(frozenset(node.keys), closed=True) if isinstance(node, n.Select) else None
        if keys is not None and of in self._dicts and self._dicts[of].keys.issuperset(keys):
            self._set(to, self._value(node, of, keys), place, result)
            return
        general = f"{self._operand(partial(mappings.PROGRAMS[type(node)], node))}({of})"
        if keys is None:
            self._set(to, general, place)
            return
        # Other mappings, and dicts that make up what they lack, are read with more care.
        value = f"{self._value(node, of, keys)} if type({of}) is dict else {general}"
        self._say("try:", place)
        self._set(f"    {to}", value, place)
        self._say("except KeyError:", place)
        self._set(f"    {to}", general, place)
        self._know(to, result)

    def _value(self, node: Rearranging, of: str, keys: Iterable[str]) -> str:
        values = {key: f"{of}[{self._operand(key)}]" for key in keys}
        match node:
            case n.Template(parts):
                texts = (self._text(text, name and values[name]) for text, name in parts)
                return f'f"{"".join(texts)}"'
            case n.Select():
                return f"{{{self._entries(values, values.values())}}}"
            case _:
                (value,) = values.values()
                return value

    def _text(self, text: str, value: str | None) -> str:
        before = f"{{{self._operand(text)}}}" if text else ""
        return before if value is None else f"{before}{{{value}!s}}"

    # -- lines ------------------------------------------------------------------

    def _say(self, line: str, place: Place) -> None:
        self.listing.lines.append(line)
        self.listing.places.append(place)

    def _set(self, to: str, value: str, place: Place, known: _Dict | None = None) -> None:
        self._say(f"{to} = {value}", place)
        self._know(to, known)

    def _know(self, variable: str, known: _Dict | None) -> None:
        self._dicts.pop(variable, None)
        if known is not None:
            self._dicts[variable] = known

    def _copy(self, of: str, to: str, place: Place) -> None:
        if to != of:
            self._set(to, of, place, self._dicts.get(of))

    def _operand(self, operand: Operand) -> str:
        operands = self.listing.operands
        if type(operand) is str and operand in self._texts:
            return self._texts[operand]
        operands.append(operand)
        name = operand_name(len(operands) - 1)
        if type(operand) is str:
            self._texts[operand] = name
        return name

    def _register(self) -> str:
        self._registers += 1
        return f"r{self._registers - 1}"

    def _at(self, place: Place) -> str:
        """Return where a place is, inside of the run that is told of."""
        return joined(self._said, place.path) if self._style.observed else ""

    def _watched(self, node: n.Node, of: str, place: Place) -> str:
        operand = Observed(node, self._at(place))
        if self._style.limited and isinstance(node, n.Step | n.Transform) and node.aio is not None:
            # It begins when it may run: what it waits for that is no part of it.
            return f"await gated_run({self._operand(operand)}, {of}, call)"
        return self._call(operand, of)

    def _call(self, program: Sub | Observed | Built, of: str) -> str:
        call = f"{self._operand(program)}({of}, call)"
        return f"await {call}" if self._style.aio else call

    def _hop(self, part: Part, of: str, place: Place) -> str:
        name = self._operand(Hop(part, self._at(place)))
        return (
            f"await gated_hop({name}, {of}, call)"
            if self._style.limited
            else f"await hop({name}, {of}, CALL)"
        )

    # -- questions --------------------------------------------------------------

    def _hops(self, part: Part) -> bool:
        """Return whether a thread of the pool runs a part of what an event loop runs."""
        steps = steps_of(part)
        return all(map(self._may_hop, steps)) and not self._are_cheap(steps)

    def _may_hop(self, node: n.Node) -> bool:
        return self._style.aio and id(node) in self._traits.threadable

    def _are_cheap(self, steps: Steps) -> bool:
        return all(id(step) in self._traits.cheap for step in steps)


def _streams(node: n.Step | n.Transform) -> bool:
    return isinstance(node, n.Transform) or node.streams
