"""Edits of syntax trees: the source still parses, and means something else."""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import TypeAlias, cast

from tests.robustness.grammar import NAMES, Grower

# A place of an expression: what to call with the expression that is to stand there.
Put: TypeAlias = Callable[[ast.expr], None]

WRAPPERS = (
    *("(lambda x: {})", "(lambda: {})", "({} if chain else {})", "[{}]", "({}, {})", "({})({})"),
    *("{{'a': {}}}", "{{**{}}}", "[{} for _ in chain]", "{{k: {} for k in 'ab'}}", "cast(Any, {})"),
    *(
        "(await {})",
        "(step := {})",
        "{}['a']",
        "{}.a",
        "reveal_type({})",
        "runnable({})",
        "pipe({})",
    ),
    *(
        "fanout(a={})",
        "fanout({}, {})",
        "({} | {})",
        "each({})",
        "bind({})",
        "partial({})",
        "f'{{{}}}'",
    ),
    *("cast('Runnable[Any, Any]', {})", "type({})", "(yield {})", "assign(a={})", "({} or None)"),
)
BLOCKS = (
    *(
        "def later():\n{}",
        "def later(size: T, chain) -> T:\n{}\n    return size",
        "class Later:\n{}",
    ),
    *(
        "async def later(self):\n{}",
        "if False:\n{}",
        "if not TYPE_CHECKING:\n{}",
        "while True:\n{}",
    ),
    *("for chain in chain:\n{}", "try:\n{}\nfinally:\n    del chain", "with chain as chain:\n{}"),
    *(
        "def later():\n    return\n{}",
        "def later():\n    global chain\n{}",
        "class Later(Runnable[T, T]):\n{}",
    ),
    *("match chain:\n  case {{'a': size}}:\n{}", "if isinstance(chain, Runnable):\n{}\nelse:\n{}"),
    *(
        "def later():\n  class Later(Generic[T]):\n    def later(self):\n{}",
        "for _ in ():\n{}\nelse:\n{}",
    ),
)


def edited(source: str, random: Random) -> str:
    """Return the source with one expression, argument, name or statement changed."""
    tree = ast.parse(source)
    edits = (_replaced, _replaced, _wrapped, _argued, _argued, _named, _moved, _enclosed)
    random.choice(edits)(tree, random)
    return ast.unparse(ast.fix_missing_locations(tree))


def _replaced(tree: ast.Module, random: Random) -> None:
    """Put a grown expression, or one from elsewhere in the tree, in the place of another."""
    places = list(_places(tree))
    if not places:
        return
    _, put = random.choice(places)
    if random.random() < 0.5:
        put(deepcopy(random.choice(places)[0]))
    else:
        put(_expression(Grower(random).expression(2)) or ast.Name("missing"))


def _wrapped(tree: ast.Module, random: Random) -> None:
    places = list(_places(tree))
    if places:
        expression, put = random.choice(places)
        form = random.choice(WRAPPERS)
        inner = ast.unparse(ast.fix_missing_locations(expression))
        put(_expression(form.format(*[inner] * form.count("{}"))) or expression)


def _argued(tree: ast.Module, random: Random) -> None:
    """Drop, double, move, star or rename an argument of a call."""
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    if not calls:
        return
    call = random.choice(calls)
    if call.keywords and random.random() < 0.5:
        keyword = random.choice(call.keywords)
        match random.randrange(5):
            case 0:
                call.keywords.remove(keyword)
            case 1:
                keyword.arg = None
            case 2:
                keyword.arg = random.choice(("a", "b", "question", "self", "other", "limit"))
            case 3:
                call.keywords.append(keyword)
            case _:
                call.keywords.remove(keyword)
                call.args.append(keyword.value)
    elif call.args:
        at = random.randrange(len(call.args))
        match random.randrange(5):
            case 0:
                del call.args[at]
            case 1:
                call.args.insert(at, call.args[at])
            case 2:
                call.args[at] = ast.Starred(call.args[at])
            case 3:
                random.shuffle(call.args)
            case _:
                call.keywords.append(ast.keyword(random.choice("abk"), call.args.pop(at)))


def _named(tree: ast.Module, random: Random) -> None:
    """Change a name, an attribute or a literal."""
    name = random.choice(("missing", "anything", "text", *NAMES))
    formats = (each for each in ast.walk(tree) if isinstance(each, ast.JoinedStr))
    texts = {part for each in formats for part in each.values}  # nothing but text can stand there
    nodes = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Name | ast.Attribute | ast.Constant) and each not in texts
    ]
    if not nodes:
        return
    match random.choice(nodes):
        case ast.Name() as node:
            node.id = name
        case ast.Attribute() as node:
            node.attr = name
        case ast.Constant() as node:
            node.value = random.choice(
                (None, 0, b"a", "", "\N{GREEK SMALL LETTER ALPHA}", "{a} {", "a", "b", ...)
            )


def _moved(tree: ast.Module, random: Random) -> None:
    """Drop, double or move a statement, so that names are used before they are there."""
    body = random.choice([tree.body, *_bodies(tree)])
    at = random.randrange(len(body))
    match random.randrange(4):
        case 0 if len(body) > 1:
            del body[at]
        case 1:
            body.append(body[at])
        case 2:
            body.append(ast.Delete([ast.Name(random.choice(NAMES), ast.Del())]))
        case _:
            body.insert(random.randrange(len(body)), body.pop(at))


def _enclosed(tree: ast.Module, random: Random) -> None:
    """Put a statement into a block: a function, a class, a branch that is never reached."""
    at = random.randrange(len(tree.body))
    form = random.choice(BLOCKS)
    inner = "\n".join(f"      {line}" for line in ast.unparse(tree.body[at]).splitlines())
    try:
        tree.body[at : at + 1] = ast.parse(form.format(*[inner] * form.count("{}"))).body
    except SyntaxError:  # the indentation of the one does not go with the other
        return


def _places(tree: ast.AST) -> Iterator[tuple[ast.expr, Put]]:
    """Yield the expressions of a tree that are read, each with the way to replace it."""
    for parent in ast.walk(tree):
        if isinstance(parent, ast.JoinedStr):
            continue  # what it holds are not expressions like others
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.expr) and not isinstance(
                getattr(value, "ctx", None), ast.Store | ast.Del
            ):
                yield value, _setter(parent, field)
            elif isinstance(value, list):
                values = cast("list[object]", value)
                for i, each in enumerate(values):
                    if isinstance(each, ast.expr) and not isinstance(each, ast.Starred):
                        yield each, _item_setter(values, i)


def _setter(parent: ast.AST, field: str) -> Put:
    return lambda new: setattr(parent, field, new)


def _item_setter(values: list[object], at: int) -> Put:
    def put(new: ast.expr) -> None:
        values[at] = new

    return put


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for each in ast.walk(tree):
        match each:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.For() | ast.If():
                yield each.body
            case ast.While() | ast.With() | ast.Try() | ast.match_case():
                yield each.body
            case _:
                pass


def _expression(source: str) -> ast.expr | None:
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError:
        return None
