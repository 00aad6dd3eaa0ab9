"""What the plugin hooks into, and which room answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import final

from mypy.nodes import MypyFile
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

from combinators.mypy import _calls, _operators, _relaxing, _running
from combinators.mypy._builders import BUILDERS, METHODS
from combinators.mypy._choices import CASE, WHEN
from combinators.mypy._decoding import FACE, ITEMGETTER, PASSTHROUGH, RUNNABLE
from combinators.mypy._records import OPEN

IDENTITY = "combinators._build.passthrough.passthrough"
DECORATOR = "combinators._build.function.Decorator.__call__"
# A method is called by the class that has it, an operator by that of its operand.
FACES = (RUNNABLE, PASSTHROUGH, f"{OPEN}.")
NEEDED = (OPEN, "combinators._build.function", "returns.result")
DICT = "builtins.dict.__or__"

_SOURCES = sorted(Path(__file__).parent.glob("*.py"))
_DIGEST = sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()


@final
class CombinatorsPlugin(Plugin):
    """Answers for builders, operators and methods of pipelines, and for a dict beside one."""

    @override
    def report_config_data(self, ctx: ReportConfigContext) -> object:
        """Return what the plugin is made of: results cached by another version are dropped."""
        return _DIGEST

    @override
    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Return the modules that pipelines' types come from, which nothing need import."""
        return [(10, module, -1) for module in NEEDED] if file.fullname == FACE else []

    @override
    def get_function_signature_hook(
        self, fullname: str
    ) -> Callable[[FunctionSigContext], FunctionLike] | None:
        if fullname in BUILDERS or fullname in {CASE, WHEN}:
            return partial(_relaxing.relaxed_call, fullname)
        return None

    @override
    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        if fullname in BUILDERS:
            return partial(_calls.built, fullname)
        if fullname in {CASE, WHEN}:
            return partial(_calls.arm, fullname)
        if fullname == IDENTITY:
            return _calls.identity
        return _calls.keyed if fullname == ITEMGETTER else None

    @override
    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        if _is_of_other(fullname):
            return _operators.relaxed_other
        if fullname == DECORATOR:
            return _relaxing.relaxed_method
        face, _, name = fullname.rpartition(".")
        if not face.startswith(FACES):
            return None
        if name in _operators.NAMES:
            return _operators.relaxed_operand
        if name in METHODS:
            return _relaxing.relaxed_method
        return _running.relaxed_input if name in _running.INPUTS else None

    @override
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        if _is_of_other(fullname):
            return _operators.other_operator
        if fullname == DECORATOR:
            return _calls.decorated
        face, _, name = fullname.rpartition(".")
        if not face.startswith(FACES):
            return None
        if name in _operators.NAMES:
            return partial(_operators.operator, name)
        if name in METHODS:
            return partial(_calls.method, name)
        return partial(_running.run, name) if name in _running.INPUTS else None


def _is_of_other(fullname: str) -> bool:
    """Return whether an operator is that of the other operand.

    Dicts are asked first, classes after a Runnable has said no.
    """
    face, _, name = fullname.rpartition(".")
    return fullname == DICT or (name == "__ror__" and not face.startswith(FACES))


def plugin(version: str) -> type[Plugin]:
    """Return the plugin, for any version of mypy that the distribution allows."""
    del version
    return CombinatorsPlugin
