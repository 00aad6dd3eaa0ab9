"""A test file for the pipelines of a module, to be read, completed and kept."""

import ast
import json
from typing import Any, Final

from combinators import Runnable
from combinators.laws import declared_input, pipelines_at

_PLAIN: Final[dict[object, str]] = {
    str: "st.text()",
    int: "st.integers()",
    bool: "st.booleans()",
    bytes: "st.binary()",
    float: "st.floats(allow_nan=False)",
}


def written(place: str) -> str:
    """Return the source of tests that hold the pipelines at a place to the laws.

    Raises:
        LookupError: there is no pipeline
    """
    module = place.partition(":")[0]
    tests = [_test(module, name, pipeline) for name, pipeline in pipelines_at(place).items()]
    imports = ["from hypothesis import strategies as st", "", f"import {module}"]
    head = [f'"""The laws of the pipelines in `{module}`."""', "", *imports]
    source = "\n".join([*head, "from combinators.laws import check_laws", *tests]) + "\n"
    ast.parse(source)  # what was read off a module may be spelt in ways that are no Python
    return source


def _test(module: str, name: str, pipeline: Runnable[Any, Any]) -> str:
    inputs, remark = _inputs(module, pipeline)
    return (
        f"\n\ndef test_{name}_keeps_the_laws() -> None:\n"
        f"{remark}    check_laws({module}.{name}, inputs={inputs})"
    )


def _inputs(module: str, pipeline: Runnable[Any, Any]) -> tuple[str, str]:
    """Return the expression of a strategy, and what to say where it has to be completed."""
    form = declared_input(pipeline)
    if form in _PLAIN:
        return _PLAIN[form], ""
    if isinstance(form, type) and form.__module__ == module:
        return f"st.from_type({module}.{form.__qualname__})", ""
    if form is None and pipeline.signature.needs:
        keys = ", ".join(f"{json.dumps(key)}: st.text()" for key in pipeline.signature.needs)
        return f"st.fixed_dictionaries({{{keys}}})", ""
    return "st.nothing()", "    # The annotations do not say what goes in: say it here.\n"
