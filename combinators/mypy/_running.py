"""Running a pipeline: whether the input fits, and the type of what comes out."""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mypy.checker import TypeChecker
from mypy.erasetype import remove_instance_last_known_values
from mypy.expandtype import expand_type
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import (
    CallExpr,
    Decorator,
    DictExpr,
    Expression,
    FuncDef,
    ListExpr,
    OverloadedFuncDef,
    RefExpr,
    StarExpr,
    TupleExpr,
    Var,
)
from mypy.plugin import MethodContext, MethodSigContext
from mypy.subtypes import is_same_type, is_subtype
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    LiteralType,
    ProperType,
    Type,
    TypedDictType,
    UnionType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._calls import arguments_of, reader_of, receiver_of
from combinators.mypy._decoding import RUNNABLE
from combinators.mypy._encoding import ends
from combinators.mypy._forward import forward
from combinators.mypy._joint import Flowing, Joint, type_of_flow
from combinators.mypy._mistakes import INPUT, Mistake, Mistakes, Place
from combinators.mypy._naming import name_at
from combinators.mypy._reading import Reader
from combinators.mypy._records import (
    ANY,
    element_of,
    fresh,
    inside,
    is_fresh,
    spelt,
    union_of,
    whole,
)
from combinators.mypy._relaxing import checker_of

ONE: Final = frozenset({"__call__", "invoke", "ainvoke", "stream", "astream"})
MANY: Final = frozenset({"batch", "abatch", "batch_as_completed", "abatch_as_completed"})
INPUTS: Final = ONE | MANY
CHUNKS: Final = frozenset({"stream", "astream"})
ITERABLES: Final = ("typing.Iterable", "typing.AsyncIterable")


def relaxed_input(ctx: MethodSigContext) -> FunctionLike:
    """Return the signature with an input of any type: it is compared in the result hook."""
    signature = ctx.default_signature
    if not signature.arg_types:
        return signature
    anything = checker_of(ctx).named_type("builtins.object")
    return signature.copy_modified(arg_types=[anything, *signature.arg_types[1:]])


def run(name: str, ctx: MethodContext) -> Type:
    """Return the type of what running a pipeline gives, after saying what its input lacks."""
    reader, checker = reader_of(ctx), checker_of(ctx)
    arguments = arguments_of(ctx)
    if not arguments or arguments[0].passed.is_star():
        return ctx.default_return_type
    step = reader.step(receiver_of(ctx, name), "the pipeline")
    match ctx.context:
        case CallExpr(callee=RefExpr(node=Var()) as callee) if name == "__call__":
            step = replace(step, name=name_at(callee))
        case _:
            pass
    inputs = _inputs(reader, step, arguments[0].expression, name)
    results = [_fed(reader, step, *each) for each in inputs]
    reader.mistakes.tell()
    if reader.mistakes.found or not results:
        return reader.wanted() or ctx.default_return_type
    out = union_of(results)
    if name in MANY:
        out = inside(out)
    made = _result(ctx, name, chunk(checker, out) if name in CHUNKS else out)
    return _as_wanted(get_proper_type(made), reader.wanted())


def _as_wanted(made: ProperType, wanted: Type | None) -> ProperType:
    """Return the type of a result; a list that was just made may hold more than it does."""
    if not isinstance(made, Instance) or made.type.fullname != "builtins.list" or wanted is None:
        return made
    proper = get_proper_type(wanted)
    if not isinstance(proper, Instance) or proper.type is not made.type:
        return made
    return proper if is_subtype(made.args[0], proper.args[0]) else made


def _fed(reader: Reader, step: s.Step, type_: Type, at: Expression) -> Type:
    """Return what the pipeline gives for an input, after adding what is wrong with that."""
    place = Place(f'"{step.name}"' if step.name else "the pipeline", at)
    flowing = Flowing(remove_instance_last_known_values(type_), "the input")
    found = Mistakes(reader.checker)
    # What the pipeline as a whole takes first: of a key that several branches need, one mistake.
    Joint(found, flowing, place).need(ends(reader.checker, step)[0])
    gives = ANY if found.found else forward(found, step, flowing, place)
    reader.mistakes.found += [
        Mistake(each.text, INPUT, at) if isinstance(each, Mistake) else each for each in found.found
    ]
    return whole(reader.checker, type_of_flow(gives))


