"""One pipeline, built again in any system: the fold of its tree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Generic, Literal, TypeVar, Union, assert_never, final

from combinators import Runnable, _nodes as n
from combinators.laws._systems import Kind, System
from combinators.laws._telling import is_pipeline
from combinators.laws.strategies._functions import Drawn

P = TypeVar("P")


def rebuilt(pipeline: Runnable[Any, Any], system: System[P]) -> P:
    """Return what `system` builds where this library built `pipeline`.

    What a `bind` chooses while it runs is rebuilt then.

    >>> from combinators import fanout, pick
    >>> from combinators.laws import OURS
    >>> rebuilt(fanout(low=min, high=max) | pick("low"), OURS)
    pipe(fanout(low=min, high=max), pick('low'))
    """
    return _Fold(system).of(pipeline.node)


@final
@dataclass(frozen=True)
class _Fold(Generic[P]):
    system: System[P]
    # What was made of drawn bodies, by these: one that stands in two places stays one.
    made: dict[int, tuple[Any, Any]] = field(default_factory=dict[int, tuple[Any, Any]])

    def __call__(self, chosen: Any) -> Any:
        """Return a pipeline that was chosen, rebuilt; what is none is passed on as it is."""
        return self.of(chosen.node) if is_pipeline(chosen) else chosen

    def of(self, node: n.Node) -> P:
        system = self.system
        match node:
            case n.Passthrough(kind):
                return system.passthrough(kind)
            case n.Step(sync, aio, _, inline):
                return system.lift(node.function, aio if sync else None, inline=inline)
            case n.Transform(sync, aio):
                return system.transform(node.function, aio if sync else None)
            case n.Pipe(steps):
                return system.pipe(*self._all(steps))
            case n.Fanout():
                return self._fanout(node)
            case n.Assign(keys, update, branches):
                named = dict(zip(keys, self._all(branches), strict=True))
                return system.update(named) if update else system.assign(named)
            case n.Each(element):
                return system.each(self.of(element))
            case n.Branch():
                arms = [(self._test(test), self.of(arm)) for test, arm in node.cases]
                return system.branch(arms, self._default(node.otherwise))
            case n.Route(key, names, arms):
                # A default stands behind the arms that have a name.
                chosen = dict(zip(names, self._all(arms), strict=False))
                otherwise = arms[-1] if len(arms) > len(names) else None
                return system.route(key, chosen, self._default(otherwise))
            case n.Bind(choose):
                return system.bind(self._choosing(choose))
            case n.Named(name, inner):
                return system.named(name, self.of(inner))
            case n.Tap(watch):
                return system.tap(self.of(watch))
            case n.Attempt(inner):
                return system.attempt(self.of(inner))
            case n.Retry(on, attempts, _, backoff):
                return system.retry(self.of(node.node), on, attempts, backoff)
            case n.Fallback(on):
                return reduce(lambda p, q: system.fallback(p, q, on), self._all(node.steps))
            case n.Timeout(seconds, inner):
                return system.timeout(self.of(inner), seconds)
            case n.Cached(maxsize, inside):
                return system.cached(*self._all(inside), maxsize=maxsize)
            case _:
                return self._leaf(node)

    def _leaf(
        self,
        node: n.Pick | n.Select | n.Rename | n.Omit | n.IsInstance | n.Template | n.ChatTemplate,
    ) -> P:
        system = self.system
        match node:
            case n.Pick(key):
                return system.pick(key)
            case n.Select(keys):
                return system.select(*keys)
            case n.Rename(news, olds):
                return system.rename(dict(zip(news, olds, strict=True)))
            case n.Omit(keys):
                return system.omit(*keys)
            case n.IsInstance():
                return system.branch([(Kind(_form(node)), system.lift(_yes))], system.lift(_no))
            case n.Template():
                return system.template(_text(node))
            case n.ChatTemplate(roles, templates):
                texts = [_text(template) for template in templates]
                return system.chat_template(dict(zip(roles, texts, strict=True)))
            case _:
                assert_never(node)

    def _all(self, nodes: tuple[n.Node, ...]) -> list[P]:
        return [self.of(node) for node in nodes]

    def _default(self, node: n.Node | None) -> P | None:
        return None if node is None else self.of(node)

    def _fanout(self, node: n.Fanout) -> P:
        branches = self._all(node.branches)
        if node.keys is None:
            return self.system.row(*branches)
        named = dict(zip(node.keys, branches, strict=True))
        if node.target is None:
            return self.system.fanout(named)
        return self.system.record(node.target, named)

    def _choosing(self, choose: n.Node) -> P:
        """Return what chooses in this system what `choose` chooses in ours."""
        match choose:
            case n.Step(sync, aio) if isinstance(choose.function, Drawn):
                return self.of(replace(choose, sync=self._within(sync), aio=self._within(aio)))
            case _:
                return self.system.pipe(self.of(choose), self.system.lift(self))

    def _within(self, body: Any) -> Any:
        """Return a drawn body that gives what is rebuilt of each output."""
        if body is None:
            return None
        if id(body) not in self.made:
            self.made[id(body)] = body, type(body)(*map(self, body.outputs))
        return self.made[id(body)][1]

    def _test(self, node: n.Node) -> P | Kind:
        return Kind(_form(node)) if isinstance(node, n.IsInstance) else self.of(node)


def _yes(_: object) -> bool:
    return True


def _no(_: object) -> bool:
    return False


def _form(node: n.IsInstance) -> Any:
    """Return the type whose values the test holds for."""
    literals = [Literal[value] for value in node.values]
    return Union[(*node.kinds, *literals)]


def _text(node: n.Template) -> str:
    texts: list[str] = []
    for literal, name in node.parts:
        texts.append(literal.replace("{", "{{").replace("}", "}}"))
        texts.append("" if name is None else f"{{{name}}}")
    return "".join(texts)
