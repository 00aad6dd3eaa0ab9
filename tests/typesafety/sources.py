"""Programs as source: one module or two, and the lines at which the steps stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from typing_extensions import override

from tests.typesafety import shapes as t, steps as s
from tests.typesafety.spelling import Spelling, mark

HEADER: Final = "from tests.typesafety.given import *"
FUTURE: Final = "from __future__ import annotations"
PARTS: Final = "_parts"
MARK: Final = re.compile("\x01(-?\\d+)\x02")
OPENING: Final = re.compile(rf"^({MARK.pattern})?\(\n *")


@final
@dataclass(frozen=True, slots=True)
class Place:
    module: str
    line: int


@final
@dataclass(frozen=True, slots=True)
class Source:
    """The modules of a program, the main one last, and where its steps are."""

    name: str
    modules: Mapping[str, str]
    places: Mapping[int, frozenset[Place]]
    first_use: int  # the line at which all has been built

    @override
    def __str__(self) -> str:
        return "\n".join(f"# {name}.py\n{numbered(text)}" for name, text in self.modules.items())


def source_of(program: s.Program, name: str) -> Source:
    """Return a program as source, whose main module has the name given."""
    spelling = Spelling()
    built = [_built(pipeline, spelling) for pipeline in program.pipelines]
    uses = [
        _used(pipeline.name, use, spelling)
        for pipeline in program.pipelines
        for use in pipeline.uses
        if not (isinstance(use, s.Declare) and use.inline)
    ]
    fragments = spelling.fragments
    apart = {each: text for each, text in fragments.items() if spelling.places[each] == "module"}
    here = [text for each, text in fragments.items() if each not in apart]
    head = [FUTURE, HEADER] if program.future else [HEADER]
    shared = [*head, *spelling.names.written.values(), *filter(None, spelling.functions.values())]
    if apart:
        texts = {
            f"{name}{PARTS}": [*shared, *apart.values()],
            name: [*head, f"from {name}{PARTS} import *", *here, *built],
        }
    else:
        texts = {name: [*shared, *here, *built]}
    first_use = "\n".join(texts[name]).count("\n") + 2
    texts[name] += uses
    modules, places = dict[str, str](), dict[int, set[Place]]()
    for module, parts in texts.items():
        lines = "\n".join(parts).split("\n")
        for number, line in enumerate(lines, 1):
            for at in MARK.findall(line):
                places.setdefault(int(at), set()).add(Place(module, number))
        modules[module] = MARK.sub("", "\n".join(lines)) + "\n"
    return Source(name, modules, {at: frozenset(p) for at, p in places.items()}, first_use)


def numbered(text: str) -> str:
    """Return a text with the numbers of its lines."""
    lines = enumerate(text.splitlines(), 1)
    return "\n".join(f"{number:4}  {line}" for number, line in lines)


def _built(pipeline: s.Pipeline, spelling: Spelling) -> str:
    text = spelling.runnable(pipeline.step)
    declared = [use for use in pipeline.uses if isinstance(use, s.Declare) and use.inline]
    if not declared:
        return f"{pipeline.name} = {text}"
    use, types = declared[0], spelling.names.types_of(declared[0])
    # The expression that is declared may begin a line further down.
    text = OPENING.sub(rf"\g<0>{mark(use.at)}", text, count=1)
    return f"{mark(use.at)}{pipeline.name}: Runnable[{types}] = {text}"


def _used(name: str, use: s.Use, spelling: Spelling) -> str:
    names, here = spelling.names, mark(use.at)
    if isinstance(use, s.Declare):
        return f"{here}held_{use.at}: Runnable[{names.types_of(use)}] = {name}"
    given, gives = names.value_of(use.argument), names.type_of(use.result)
    result = f"{here}result_{use.at}"
    match use.way:
        case "invoke":
            return f"{result}: {gives} = {name}.invoke({given})"
        case "call":
            return f"{result}: {gives} = {name}({given})"
        case "batch":
            return f"{result}: list[{gives}] = {name}.batch([{given}])"
        case "stream":
            return f"{result}: list[{gives}] = list({name}.stream({given}))"
        case "variable":
            takes = names.type_of(use.argument)
            before = f"argument_{use.at}: {takes} = {given}"
            return f"{before}\n{result}: {gives} = {name}.invoke(argument_{use.at})"
        case "ainvoke":
            call = f"return await {name}.ainvoke({given})"
            return f"async def run_{use.at}() -> {gives}:\n    {here}{call}"


def results_of(program: s.Program) -> dict[str, t.Shape]:
    """Return the variables that hold what running a program gives, and their shapes."""
    found = dict[str, t.Shape]()
    for pipeline in program.pipelines:
        for use in pipeline.uses:
            if isinstance(use, s.Invoke) and use.way != "ainvoke":
                several = use.way in {"batch", "stream"}
                result = t.ListOf(use.result) if several else use.result
                found[f"result_{use.at}"] = result
    return found
