"""Programs as text: each function, the place of each line, and what the operands are."""

from collections.abc import Iterator
from functools import partial

from combinators import _nodes as n
from combinators._labels import function_name, label
from combinators._run.code.blame import FIRST_LINE, LINE_IN_LOOP
from combinators._run.code.listing import (
    Built,
    Hop,
    Listing,
    Observed,
    Operand,
    Style,
    Sub,
    operand_name,
)
from combinators._run.code.places import Inside, Part, Stretch, steps_of
from combinators._run.code.program import source, source_of_loop
from combinators._run.code.traits import traits
from combinators._run.code.writing import listing


def explained(node: n.Node, *, aio: bool, loop: bool = False) -> str:
    """Return the code of all programs that a tree is compiled into, the outermost first.

    Args:
        node: the tree
        aio: whether it runs on an event loop
        loop: whether the outermost runs many inputs, one after another
    """
    return "\n\n".join(_texts([(node, Style(aio=aio))], loop=loop))


def _texts(programs: list[tuple[Part, Style]], *, loop: bool) -> Iterator[str]:
    # The list grows while it is read: a program's operands are programs, too.
    for number, (part, style) in enumerate(programs, start=1):
        code = listing(part, style, traits(steps_of(part)))
        title = f"# program {number}: {_titled(part)}"
        operands = [_named(operand, style, programs) for operand in code.operands]
        legend = [f"#   {operand_name(i)}: {text}" for i, text in enumerate(operands)]
        yield "\n".join([title, *legend, *_lines(code, style, loop=loop and number == 1)])


def _lines(code: Listing, style: Style, *, loop: bool) -> Iterator[str]:
    paths = [place.path for place in code.places]
    text, first = (source_of_loop, LINE_IN_LOOP) if loop else (source, FIRST_LINE)
    for number, line in enumerate(text(code, style).splitlines(), start=1):
        index = number - first
        path = paths[index] if 0 <= index < len(paths) else ""
        yield f"{line}  # {path}" if path else line


def _titled(part: Part) -> str:
    if not isinstance(part, Stretch):
        return label(*steps_of(part))
    last = part.first + len(part.steps) - 1
    return f"pipe steps {part.first} to {last}"


def _named(operand: Operand, style: Style, programs: list[tuple[Part, Style]]) -> str:
    match operand:
        case Sub(part):
            return _numbered(part, style, programs)
        case Hop(part):
            return f"{_numbered(part, Style(watch=style.watch), programs)}, which a thread runs"
        case Observed(node):
            return f"{_numbered(Inside(node), style, programs)}, of which observers are told"
        case Built(node, inside):
            inner = [_numbered(node.children[index], style, programs) for index in inside]
            return f"{label(node)} of {', '.join(inner)}"
        case partial(func=general, args=(n.Pick() | n.Template() as node,)):
            return f"{label(node)}, as {general.__name__} does it with any mapping"
        case partial(args=(node, *_)):
            return label(node)
        case str():
            return repr(operand)
        case _:
            return function_name(operand)


def _numbered(part: Part, style: Style, programs: list[tuple[Part, Style]]) -> str:
    programs.append((part, style))
    return f"program {len(programs)}"
