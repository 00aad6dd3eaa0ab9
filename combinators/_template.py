"""Reading templates: literal text with plain `{name}` variables, and nothing else.

Python's own format strings reach into objects: `{x.__class__}`, `{x[0]}`, `{x!r}`.
Here braces hold a name or are an error, so a template can come from anywhere.
"""

from __future__ import annotations

import re

from combinators._errors import BuilderError, TemplateError
from combinators._keys import normal
from combinators._words import a_kind

# Doubled braces, a variable, or a brace that is neither, which is an error.
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")

_FIX = "A variable is a plain name, as in {question}; a brace is written {{ or }}."


def parsed(text: object, where: str = "template()") -> tuple[tuple[str, str | None], ...]:
    """Return a template as pairs of literal text and the variable after it, or None.

    >>> parsed("{greeting}, {{name}}!")
    (('', 'greeting'), (', {name}!', None))

    Raises:
        BuilderError: it is no text.
        TemplateError: braces hold something that is not a plain name.
    """
    if not isinstance(text, str):
        raise BuilderError(where, a_kind(text), "A template is a string.")
    parts: list[tuple[str, str | None]] = []
    literal: list[str] = []
    end = 0
    for braces in _BRACES.finditer(text):
        literal.append(text[end : braces.start()])
        end = braces.end()
        if braces[0] in ("{{", "}}"):
            literal.append(braces[0][0])
        else:
            name = _variable(braces, where)
            parts.append(("".join(literal), name))
            literal = []
    literal.append(text[end:])
    if (rest := "".join(literal)) or not parts:
        parts.append((rest, None))
    return tuple(parts)


def _variable(braces: re.Match[str], where: str) -> str:
    inside = braces[1]
    if inside is None:
        problem = f"a single {braces[0]!r} that belongs to no variable."
    elif not inside:
        problem = "{} holds no name."
    elif not inside.isidentifier():
        problem = f"{{{ascii(inside)[1:-1]}}} is not a plain name."
    else:
        return normal(inside)  # as Python reads names
    raise TemplateError(where, braces.start(), problem, _FIX)
