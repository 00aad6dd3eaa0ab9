"""A test file for the pipelines of a module, to be read, completed and kept."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable
from typing import Any, Final

from combinators import Runnable
from combinators.cli.laws._spelling import (
    Call,
    Expression,
    laid_out,
    modules_in,
    strategy_of,
)
from combinators.laws import declared_input, pipelines_at

_REMARK: Final = "    # The annotations do not say what goes in: say it here, as in `st.text()`.\n"


def written(place: str) -> str:
    """Return the source of tests that hold the pipelines at a place to the laws.

    Raises:
        LookupError: there is no pipeline
    """
    module = place.partition(":")[0]
    inputs = {name: _inputs(pipeline) for name, pipeline in pipelines_at(place).items()}
    tests = [_test(module, name, expression) for name, expression in inputs.items()]
    used = set[str]().union(*(modules_in(each) for each in inputs.values() if each))
    head = f'"""The laws of the pipelines in `{module}`."""\n\n{_imports(module, used)}'
    source = "\n".join([head, *tests]) + "\n"
    ast.parse(source)  # what was read off a module may be spelt in ways that are no Python
    return source


def _imports(module: str, used: Iterable[str]) -> str:
    """Return the imports, sorted: the standard library, others, and what is tested."""
    others = {*used} - {module}
    mine = {each for each in others if _package(each) == _package(module)}
    standard = {each for each in others - mine if _package(each) in sys.stdlib_module_names}
    libraries = [
        *(f"import {each}" for each in sorted(others - mine - standard)),
        "from combinators.laws import check_laws",
        "from hypothesis import strategies as st",
    ]
    blocks = [
        [f"import {each}" for each in sorted(standard)],
        libraries,
        [f"import {each}" for each in sorted({module, *mine})],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _test(module: str, name: str, inputs: Expression | None) -> str:
    given: Expression = "inputs=st.nothing()"
    if isinstance(inputs, Call):
        given = Call(f"inputs={inputs.opens}", inputs.parts, inputs.closes)
    elif inputs is not None:
        given = f"inputs={inputs}"
    check = laid_out(Call("check_laws(", (f"{module}.{name}", given)), "    ")
    remark = _REMARK if inputs is None else ""
    return f"\n\ndef test_{name}_keeps_the_laws() -> None:\n{remark}{check}"


def _inputs(pipeline: Runnable[Any, Any]) -> Expression | None:
    """Return the expression of a strategy, None where it has to be completed."""
    form = declared_input(pipeline)
    if form is not None:
        return strategy_of(form)
    needs = pipeline.signature.needs
    if not needs:
        return None
    keys = tuple(f"{json.dumps(key, ensure_ascii=False)}: st.text()" for key in needs)
    return Call("st.fixed_dictionaries(", (Call("{", keys, "}"),))
