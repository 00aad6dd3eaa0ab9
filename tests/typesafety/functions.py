"""Functions as source: a definition, and the expression by which it is used as a step."""

from __future__ import annotations

from textwrap import indent
from typing import Final

from tests.typesafety import shapes as t
from tests.typesafety.names import Names
from tests.typesafety.steps import Call

# How a definition begins, `{0}` being the name, `{1}` and `{2}` what it takes and gives.
HEADS: Final = {
    "annotated": 'def {0}(x: Annotated[{1}, "in"]) -> Annotated[{2}, "out"]:',
    "async": "async def {0}(x: {1}) -> {2}:",
    "default": "def {0}(x: {1}, y: int = 0) -> {2}:",
    "keyword": "def {0}(x: {1}, *, y: int = 0) -> {2}:",
    "star": "def {0}(*xs: {1}) -> {2}:",
    "generator": "def {0}(x: {1}) -> Iterator[{2}]:",
    "async_generator": "async def {0}(x: {1}) -> AsyncIterator[{2}]:",
    "partial": "def {0}(y: int, x: {1}) -> {2}:",
    "async_partial": "async def {0}(y: int, x: {1}) -> {2}:",
    "method": "def {0}(self, x: {1}) -> {2}:",
    "class_method": "@classmethod\ndef {0}(cls, x: {1}) -> {2}:",
    "static_method": "@staticmethod\ndef {0}(x: {1}) -> {2}:",
    "object": "def __call__(self, x: {1}) -> {2}:",
    "decorated": "@runnable\ndef {0}(x: {1}) -> {2}:",
    "inline": "@runnable(inline=True)\ndef {0}(x: {1}) -> {2}:",
    "transform": "def {0}(xs: Iterator[{1}]) -> Iterator[{2}]:\n    list(xs)",
    "async_transform": (
        "async def {0}(xs: AsyncIterator[{1}]) -> AsyncIterator[{2}]:\n    [x async for x in xs]"
    ),
    "over_chunks": "@transform\ndef {0}(xs: Iterator[{1}]) -> Iterator[{2}]:\n    list(xs)",
    "runnable_method": "@runnable\ndef {0}(self, x: {1}) -> {2}:",
}
PLAIN: Final = "def {0}(x: {1}) -> {2}:"

# How it is used, where that is not by its name.
USES: Final = {
    "partial": "partial({0}, 1)",
    "async_partial": "partial({0}, 1)",
    "method": "{0}_owner().{0}",
    "class_method": "{0}_owner.{0}",
    "static_method": "{0}_owner.{0}",
    "object": "{0}_object()",
    "runnable_method": "{0}_owner().{0}",
    "runnable": "runnable({0})",
    "transform": "transform({0})",
    "async_transform": "transform({0})",
    "aio": "runnable({0}, aio={0}_aio)",
    "result": "{0}_made()",
    "attribute": "{0}_steps.{0}",
}

# What stands below the definition.
REST: Final = {
    "variable": "{0}: Callable[[{1}], {2}] = {0}_body",
    "declared": "{0}: Runnable[{1}, {2}] = runnable({0}_body)",
    "result": "def {0}_made() -> Runnable[{1}, {2}]:\n    return runnable({0})",
    "attribute": "class {0}_steps:\n    {0} = runnable({0}_body)",
}
CHUNKED: Final = ("transform", "async_transform", "over_chunks")
OWNED: Final = {"method", "class_method", "static_method", "runnable_method"}
RUNNABLE: Final = {
    *(
        "decorated",
        "inline",
        "runnable_method",
        "runnable",
        *CHUNKED,
        "aio",
        "result",
        "declared",
        "attribute",
    ),
}
FORMS: Final = (
    *HEADS,
    *REST,
    "runnable",
    "aio",
    "function",
    "function",
    "function",
    "function",
    "function",
)


def definition(call: Call, names: Names) -> str:
    """Return what defines a function, nothing for a class that is defined as a type."""
    if call.form == "class":
        names.type_of(call.gives)
        return ""
    name = f"{call.name}_body" if call.form in {"variable", "declared", "attribute"} else call.name
    parts = (name, names.type_of(call.takes), names.type_of(call.gives))
    streams = call.form in CHUNKED or call.form.endswith("generator")
    word = "yield" if streams else "return"
    body = f"    {word} {names.value_of(call.gives)}"
    lines = [HEADS.get(call.form, PLAIN).format(*parts), body]
    if call.form == "overload" and call.other:
        lines = _overloaded(call, call.other, names)
    elif call.form == "aio":
        lines += [f"async def {name}_aio(x: {parts[1]}) -> {parts[2]}:", body]
    elif call.form in OWNED or call.form == "object":
        head = f"class {name}_{'owner' if call.form in OWNED else 'object'}:"
        lines = [head, indent("\n".join(lines), "    ")]
    if call.form in REST:
        lines.append(REST[call.form].format(call.name, *parts[1:]))
    return "\n".join(lines)


def _overloaded(call: Call, other: tuple[t.Shape, t.Shape], names: Names) -> list[str]:
    pairs = [(call.takes, call.gives), other]
    return [
        *(
            f"@overload\ndef {call.name}(x: {names.type_of(takes)}) -> {names.type_of(gives)}: ..."
            for takes, gives in pairs
        ),
        f"def {call.name}(x: object) -> object:",
        f"    return {names.value_of(call.gives)}",
    ]


def expression(call: Call, names: Names) -> str:
    """Return how a function is written where a step is expected."""
    if call.form == "class":
        return names.type_of(call.gives)
    return USES.get(call.form, "{0}").format(call.name)