def _inputs(
    reader: Reader, step: s.Step, given: Expression, name: str
) -> list[tuple[Type, Expression]]:
    """Return the types of the inputs, and where they stand; of a list, of each item."""
    takes, _ = ends(reader.checker, step)
    if name in ONE:
        return [(_typed(reader, given, takes), given)]
    if isinstance(given, ListExpr | TupleExpr) and not any(
        isinstance(each, StarExpr) for each in given.items
    ):
        return [(_typed(reader, each, takes), each) for each in given.items]
    inputs = get_proper_type(reader.type_of(given))
    element = _element_of(reader.checker, inputs)
    if element is None:
        reader.mistakes.no_inputs(Place(f"{name}()", given), inputs)
    return [] if element is None else [(element, given)]


def _element_of(checker: TypeChecker, inputs: ProperType) -> Type | None:
    """Return the type of one of many inputs, None where they are no such thing."""
    if isinstance(inputs, UnionType):
        each = [_element_of(checker, get_proper_type(item)) for item in inputs.items]
        known = [item for item in each if item is not None]
        return make_simplified_union(known) if len(known) == len(each) else None
    if isinstance(inputs, Instance):
        for info in inputs.type.mro:
            if info.fullname in ITERABLES:
                return map_instance_to_supertype(inputs, info).args[0]
    forms = [checker.named_generic_type(name, [ANY]) for name in ITERABLES]
    if isinstance(inputs, Instance) and any(is_subtype(inputs, form) for form in forms):
        return ANY  # an iterable by its methods alone
    return element_of(inputs)


def _typed(reader: Reader, given: Expression, takes: Type) -> Type:
    """Return the type of an input; of a dict literal, with its keys."""
    wanted = get_proper_type(takes)
    if isinstance(given, DictExpr) and (keys := reader.keys_of(given)) is not None:
        items = wanted.items if isinstance(wanted, TypedDictType) else {}
        values: Mapping[str, Expression] = dict(
            zip(keys, (value for _, value in given.items), strict=True)
        )
        return fresh(
            reader.checker,
            {
                key: _typed(reader, value, items.get(spelt(items, key) or "", ANY))
                for key, value in values.items()
            },
        )
    if isinstance(wanted, AnyType):
        return reader.type_of(given)
    with reader.checker.msg.filter_errors() as errors:
        type_ = reader.checker.expr_checker.accept(given, takes)
    if errors.has_new_errors():
        return reader.type_of(given)
    # A literal is as good as any that is wanted: where it ends up, one of those may be.
    is_one = isinstance(get_proper_type(type_), LiteralType) and isinstance(wanted, UnionType)
    return takes if is_one and is_subtype(type_, wanted) else type_


def _result(ctx: MethodContext, name: str, out: Type) -> Type:
    """Return the result that this method has where the pipeline gives `out`."""
    receiver = get_proper_type(ctx.type)
    if not isinstance(receiver, Instance):
        return ctx.default_return_type
    info = next(each for each in receiver.type.mro if each.fullname == RUNNABLE)
    _, default = map_instance_to_supertype(receiver, info).args
    variable = info.defn.type_vars[1]
    for item in _items(info.names[name].node):
        if is_same_type(
            expand_type(item.ret_type, {variable.id: default}), ctx.default_return_type
        ):
            return expand_type(item.ret_type, {variable.id: out})
    return out if name in {"__call__", "invoke"} else ctx.default_return_type


def _items(node: object) -> list[CallableType]:
    if isinstance(node, OverloadedFuncDef | FuncDef | Decorator):
        type_ = get_proper_type(node.type)
        return list(type_.items) if isinstance(type_, FunctionLike) else []
    return []


def chunk(checker: TypeChecker, out: Type) -> Type:
    """Return the type of the chunks that come together as `out`: of mappings, some keys."""
    proper = get_proper_type(out)
    if not is_fresh(proper):
        return out
    items = {key: chunk(checker, value) for key, value in proper.items.items()}
    return fresh(checker, items).copy_modified(required_keys=set())
