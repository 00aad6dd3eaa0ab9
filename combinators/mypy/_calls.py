"""Calls of builders and of methods that build.

The arguments have been let through; here they are read, and what is wrong is said.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mypy.checker import TypeChecker
from mypy.nodes import (
    CallExpr,
    Context,
    Expression,
    MemberExpr,
    TempNode,
)
from mypy.plugin import FunctionContext, MethodContext
from mypy.subtypes import is_subtype
from mypy.types import (
    AnyType,
    ExtraAttrs,
    Instance,
    LiteralType,
    TupleType,
    Type,
    TypeVarType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._asking import beyond_trials, forget
from combinators.mypy._builders import BUILDERS, FUNCTION, METHODS, READ, UNKNOWN, method_type
from combinators.mypy._choices import CHOICE, form_of, is_told
from combinators.mypy._composing import closed_at, finished, with_lambdas_typed
from combinators.mypy._decoding import KEYS, is_open, name_of
from combinators.mypy._encoding import as_type, ends, runnable
from combinators.mypy._fitting import common, misfit, names_key
from combinators.mypy._forward import forward
from combinators.mypy._joint import Flowing, Joint, type_of_flow
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._reading import Argument, Call, Reader
from combinators.mypy._records import ANY, instance_of, is_demand, literal, lost
from combinators.mypy._relaxing import checker_of, refused

RUNNABLE_BUILDER: Final = f"{FUNCTION}.runnable"


def reader_of(ctx: FunctionContext | MethodContext) -> Reader:
    """Return a reader of the expressions around a call, with no mistakes yet."""
    return Reader(Mistakes(checker_of(ctx)), BUILDERS, READ, ctx.context)


def built(fullname: str, ctx: FunctionContext) -> Type:
    """Return the type of what a builder builds."""
    reader, arguments = reader_of(ctx), arguments_of(ctx)
    name = fullname.rpartition(".")[2]
    if not isinstance(ctx.context, CallExpr):
        _forget_decorated(reader.checker, name, ctx.context)
    if _is_refused(reader, fullname, arguments, ctx.context):
        return settled(reader, None, name, ctx.context)
    if fullname == RUNNABLE_BUILDER:
        return _decorated(reader, ctx, arguments)
    return settled(
        reader, BUILDERS[fullname](Call(reader, arguments, ctx.context)), name, ctx.context
    )


def _forget_decorated(checker: TypeChecker, name: str, at: Context) -> None:
    """Take back what mypy said of the function below a decorator: it asks for no signature."""
    beginnings = (
        f'Argument 1 to "{name}" has incompatible type',
        f'No overload variant of "{name}"',
    )
    forget(checker, at, lambda said: said.message.startswith(beginnings), within=at)


def _is_refused(reader: Reader, fullname: str, arguments: Sequence[Argument], at: Context) -> bool:
    """Return whether the builder cannot be called like this, after adding why."""
    kinds, names = [each.passed for each in arguments], [each.name for each in arguments]
    reason = refused(reader.checker, fullname, kinds, names)
    if reason is not None:
        reader.mistakes.call(Place(f"{fullname.rpartition('.')[2]}()", at), reason)
    return reason is not None


def decorated(ctx: MethodContext) -> Type:
    """Return the type of what `@runnable(...)` makes of a function."""
    return _decorated(reader_of(ctx), ctx, arguments_of(ctx))


def _decorated(
    reader: Reader, ctx: FunctionContext | MethodContext, arguments: Sequence[Argument]
) -> Type:
    positional = [each for each in arguments if each.passed.is_positional()]
    if not arguments or (not positional and not any(each.passed.is_star() for each in arguments)):
        return instance_of(reader.checker, FUNCTION, "Decorator")
    if len(positional) == 1:
        function = get_proper_type(reader.type_of(positional[0].expression))
        method = method_type(reader.checker, function)
        if method is not None and (
            _in_class(reader.checker) or not isinstance(ctx.context, CallExpr)
        ):
            return method
    how = BUILDERS[RUNNABLE_BUILDER](Call(reader, arguments, ctx.context))
    return settled(reader, how, "runnable", ctx.context)


def _in_class(checker: TypeChecker) -> bool:
    return checker.scope.active_class() is not None


def method(name: str, ctx: MethodContext) -> Type:
    """Return the type of what a method of a pipeline builds."""
    reader = reader_of(ctx)
    receiver = Argument(receiver_of(ctx, name))
    how = METHODS[name](Call(reader, [receiver, *arguments_of(ctx)], ctx.context))
    _forget_self(reader.checker, ctx.context)
    if name == "named" and not reader.mistakes.found:
        return ctx.type
    return settled(reader, how, name, ctx.context)


def _forget_self(checker: TypeChecker, at: Context) -> None:
    """Take back what mypy said of the receiver: methods on mappings declare what they take.

    For checkers without the plugin that is all there is; here the step that is wrong is named.
    """
    beginnings = ("Invalid self argument", 'Error code "misc" not covered')
    forget(
        checker,
        at,
        lambda said: said.line == at.line and said.message.startswith(beginnings),
        within=at,
    )


def receiver_of(ctx: MethodContext, name: str) -> Expression:
    """Return the expression whose method of this name is called."""
    match ctx.context:
        case CallExpr(callee=MemberExpr(name=called) as callee) if called == name:
            return callee.expr
        case _:
            return TempNode(ctx.type, context=ctx.context)


def arm(fullname: str, ctx: FunctionContext) -> Type:
    """Return the type of a case, or of a `when`."""
    reader, checker, name = reader_of(ctx), checker_of(ctx), fullname.rpartition(".")[2]
    if _is_refused(reader, fullname, arguments_of(ctx), ctx.context):
        reader.mistakes.tell()
        return ANY
    expressions = [each.expression for each in arguments_of(ctx) if each.passed.is_positional()]
    if len(expressions) != len(("test", "step")):
        return ANY
    step = reader.step(expressions[1], "the step")
    if name == "case":
        takes, steps, source = form_of(reader, expressions[0]) or ANY, [step], "its type"
        if not is_told(takes):
            reader.mistakes.no_case(takes, expressions[0])
    else:
        steps = [reader.step(expressions[0], "the predicate"), step]
        takes, source = _shared(reader, steps, ctx.context), "its input"
    gives: Type = ANY
    for each in steps:
        # A lambda in a `when` is typed where the branch stands: it may get something narrower.
        waits = name == "when" and s.has_lambda(each)
        mistakes = Mistakes(checker) if waits else reader.mistakes
        place = Place(f"the {name} ({each.name})", each.at)
        gives = type_of_flow(forward(mistakes, each, Flowing(takes, source), place))
    reader.mistakes.tell()
    return instance_of(checker, CHOICE, name.capitalize(), [takes, gives])


def _shared(reader: Reader, steps: Sequence[s.Step], at: Context) -> Type:
    takes = [ends(reader.checker, each)[0] for each in steps]
    found = common(reader.checker, takes)
    if found is None:
        names = [f"the predicate ({steps[0].name})", f"the step ({steps[1].name})"]
        reader.mistakes.no_common_input(list(zip(names, takes, strict=True)), at)
    return found or ANY


def identity(ctx: FunctionContext) -> Type:
    """Return the type of a passthrough, of which the declared type may be known."""
    if not is_open(ctx.default_return_type):
        return ctx.default_return_type
    return settled(reader_of(ctx), s.Passthrough(), "passthrough", ctx.context)


def keyed(ctx: FunctionContext) -> Type:
    """Return the type of an `itemgetter`, with the keys that it reads kept beside it."""
    result = get_proper_type(ctx.default_return_type)
    reader = reader_of(ctx)
    keys = [_key(reader, each.expression) for each in arguments_of(ctx)]
    known = [each for each in keys if each is not None]
    if not isinstance(result, Instance) or len(known) < len(keys):
        return ctx.default_return_type
    items = TupleType(list(known), reader.checker.named_generic_type("builtins.tuple", [ANY]))
    made = result.copy_modified()
    made.extra_attrs = ExtraAttrs({KEYS: items})
    return made


def _key(reader: Reader, expression: Expression) -> Type | None:
    text = reader.text(expression)
    if text is not None:
        return literal(reader.checker, text)
    proper = get_proper_type(reader.type_of(expression))
    known = proper.last_known_value if isinstance(proper, Instance) else proper
    return known if isinstance(known, LiteralType) else None


def settled(reader: Reader, how: s.How | None, name: str, at: Context) -> Type:
    """Return the type for what is built, closed if what is wanted of it says its input.

    What is wrong is said here.
    """
    mistakes, checker = reader.mistakes, reader.checker
    step = s.Step(UNKNOWN if how is None else how, name or name_of(how or UNKNOWN), at)
    expected = reader.expected()
    if expected is not None and not mistakes.found:
        step = replace(step, how=_as_wanted(mistakes, step, expected))
    with beyond_trials(checker, at):
        mistakes.tell()
    if mistakes.found:
        takes, gives = ends(checker, step)
        if is_demand(get_proper_type(takes)):  # it may be what is wrong: said once is enough
            takes = ANY
        if isinstance(get_proper_type(gives), AnyType):
            gives = lost(checker)
        made, wanted = runnable(checker, takes, gives), reader.wanted()
        return made if wanted is None or is_subtype(made, wanted) else wanted
    if isinstance(step.how, s.Fanout):  # of a dict literal that was one of several steps
        step = replace(step, how=finished(mistakes, step))
    return as_type(checker, replace(step, how=with_lambdas_typed(mistakes, step)))


def _as_wanted(mistakes: Mistakes, step: s.Step, expected: s.Closed) -> s.How:
    if _is_variable(expected.takes) or _is_variable(expected.gives):
        return step.how
    source = "its declared input"
    joint = Joint(mistakes, Flowing(expected.takes, source), Place(f"the {step.name}", step.at))
    if not joint.need(ends(mistakes.checker, step)[0]):
        return step.how
    how = closed_at(mistakes, step, expected.takes, source)
    if not isinstance(how, s.Closed):
        return step.how
    checker = mistakes.checker
    takes, gives = how.takes, how.gives
    if not is_subtype(expected.takes, takes) and not misfit(checker, expected.takes, takes):
        takes = expected.takes
    if not is_subtype(gives, expected.gives):
        found = misfit(checker, gives, expected.gives)
        if found is None:
            gives = expected.gives
        elif names_key(found):  # of the rest mypy says as much
            place = Place("what is declared", step.at)
            mistakes.misfit(place, f"the {step.name}", gives, found, expected.gives)
    return s.Closed(takes, gives)


def _is_variable(type_: Type) -> bool:
    proper = get_proper_type(type_)
    return isinstance(proper, TypeVarType) and proper.id.is_meta_var()


def arguments_of(ctx: FunctionContext | MethodContext) -> list[Argument]:
    """Return the arguments of a call in the order written, each once."""
    given: dict[Expression, Argument] = {}  # a starred argument may meet several parameters
    for expressions, passed, names in zip(ctx.args, ctx.arg_kinds, ctx.arg_names, strict=True):
        for each in map(Argument, expressions, passed, names):
            given[each.expression] = each
    return list(given.values())
