"""What the plugin hooks into, and which room answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import final

from mypy.plugin import (
    FunctionContext,
    FunctionSigContext,
    MethodContext,
    MethodSigContext,
    Plugin,
    ReportConfigContext,
)
from mypy.types import FunctionLike, Type
from typing_extensions import override

from combinators.mypy import _calls, _operators
from combinators.mypy._kinds import OPEN, RUNNABLE

Answer = Callable[[str, FunctionContext], Type]

BUILDERS: dict[str, Answer] = {
    "combinators._build.assign.assign": _calls.call,
    "combinators._build.assign.update": _calls.call,
    "combinators._build.bind.bind": _calls.call,
    "combinators._build.choice.branch": _calls.call,
    "combinators._build.choice.case": _calls.call,
    "combinators._build.choice.when": _calls.call,
    "combinators._build.choice.route": _calls.route,
    "combinators._build.each.each": _calls.call,
    "combinators._build.fanout.fanout": _calls.fanout,
    "combinators._build.function.runnable": _calls.call,
    "combinators._build.pipe.pipe": _calls.pipe,
}
FACES = (RUNNABLE, OPEN)
OPERATORS = frozenset(f"{face}.{name}" for face in FACES for name in ("__or__", "__ror__"))
METHODS = frozenset(f"{face}.assign" for face in FACES)
DICT = "builtins.dict.__or__"


_SOURCES = sorted(Path(__file__).parent.glob("*.py"))
_DIGEST = sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()


@final
class CombinatorsPlugin(Plugin):
    """Answers for the builders, the operators, and a dict with a Runnable on its right."""

    @override
    def report_config_data(self, ctx: ReportConfigContext) -> object:
        """Return what the plugin is made of: results cached by another version are dropped."""
        return _DIGEST

    @override
    def get_function_signature_hook(
        self, fullname: str
    ) -> Callable[[FunctionSigContext], FunctionLike] | None:
        return _calls.relaxed_call if fullname in BUILDERS else None

    @override
    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        return partial(BUILDERS[fullname], fullname) if fullname in BUILDERS else None

    @override
    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        if fullname == DICT:
            return _operators.relaxed_dict
        return _calls.relaxed_call if fullname in OPERATORS | METHODS else None

    @override
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        name = fullname.rpartition(".")[2]
        if fullname == DICT:
            return _operators.dict_operator
        if fullname in OPERATORS:
            return partial(_operators.operator, name)
        return partial(_calls.method, name) if fullname in METHODS else None


def plugin(version: str) -> type[Plugin]:
    """Return the plugin, for any version of mypy that the distribution allows."""
    del version
    return CombinatorsPlugin
