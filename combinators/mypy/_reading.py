"""From expressions to steps: whatever stands where a step is expected.

A type says enough, but for two: a dict literal, whose keys its type forgets, and a lambda,
whose type waits for its input. So calls that wait for theirs are read again, where they
stand in another; messages then also name the place of what is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, final

from mypy.checker import TypeChecker
from mypy.errors import ErrorInfo
from mypy.nodes import (
    ARG_POS,
    ArgKind,
    CallExpr,
    Context,
    DictExpr,
    Expression,
    LambdaExpr,
    MemberExpr,
    OpExpr,
    RefExpr,
)
from mypy.typeops import try_getting_str_literals
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    NoneType,
    ProperType,
    Type,
    UnionType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._asking import forget, type_of
from combinators.mypy._composing import composed, finished
from combinators.mypy._decoding import RUNNABLE, is_open, name_of, read_type
from combinators.mypy._functions import function_of
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._naming import last_name_at, name_at
from combinators.mypy._records import ANY


@final
@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """An argument: the expression, and how it is passed."""

    expression: Expression
    passed: ArgKind = ARG_POS
    name: str | None = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of a builder: who reads it, its arguments, and where it stands."""

    reader: Reader
    arguments: Sequence[Argument]
    at: Context

    @property
    def checker(self) -> TypeChecker:
        """The type checker."""
        return self.reader.checker

    @property
    def mistakes(self) -> Mistakes:
        """Where to add what is wrong."""
        return self.reader.mistakes

    @property
    def positional(self) -> list[Expression]:
        """The arguments without a name."""
        return [each.expression for each in self.arguments if each.passed.is_positional()]

    @property
    def named(self) -> dict[str, Expression]:
        """The arguments with a name."""
        return {each.name: each.expression for each in self.arguments if each.name is not None}

    @property
    def is_starred(self) -> bool:
        """Whether nobody can count the arguments."""
        return any(each.passed.is_star() for each in self.arguments)

    def branches(self) -> dict[str, s.Step]:
        """Return the named arguments as steps."""
        return {key: self.reader.step(each, f'branch "{key}"') for key, each in self.named.items()}

    def optional(self, name: str) -> s.Step | None:
        """Return the named argument as a step, None where it is left out or None."""
        given = self.named.get(name)
        if given is None or isinstance(get_proper_type(self.reader.type_of(given)), NoneType):
            return None
        return self.reader.step(given, name)

    def only(self, where: str) -> s.Step | None:
        """Return the only argument as a step, None where there are others."""
        if self.is_starred or len(self.positional) != 1:
            return None
        return self.reader.step(self.positional[0], where)

    def texts(self, expressions: Iterable[Expression]) -> list[str] | None:
        """Return the strings that expressions certainly are, None where one is not known."""
        texts = [self.reader.text(each) for each in expressions]
        known = [each for each in texts if each is not None]
        return known if len(known) == len(texts) and not self.is_starred else None

    def finished(self, how: s.How) -> s.How:
        """Return the same, closed if all steps inside it are and it is read once."""
        if self.reader.reads_again:
            return how
        return finished(self.mistakes, s.Step(how, name_of(how), self.at))


Builder: TypeAlias = Callable[[Call], "s.How | None"]


