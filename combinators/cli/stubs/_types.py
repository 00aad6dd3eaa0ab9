"""Types, written as every checker reads them."""

from collections.abc import Sequence
from typing import Final, final

from mypy.maptype import map_instance_to_supertype
from mypy.nodes import ARG_POS, TypeInfo
from mypy.type_visitor import TypeQuery
from mypy.types import (
    TPDICT_FB_NAMES,
    CallableType,
    Instance,
    LiteralType,
    NoneType,
    Overloaded,
    Parameters,
    ParamSpecType,
    ProperType,
    TupleType,
    Type,
    TypeAliasType,
    TypedDictType,
    TypeType,
    TypeVarType,
    UninhabitedType,
    UnionType,
    UnpackType,
    get_proper_type,
)
from typing_extensions import override

from combinators.cli.stubs._mappings import Item, Mappings, Words, camel
from combinators.cli.stubs._names import Names

_FACE: Final = "combinators._runnable"
_RUNNABLE: Final = f"{_FACE}.Runnable"
# What such a pipeline does is between mypy and the plugin; others read what it takes and gives.
_OPEN: Final = (f"{_FACE}.OpenPassthrough", "combinators._open.Open")


@final
class Types:
    """The types of one module, in the words of its stub."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.mappings = Mappings(names)

    def written(self, type_: Type | None, wish: str) -> str:
        """Return a type as text.

        Args:
            wish: what a mapping without a name is to be called
        """
        if isinstance(type_, TypeAliasType) and type_.is_recursive and type_.alias:
            module, name = type_.alias.module, type_.alias.name
            return self._names.of(module, name) or self.typing("Any")
        return self._proper(get_proper_type(type_), wish)

    def words(self) -> Words:
        """Return what TypedDicts are written with."""
        return Words(*map(self.typing, ("TypedDict", "NotRequired", "ReadOnly")))

    def typing(self, name: str) -> str:
        """Return what the stub calls something of `typing`."""
        return self._names.typing(name)

    def generator(self, *, asynchronous: bool) -> str:
        """Return what the stub calls a generator."""
        return self._class("collections.abc", "AsyncGenerator" if asynchronous else "Generator")

    def _proper(self, type_: ProperType | None, wish: str) -> str:
        match type_:
            case NoneType():
                return "None"
            case Instance():
                return self._instance(type_, wish)
            case TypedDictType():
                return self._mapping(type_, wish)
            case TupleType():
                return self._tuple(type_, wish)
            case UnionType():
                return " | ".join(dict.fromkeys(self.written(each, wish) for each in type_.items))
            case LiteralType():
                return self._literal(type_)
            case CallableType() | Overloaded():
                return self._function(type_, wish)
            case TypeType():
                return f"type[{self.written(type_.item, wish)}]"
            case TypeVarType() | ParamSpecType():
                return self._variable(type_, wish)
            case UnpackType():
                return f"*{self.written(type_.type, wish)}"
            case Parameters():
                return f"[{self._several(type_.arg_types, wish)}]"
            case UninhabitedType():
                return self.typing("Never")
            case _:
                return self.typing("Any")

    def _instance(self, type_: Instance, wish: str) -> str:
        if type_.type.fullname != _RUNNABLE and is_open(type_):
            runnable = next(base for base in type_.type.mro if base.fullname == _RUNNABLE)
            return self._instance(map_instance_to_supertype(type_, runnable), wish)
        if type_.type.fullname == "builtins.function":
            return f"{self._class('collections.abc', 'Callable')}[..., {self.typing('Any')}]"
        name = self._of(type_.type)
        if name is None:  # a class within a function: nobody else can name it
            above = map_instance_to_supertype(type_, type_.type.mro[1])
            return self._instance(above, wish)
        args = _without_defaults(type_)
        if not args:
            return name
        if type_.type.fullname == _RUNNABLE:
            ends = zip(type_.args, ("Input", "Output"), strict=True)
            return f"{name}[{', '.join(self.written(end, wish + word) for end, word in ends)}]"
        several = ", ..." if type_.type.fullname == "builtins.tuple" else ""
        return f"{name}[{self._several(args, wish)}{several}]"

    def _mapping(self, type_: TypedDictType, wish: str) -> str:
        own = type_.fallback.type
        if not is_anonymous(type_) and (name := self._of(own)):
            return name
        items = tuple(
            Item(
                key,
                self.written(value, wish + camel(key.replace("_", " "))),
                key in type_.required_keys,
                key in type_.readonly_keys,
            )
            for key, value in type_.items.items()
        )
        return self.mappings.name(wish, items)

    def _tuple(self, type_: TupleType, wish: str) -> str:
        own = type_.partial_fallback.type
        if own.fullname != "builtins.tuple" and (name := self._of(own)):
            return name
        name = self._class("builtins", "tuple")
        return f"{name}[{self._several(type_.items, wish) or '()'}]"

    def _literal(self, type_: LiteralType) -> str:
        literal = self.typing("Literal")
        if type_.fallback.type.is_enum:
            return f"{literal}[{self._of(type_.fallback.type)}.{type_.value}]"
        prefix = "b" if type_.fallback.type.fullname == "builtins.bytes" else ""
        return f"{literal}[{prefix}{type_.value!r}]"

    def _function(self, type_: CallableType | Overloaded, wish: str) -> str:
        signature = type_ if isinstance(type_, CallableType) else type_.items[0]
        if type_.is_type_obj():
            return f"type[{self.written(signature.ret_type, wish)}]"
        name = self._class("collections.abc", "Callable")
        if isinstance(type_, Overloaded):
            return f"{name}[..., {self.typing('Any')}]"
        plain = all(kind is ARG_POS for kind in signature.arg_kinds)
        taken = f"[{self._several(signature.arg_types, wish)}]" if plain else "..."
        return f"{name}[{taken}, {self.written(signature.ret_type, wish)}]"

    def _variable(self, type_: TypeVarType | ParamSpecType, wish: str) -> str:
        # One whose scope is elsewhere stands for whatever its bound allows.
        module, _, name = type_.fullname.rpartition(".")
        if known := self._names.of(module, name):
            return known
        return "..." if isinstance(type_, ParamSpecType) else self.written(type_.upper_bound, wish)

    def _several(self, types: Sequence[Type], wish: str) -> str:
        return ", ".join(self.written(each, wish) for each in types)

    def _of(self, own: TypeInfo) -> str | None:
        module = own.module_name
        return self._names.of(module, own.fullname.removeprefix(f"{module}."))

    def _class(self, module: str, name: str) -> str:
        return self._names.of(module, name) or name


def _without_defaults(type_: Instance) -> Sequence[Type]:
    kept = list(type_.args)
    for variable in reversed(type_.type.defn.type_vars[: len(kept)]):
        if not variable.has_default() or variable.default != kept[-1]:
            break
        kept.pop()
    return kept


def is_open(type_: Instance) -> bool:
    """Return whether a value of this type is a pipeline that waits for its input."""
    return any(map(type_.type.has_base, _OPEN))


def is_anonymous(type_: TypedDictType) -> bool:
    """Return whether nobody has named a mapping: the plugin inferred it."""
    own = type_.fallback.type
    declared = own.typeddict_type
    # A generic one has no arguments to write, only other items than were declared.
    return own.fullname in TPDICT_FB_NAMES or (
        declared is not None and declared.items != type_.items
    )


@final
class _Inferred(TypeQuery[bool]):
    @override
    def strategy(self, items: list[bool]) -> bool:
        return any(items)

    @override
    def visit_typeddict_type(self, t: TypedDictType, /) -> bool:
        return is_anonymous(t) or super().visit_typeddict_type(t)

    @override
    def visit_instance(self, t: Instance, /) -> bool:
        return is_open(t) or super().visit_instance(t)


def is_inferred(type_: Type | None) -> bool:
    """Return whether only the plugin can know a type, or some part of it."""
    return type_ is not None and type_.accept(_Inferred())
