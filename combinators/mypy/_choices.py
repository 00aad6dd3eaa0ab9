"""What `branch`, `case`, `when`, `route` and `bind` build."""

from __future__ import annotations

from mypy.nodes import (
    CallExpr,
    DictExpr,
    Expression,
    IndexExpr,
    NameExpr,
    OpExpr,
    RefExpr,
    StrExpr,
    TypeAlias,
    TypeInfo,
)
from mypy.types import (
    AnyType,
    Instance,
    NoneType,
    TupleType,
    Type,
    TypedDictType,
    TypeType,
    UnionType,
    get_proper_type,
)
from mypy.typevars import fill_typevars_with_any

from combinators.mypy import _steps as s
from combinators.mypy._backward import backward
from combinators.mypy._decoding import name_of, read_type
from combinators.mypy._encoding import ends
from combinators.mypy._fitting import common
from combinators.mypy._forward import forward
from combinators.mypy._joint import Flowing, type_of_flow
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._reading import Call, Reader
from combinators.mypy._records import ANY

CHOICE = "combinators._build.choice"
CASE, WHEN = f"{CHOICE}.case", f"{CHOICE}.when"
CASE_CLASS, WHEN_CLASS = f"{CHOICE}.Case", f"{CHOICE}.When"


def branch(call: Call) -> s.How | None:
    """Return the choice of the first arm whose test holds."""
    if call.is_starred:
        return None
    arms = [_arm(call, each) for each in call.positional]
    known = tuple(each for each in arms if each is not None)
    otherwise = call.optional("otherwise")
    if not arms:
        call.mistakes.call(Place("branch", call.at), "needs a case")
    if not arms or len(known) < len(arms):
        return None
    if otherwise is None and any(isinstance(each.test, s.Step) for each in known):
        call.mistakes.call(Place("branch", call.at), "with a when needs otherwise=")
        return None
    return call.finished(s.Branch(known, otherwise))


def _arm(call: Call, expression: Expression) -> s.Arm | None:
    reader = call.reader
    if isinstance(expression, CallExpr) and isinstance(expression.callee, RefExpr):
        match expression.callee.fullname, expression.args:
            case "combinators._build.choice.case", [case, step]:
                form = form_of(reader, case)
                if form is None:
                    return None
                return s.Arm(form, _told(call, reader.step(step, "the step"), form))
            case "combinators._build.choice.when", [predicate, step]:
                steps = [reader.step(each, "the step") for each in (predicate, step)]
                takes = common(call.checker, [ends(call.checker, each)[0] for each in steps])
                if takes is None:
                    return s.Arm(*map(_unknown, steps))
                return s.Arm(steps[0], _told(call, steps[1], takes))
            case _:
                pass
    proper = get_proper_type(reader.type_of(expression))
    if isinstance(proper, AnyType):
        return None
    if isinstance(proper, Instance) and proper.type.fullname in {CASE_CLASS, WHEN_CLASS}:
        takes, gives = proper.args
        chosen = s.Step(s.Closed(takes, gives), "step", expression)
        if proper.type.fullname == CASE_CLASS:
            return s.Arm(takes, chosen)
        truth = s.Closed(takes, call.checker.named_type("builtins.bool"))
        return s.Arm(s.Step(truth, "predicate", expression), chosen)
    call.mistakes.no_arm(Place("branch", expression), proper)
    return None


def _told(call: Call, step: s.Step, form: Type) -> s.Step:
    """Return the step of a case, which takes what it gets if the case said that it does not."""
    trial = Mistakes(call.checker)
    gives = forward(trial, step, Flowing(form), Place(step.name, step.at))
    if not trial.found:
        return step
    return s.Step(s.Closed(form, type_of_flow(gives)), step.name, step.at)


def _unknown(step: s.Step) -> s.Step:
    return s.Step(s.Closed(ANY, ANY), step.name, step.at)


def form_of(reader: Reader, expression: Expression) -> Type | None:
    """Return the type that an expression says, None where it says none that is known."""
    match expression:
        case NameExpr(fullname="builtins.None"):
            return NoneType()
        case RefExpr(node=TypeInfo() as info):
            return fill_typevars_with_any(info)
        case RefExpr(node=TypeAlias(target=target)):
            return target
        case IndexExpr(as_type=parsed) | OpExpr(as_type=parsed) | StrExpr(as_type=parsed):
            return parsed if isinstance(parsed, Type) else None
        case _:
            proper = get_proper_type(reader.type_of(expression))
            return proper.item if isinstance(proper, TypeType) else None


def is_told(form: Type) -> bool:
    """Return whether a look at a value tells that it is of a type."""
    proper = get_proper_type(form)
    match proper:
        case UnionType(items=items):
            return all(map(is_told, items))
        case Instance(type=info, args=args):
            if info.is_newtype or info.typeddict_type is not None:
                return False
            is_class = not info.is_protocol or info.runtime_protocol
            return is_class and all(isinstance(get_proper_type(arg), AnyType) for arg in args)
        case TupleType(partial_fallback=fallback):
            return fallback.type.is_named_tuple
        case _:
            return not isinstance(proper, TypedDictType)


def route(call: Call) -> s.How | None:
    """Return the choice of the arm that is named by the value under a key."""
    match call.positional:
        case [first, DictExpr(items=items)] if not call.is_starred:
            key = call.reader.text(first)
        case _:
            return None
    arms = [
        (_literal(call.reader, name), call.reader.step(step, f"arm {i}"))
        for i, (name, step) in enumerate(items, start=1)
        if name is not None  # of `**`
    ]
    if key is None or len(arms) < len(items):
        return None
    how = s.Route(key, tuple(arms), call.optional("otherwise"))
    if how.otherwise is not None:
        return call.finished(how)
    before = len(call.mistakes.found)  # open: whether all keys have an arm is seen by the input
    backward(call.mistakes, s.Step(how, name_of(how), call.at))
    return how if len(call.mistakes.found) == before else None


def _literal(reader: Reader, name: Expression) -> Type:
    proper = get_proper_type(reader.type_of(name))
    if isinstance(proper, Instance) and proper.last_known_value is not None:
        return proper.last_known_value
    return proper


def bind(call: Call) -> s.How | None:
    """Return the step that runs what a function chooses."""
    choose = call.only("the function")
    if choose is None:
        return None
    if not isinstance(choose.how, s.Closed):
        return s.Bind(choose)
    gives = get_proper_type(choose.how.gives)
    chosen = read_type(call.checker, gives, choose.name, choose.at)
    if chosen is None or isinstance(gives, NoneType):
        call.mistakes.no_runnable(Place("bind", choose.at), gives)
        return s.Closed(ANY, ANY)
    place = Place("what bind chooses", choose.at)
    result = forward(call.mistakes, chosen, Flowing(choose.how.takes), place)
    return s.Closed(choose.how.takes, type_of_flow(result))
