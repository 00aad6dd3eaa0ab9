"""What the built-in steps do to a mapping. None of them changes its input."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from combinators import _nodes as n
from combinators._errors import AbsentKeyError, InputError
from combinators._keys import normal
from combinators._kinds import is_collection, is_mapping
from combinators._labels import label
from combinators._words import a_kind, as_attribute, as_keyword, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def read(value: object, keys: Sequence[str], node: n.Node) -> Mapping[Any, Any]:
    """Return `value`, if it is a mapping with these keys.

    A key that differs only by Unicode normalisation is found, under the name asked for.

    Raises:
        InputError: it is no mapping.
        AbsentKeyError: it lacks keys.
    """
    if not is_mapping(value):
        raise InputError(label(node), a_kind(value), _instead(value, keys))
    missing = [key for key in keys if key not in value]
    return _respelt(value, missing, node) if missing else value


def part(value: object, keys: Sequence[str], node: n.Node) -> Mapping[Any, Any]:
    """Return `value`, if it is a mapping, which may have some of these keys.

    Raises:
        InputError: it is no mapping.
    """
    mapping = read(value, (), node)
    missing = [key for key in keys if key not in mapping]
    if not missing or all(key.isascii() for key in mapping if isinstance(key, str)):
        return mapping
    spelt = {normal(key) for key in mapping if isinstance(key, str)}
    return _respelt(mapping, [key for key in missing if normal(key) in spelt], node)


def _respelt(mapping: Mapping[Any, Any], missing: Sequence[str], node: n.Node) -> Mapping[Any, Any]:
    spelt = {normal(key): key for key in mapping if isinstance(key, str)}
    asked_for = {spelt[normal(key)]: key for key in missing if normal(key) in spelt}
    if len(asked_for) < len(missing):
        absent = [key for key in missing if normal(key) not in spelt]
        raise AbsentKeyError(label(node), absent, [*mapping])
    return {asked_for.get(key, key): value for key, value in mapping.items()}


def _instead(value: object, keys: Sequence[str]) -> str:
    fields = getattr(value, "_fields", ())
    if dataclasses.is_dataclass(value):
        fields = [field.name for field in dataclasses.fields(value)]
    if keys and keys[0] in fields:
        return f"It takes a mapping. To read an attribute, write `{as_attribute(keys[0])}`."
    return "It takes a mapping, such as a dict or the result of a fan-out."


Rearranging: TypeAlias = (
    n.Pick | n.Select | n.Rename | n.Omit | n.IsInstance | n.Template | n.ChatTemplate
)


def keys_read(node: Rearranging) -> tuple[str, ...] | None:
    """Return the keys whose values are all that goes into the result, None where it is more."""
    match node:
        case n.Pick(str(key)):
            return (key,)
        case n.Select(keys):
            return keys
        case n.Template(parts):
            return tuple(name for _, name in parts if name is not None)
        case _:
            return None


def pick(node: n.Pick, value: Any) -> Any:
    """Return the value under a key, or at the index of a sequence."""
    if isinstance(node.key, str):
        return read(value, (node.key,), node)[node.key]
    return value[node.key]


def select(node: n.Select, value: Any) -> dict[str, Any]:
    """Return the mapping with the kept keys alone, in the order they were asked for."""
    mapping = read(value, node.keys, node)
    return {key: mapping[key] for key in node.keys}


def omit(node: n.Omit, value: Any) -> dict[str, Any]:
    """Return the mapping without the dropped keys."""
    mapping = read(value, node.keys, node)
    return {key: mapping[key] for key in mapping if key not in node.keys}


def rename(node: n.Rename, value: Any) -> dict[Any, Any]:
    """Return the mapping with the new keys in the places of the old ones."""
    return renamed(node, read(value, node.olds, node))


def renamed(node: n.Rename, mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a mapping that has some of the old keys with the new ones in their places.

    Raises:
        InputError: there is a new key already.
    """
    new_of = dict(zip(node.olds, node.news, strict=True))
    staying = [key for key in mapping if key not in new_of]
    for new in node.news:
        if new in staying:
            raise InputError(
                label(node),
                f"a mapping that already has the key {shown(new)}",
                "Drop it with omit first.",
            )
    return {new_of.get(key, key): mapping[key] for key in mapping}


def fill(node: n.Template, value: Any) -> str:
    """Return the text of a template with its variables replaced by `str` of their values."""
    names = [name for _, name in node.parts if name is not None]
    mapping = read(value, names, node)
    return "".join(
        text if name is None else f"{text}{mapping[name]!s}" for text, name in node.parts
    )


def fill_chat(node: n.ChatTemplate, value: Any) -> list[dict[str, str]]:
    """Return one message for each role of a chat template."""
    pairs = zip(node.roles, node.templates, strict=True)
    return [{"role": role, "content": fill(template, value)} for role, template in pairs]


def unassigned(node: n.Assign, value: Any) -> Mapping[Any, Any]:
    """Return `value`, if it is a mapping to which the keys of `node` can be assigned."""
    mapping = read(value, node.keys if node.update else (), node)
    taken = [] if node.update else [key for key in node.keys if key in mapping]
    if taken:
        raise InputError(
            label(node),
            f"a mapping that already has the key {shown(taken[0])}",
            f"To replace its value, write update({as_keyword(taken[0])}).",
        )
    return mapping


def instance_of(node: n.IsInstance, value: object) -> bool:
    """Return whether a value is one of the kinds, or equals a value of the same type."""
    if isinstance(value, node.kinds):
        return True
    # `1 == True`, and a `Literal[1]` does not mean `True`.
    return any(type(value) is type(one) and value == one for one in node.values)


def elements(value: object) -> list[Any]:
    """Return the elements that `each` runs over.

    Raises:
        InputError: the value is not iterable, or is text or a mapping.
    """
    if not is_collection(value):
        raise InputError("each", a_kind(value), "It takes a list, or another iterable of elements.")
    return list(value)


# How each of them runs, whatever mapping it is given.
PROGRAMS: Final[Mapping[type[Any], Callable[[Any, Any], Any]]] = {
    n.Pick: pick,
    n.Select: select,
    n.Omit: omit,
    n.Rename: rename,
    n.Template: fill,
    n.ChatTemplate: fill_chat,
    n.IsInstance: instance_of,
}