@final
class Reader:
    """Reads expressions at one place, with the builders that it knows."""

    def __init__(
        self,
        mistakes: Mistakes,
        builders: Mapping[str, Builder],
        methods: Mapping[str, Builder],
        within: Context,
        *,
        reads_again: bool = False,
    ) -> None:
        self.mistakes = mistakes
        self.within = within
        self.reads_again = reads_again
        self.checker = mistakes.checker
        self.builders = builders
        self.methods = methods

    # -- steps ---------------------------------------------------------------------------

    def step(self, expression: Expression, where: str) -> s.Step:
        """Return what stands where a step is expected; what is none is a mistake."""
        how = self._how(expression)
        name = name_at(expression)
        if isinstance(how, s.Step):
            return how
        if how is not None:
            return s.Step(how, name or name_of(how), expression)
        self.mistakes.no_step(Place(where, expression), self.type_of(expression))
        return s.Step(s.Closed(ANY, ANY), name or "step", expression)

    def _how(self, expression: Expression) -> s.How | s.Step | None:
        match expression:
            case LambdaExpr():
                return self._lambda(expression)
            case DictExpr() if (keys := self.keys_of(expression)) is not None:
                self._forget(expression, lambda said: said.message.startswith("Dict entry"))
                values = (value for _, value in expression.items)
                return self.fan(dict(zip(keys, values, strict=True)), expression)
            case CallExpr() | OpExpr() if is_open(self.type_of(expression)):
                how = self.read_again(expression)
                if how is not None:
                    return how
            case _:
                pass
        return self._of_type(expression)

    def _of_type(self, expression: Expression) -> s.Step | None:
        type_ = self.type_of(expression)
        found = read_type(self.checker, type_, "", expression)
        if found is None:
            return None
        name = name_at(expression) or name_of(found.how)
        inside = partial(self.inside, expression) if isinstance(expression, CallExpr) else None
        return s.Step(found.how, name, expression, found.type, inside)

    def inside(self, expression: CallExpr) -> s.How | None:
        """Return a fan-out, or what else has steps inside, with those that a call gives it."""
        again = self.again()
        how = again.called(expression)
        return how if how is not None and s.children(how) and not again.mistakes.found else None

    def again(self) -> Reader:
        """Return the same for what was read before: what is wrong with it by itself was said."""
        mistakes = Mistakes(self.checker)
        return Reader(mistakes, self.builders, self.methods, self.within, reads_again=True)

    def chain(self, expression: Expression, where: str) -> s.Step:
        """Return what stands on the left of `|`: by its type alone, or chains would be slow."""
        type_ = self.type_of(expression)
        if isinstance(expression, OpExpr) and not (is_open(type_) and _has_lambda(expression)):
            found = read_type(self.checker, type_, last_name_at(expression), expression)
            if found is not None:
                return found
        step = self.step(expression, where)
        return replace(step, name=last_name_at(expression) or step.name)

    def _lambda(self, expression: LambdaExpr) -> s.How | None:
        required = [kind for kind in expression.arg_kinds if kind.is_required()]
        if not expression.arguments or len(required) > 1:
            return None
        type_ = get_proper_type(self.type_of(expression))
        is_odd = self._forget(expression, _depends_on_input)
        if is_odd or not _takes_anything(type_):  # it was typed for what stands beside it
            anything = function_of(self.checker, ANY, ANY)
            type_ = get_proper_type(self.checker.expr_checker.accept(expression, anything))
        if not isinstance(type_, FunctionLike):
            return s.Closed(ANY, ANY)
        return s.Lambda(expression, type_)

    def _forget(self, at: Expression, is_beside_the_point: Callable[[ErrorInfo], bool]) -> bool:
        if self.reads_again:  # what is left was said for good
            return False
        return forget(self.checker, at, is_beside_the_point, within=self.within)

    def fan(self, branches: Mapping[str, Expression], at: Context) -> s.How:
        """Return the fan-out to these branches, which messages name one by one."""
        steps = {key: self.step(value, f'branch "{key}"') for key, value in branches.items()}
        before = len(self.mistakes.found)
        closed = finished(self.mistakes, s.Step(s.Fanout(steps), "fanout", at))
        return s.Fanout(steps) if len(self.mistakes.found) == before else closed

    def keys_of(self, display: DictExpr) -> list[str] | None:
        """Return the keys of a dict literal, None where one is not a literal string."""
        found: list[str] = []
        for key, _ in display.items:
            texts = None if key is None else try_getting_str_literals(key, self.type_of(key))
            if texts is None or len(texts) != 1:
                return None
            found += texts
        return found

    def read_again(self, expression: CallExpr | OpExpr) -> s.How | None:
        """Return what an expression with a lambda in it does, now that the input is known."""
        again = self.again()
        if isinstance(expression, OpExpr):
            sides = [again.step(expression.left, ""), again.step(expression.right, "")]
            return composed(again.mistakes, sides, expression)
        return again.called(expression)

    def called(self, expression: CallExpr) -> s.How | None:
        """Return what a call builds, None where it is not that of a builder."""
        passed = zip(expression.args, expression.arg_kinds, expression.arg_names, strict=True)
        arguments = [Argument(*each) for each in passed]
        callee = expression.callee
        if isinstance(callee, RefExpr) and callee.fullname in self.builders:
            return self.builders[callee.fullname](Call(self, arguments, expression))
        if isinstance(callee, MemberExpr) and callee.name in self.methods:
            receiver = Argument(callee.expr)
            return self.methods[callee.name](Call(self, [receiver, *arguments], expression))
        return None

    # -- types ---------------------------------------------------------------------------

    def type_of(self, expression: Expression) -> Type:
        """Return the type that mypy gave the expression."""
        return type_of(self.checker, expression)

    def text(self, expression: Expression) -> str | None:
        """Return the string that an expression certainly is."""
        type_ = get_proper_type(self.type_of(expression))
        if isinstance(type_, Instance) and type_.last_known_value is not None:
            type_ = type_.last_known_value
        texts = try_getting_str_literals(expression, type_)
        return texts[0] if texts is not None and len(texts) == 1 else None

    def wanted(self) -> Type | None:
        """Return the type that is wanted of the expression being typed, None for any."""
        return self.checker.expr_checker.type_context[-1]

    def expected(self) -> s.Closed | None:
        """Return what is wanted of the pipeline being typed, None where that is not one thing."""
        context = self.wanted()
        wanted = None if context is None else get_proper_type(context)
        each = wanted.items if isinstance(wanted, UnionType) else [wanted]
        ends = [found for found in map(_ends_wanted, each) if found is not None]
        return ends[0] if len(ends) == 1 else None


def _ends_wanted(type_: Type | None) -> s.Closed | None:
    proper = None if type_ is None else get_proper_type(type_)
    if isinstance(proper, Instance) and proper.type.fullname == RUNNABLE:
        return s.Closed(*proper.args)
    if isinstance(proper, CallableType) and len(proper.arg_types) == 1:
        return s.Closed(proper.arg_types[0], proper.ret_type)
    return None


def _has_lambda(expression: Expression | None) -> bool:
    match expression:
        case LambdaExpr():
            return True
        case CallExpr(callee=callee, args=args):
            receiver = [callee.expr] if isinstance(callee, MemberExpr) else []
            return any(map(_has_lambda, [*args, *receiver]))
        case OpExpr(left=left, right=right):
            return _has_lambda(left) or _has_lambda(right)
        case DictExpr(items=items):
            return any(_has_lambda(value) for _, value in items)
        case _:
            return False


# What mypy says of a body for the types of its parameters: typed for another, it says that again.
# The rest, such as a name that is not defined, it says but once.
_OF_TYPES = frozenset(
    {"arg-type", "attr-defined", "call-overload", "index", "operator", "union-attr"}
)


def _depends_on_input(said: ErrorInfo) -> bool:
    return said.code is not None and said.code.code in _OF_TYPES


def _takes_anything(type_: ProperType) -> bool:
    return isinstance(type_, CallableType) and isinstance(
        get_proper_type(type_.arg_types[0]), AnyType
    )
