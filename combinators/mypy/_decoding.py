"""From types to steps: what a value of some type does as a step."""

from __future__ import annotations

from collections.abc import Mapping

from mypy.checker import TypeChecker
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import Context
from mypy.types import (
    AnyType,
    FunctionLike,
    Instance,
    LiteralType,
    LiteralValue,
    NoneType,
    ProperType,
    TupleType,
    Type,
    TypedDictType,
    TypeVarType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._fitting import common
from combinators.mypy._functions import as_how, signature_of, takes_one
from combinators.mypy._records import ANY, OPEN, dict_of, union_of, values_of

FACE = "combinators._runnable"
RUNNABLE = f"{FACE}.Runnable"
PASSTHROUGH = f"{FACE}.OpenPassthrough"
ITEMGETTER = "operator.itemgetter"
DEEPEST = 64  # a TypedDict may hold itself
KEYS = "combinators keys"  # what an itemgetter reads, beside its type


def read_type(checker: TypeChecker, type_: Type, name: str, at: Context) -> s.Step | None:
    """Return what a value of this type does as a step, None where it cannot be one.

    Args:
        name: what messages call the step
        at: where it stands
    """
    proper = get_proper_type(type_)
    how = _Reader(checker, at).how(proper)
    return None if how is None else s.Step(how, name, at, proper if is_runnable(proper) else None)


def is_runnable(type_: ProperType) -> bool:
    """Return whether a value of this type is a pipeline."""
    return isinstance(type_, Instance) and type_.type.has_base(RUNNABLE)


def is_open(type_: Type) -> bool:
    """Return whether a type is that of a pipeline which waits for its input."""
    proper = get_proper_type(type_)
    return isinstance(proper, Instance) and (
        proper.type.fullname == PASSTHROUGH or proper.type.module_name == OPEN
    )


class _Reader:
    """Reads a type that stands at one place; what is inside it stands there too."""

    def __init__(self, checker: TypeChecker, at: Context) -> None:
        self.checker = checker
        self.at = at
        self.depth = 0

    def step(self, type_: Type, name: str | None = None) -> s.Step:
        proper = get_proper_type(type_)
        how = self.how(proper) or s.Closed(ANY, ANY)
        kept = proper if is_runnable(proper) else None
        return s.Step(how, name or name_of(how), self.at, kept)

    def how(self, type_: ProperType) -> s.How | None:
        if self.depth > DEEPEST or isinstance(type_, AnyType | UninhabitedType):
            return s.Closed(ANY, ANY)
        self.depth += 1
        try:
            return self._how(type_)
        finally:
            self.depth -= 1

    def _how(self, type_: ProperType) -> s.How | None:
        if isinstance(type_, UnionType):
            return self._any_of(type_)
        if isinstance(type_, TypedDictType):
            return s.Fanout(self._steps(type_.items))
        if isinstance(type_, TypeVarType) and values_of(get_proper_type(type_.upper_bound)):
            return self.how(get_proper_type(type_.upper_bound))
        if isinstance(type_, Instance):
            if type_.type.has_base(RUNNABLE):
                return self._runnable(type_)
            if type_.type.has_base(ITEMGETTER):
                return self._picks(type_)
            if (step := values_of(type_)) is not None:
                return self._unknown_keys(step)
        if isinstance(type_, NoneType):
            return None
        signature = signature_of(self.checker, type_)
        if signature is None or not any(map(takes_one, signature.items)):
            return None
        return as_how(signature)

    def _any_of(self, type_: UnionType) -> s.How | None:
        hows = [self.how(get_proper_type(item)) for item in type_.items]
        if any(each is None for each in hows):
            return None
        closed = [each for each in hows if isinstance(each, s.Closed)]
        if len(closed) < len(hows):
            return s.Closed(ANY, ANY)
        takes = common(self.checker, [each.takes for each in closed])
        return s.Closed(takes or ANY, union_of([each.gives for each in closed]))

    def _unknown_keys(self, step: Type) -> s.How | None:
        proper = get_proper_type(step)
        is_object = isinstance(proper, Instance) and proper.type.fullname == "builtins.object"
        how = s.Closed(ANY, ANY) if is_object else self.how(proper)
        if how is None:
            return None
        takes = how.takes if isinstance(how, s.Closed) else ANY
        return s.Closed(takes, dict_of(self.checker, ANY))

    def _picks(self, type_: Instance) -> s.How:
        keys = None if type_.extra_attrs is None else type_.extra_attrs.attrs.get(KEYS)
        if not isinstance(keys, TupleType):
            return s.Closed(ANY, ANY)
        hows = [picked(_value(key)) for key in keys.items]
        if len(hows) == 1:
            return hows[0]
        return s.Positional(tuple(s.Step(how, "itemgetter", self.at) for how in hows))

    def _runnable(self, type_: Instance) -> s.How:
        if type_.type.fullname == PASSTHROUGH:
            return s.Passthrough()
        if type_.type.module_name == OPEN:
            return self._open(type_.type.name, get_proper_type(type_.args[2]))
        info = next(info for info in type_.type.mro if info.fullname == RUNNABLE)
        takes, gives = map_instance_to_supertype(type_, info).args
        if isinstance(get_proper_type(takes), UninhabitedType):
            return s.Closed(ANY, gives)  # nothing has said yet what a lambda in it takes
        return s.Closed(takes, gives)

    def _open(self, name: str, how: ProperType) -> s.How:
        match name:
            case "OpenFunction" if isinstance(how, FunctionLike):
                return s.Function(how)
            case "OpenPick":
                return picked(_value(how))
            case "OpenSelect":
                return s.Select(_texts(how))
            case "OpenOmit":
                return s.Omit(_texts(how))
            case "OpenRename" if isinstance(how, TypedDictType):
                return s.Rename({new: str(_value(old)) for new, old in how.items.items()})
            case "OpenAssign" | "OpenUpdate" if isinstance(how, TypedDictType):
                return s.Assign(self._steps(how.items), update=name == "OpenUpdate")
            case "OpenEach":
                return s.Each(self.step(how))
            case "OpenAttempt":
                return s.Attempt(self.step(how))
            case "OpenTap":
                return s.Tap(self.step(how))
            case "OpenBind":
                return s.Bind(self.step(how))
            case "OpenFanout" if isinstance(how, TypedDictType):
                return s.Fanout(self._steps(how.items))
            case _ if isinstance(how, TupleType):
                return self._of_tuple(name, how)
            case _:
                return s.Closed(ANY, ANY)

    def _of_tuple(self, name: str, how: TupleType) -> s.How:
        items = [get_proper_type(item) for item in how.items]
        match name, items:
            case "OpenPipe", _:
                return s.Pipe(tuple(self.step(item) for item in items))
            case "OpenFallback", _:
                return s.Fallback(tuple(self.step(item) for item in items))
            case "OpenPositional", _:
                return s.Positional(tuple(self.step(item) for item in items))
            case "OpenTarget", [FunctionLike() as constructor, TypedDictType() as branches]:
                return s.Target(constructor, self._steps(branches.items))
            case "OpenBranch", [TupleType() as arms, otherwise]:
                return s.Branch(tuple(map(self.arm, arms.items)), self._maybe(otherwise))
            case "OpenRoute", [key, TupleType() as arms, otherwise]:
                pairs = [get_proper_type(arm) for arm in arms.items]
                made = tuple(
                    (arm.items[0], self.step(arm.items[1]))
                    for arm in pairs
                    if isinstance(arm, TupleType)
                )
                return s.Route(str(_value(key)), made, self._maybe(otherwise))
            case _:
                return s.Closed(ANY, ANY)

    def arm(self, type_: Type) -> s.Arm:
        """Return the arm of a branch: a type and a step, or a tuple of two steps."""
        proper = get_proper_type(type_)
        if isinstance(proper, TupleType):
            predicate, step = proper.items
            return s.Arm(self.step(predicate), self.step(step))
        if isinstance(proper, TypedDictType):
            return s.Arm(proper.items["case"], self.step(proper.items["step"]))
        return s.Arm(self.step(ANY), self.step(ANY))

    def _maybe(self, type_: ProperType) -> s.Step | None:
        return None if isinstance(type_, NoneType) else self.step(type_)

    def _steps(self, items: Mapping[str, Type]) -> dict[str, s.Step]:
        return {key: self.step(type_) for key, type_ in items.items()}


def picked(key: LiteralValue) -> s.Pick | s.Index:
    """Return what reads a key: of a mapping, or of whatever has such items."""
    return s.Pick(key) if isinstance(key, str) else s.Index(key)


def name_of(how: s.How) -> str:
    """Return what messages call a step that has no name of its own."""
    match how:
        case s.Function(signature) | s.Lambda(_, signature):
            name = signature.items[0].name
            return (name or "function").split(" of ")[0].strip('"<>')
        case s.Closed():
            return "step"
        case s.Select():
            return "pick"
        case s.Index():
            return "itemgetter"
        case s.Positional() | s.Target():
            return "fanout"
        case s.Assign(_, update):
            return "update" if update else "assign"
        case _:
            return type(how).__name__.lower()


def _value(type_: Type) -> LiteralValue:
    proper = get_proper_type(type_)
    return proper.value if isinstance(proper, LiteralType) else ""


def _texts(type_: ProperType) -> tuple[str, ...]:
    items = type_.items if isinstance(type_, TupleType) else []
    return tuple(str(_value(item)) for item in items)
