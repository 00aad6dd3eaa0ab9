"""Every exception of the library but those that carry the user's own (`_failures`).

The arguments of an exception are exactly its fields, so that it pickles, and
they hold keys and names of types, never values: a value may be a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from combinators._compat import override
from combinators._words import did_you_mean, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class CombinatorError(Exception):
    """An error of this library, as opposed to one that a step raised."""

    @override
    def __init_subclass__(cls) -> None:
        # Tracebacks and pickles say where users import it from, not where it is written.
        cls.__module__ = cls.__module__.partition("._")[0]


# --- Raised while a pipeline is built ---------------------------------------


@final
class NotAStepError(CombinatorError, TypeError):
    """A builder was given something that cannot be a step."""

    def __init__(self, where: str, kind: str, slip: str) -> None:
        super().__init__(where, kind, slip)
        self.where = where
        self.kind = kind
        self.slip = slip

    @override
    def __str__(self) -> str:
        return (
            f"{self.where} is {self.kind}, which cannot be a step.\n"
            "A step is a Runnable, a callable of one argument (plain, async or a generator "
            f"function), or a dict of steps.\n{self.slip}"
        )


@final
class BuilderError(CombinatorError, TypeError):
    """A builder was called in a way that has no meaning."""

    def __init__(self, where: str, given: str, accepted: str) -> None:
        super().__init__(where, given, accepted)
        self.where = where
        self.given = given
        self.accepted = accepted

    @override
    def __str__(self) -> str:
        return f"{self.where} was given {self.given}.\n{self.accepted}"


class KeyMismatchError(CombinatorError, TypeError):
    """The keys of two steps do not line up."""


@final
class MissingKeyError(KeyMismatchError):
    """A step needs a key that the step before it does not give."""

    def __init__(
        self, step: str, key: str, offered: Sequence[str], source: str, *, removed: bool = False
    ) -> None:
        super().__init__(step, key, offered, source)
        self.step = step
        self.key = key
        self.offered = offered
        self.source = source
        self.removed = removed

    @override
    def __str__(self) -> str:
        offered = listed(self.offered)
        if self.removed:  # what else the source gives depends on its own input
            offered = f"the keys of its input without {shown(self.key)}"
        return (
            f"{self.step} needs the key {shown(self.key)}, which {self.source} does not give.\n"
            f"It gives {offered}.{did_you_mean(self.key, self.offered)}"
        )


@final
class DuplicateKeyError(KeyMismatchError):
    """A key would be there twice."""

    def __init__(self, step: str, key: str, fix: str) -> None:
        super().__init__(step, key, fix)
        self.step = step
        self.key = key
        self.fix = fix

    @override
    def __str__(self) -> str:
        return f"{self.step} adds the key {shown(self.key)}, which is already there.\n{self.fix}"


@final
class InvalidKeyError(KeyMismatchError):
    """A key is not a string, or is the same as another one for Python."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    @override
    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@final
class NotAMappingError(KeyMismatchError):
    """A step that reads keys is given something that has none."""

    def __init__(self, step: str, kind: str, source: str, fix: str) -> None:
        super().__init__(step, kind, source, fix)
        self.step = step
        self.kind = kind
        self.source = source
        self.fix = fix

    @override
    def __str__(self) -> str:
        return f"{self.step} takes a mapping, but {self.source} gives {self.kind}.\n{self.fix}"


@final
class TemplateError(CombinatorError, ValueError):
    """A template's text is not literal text with plain `{name}` variables."""

    def __init__(self, where: str, position: int, problem: str, fix: str) -> None:
        super().__init__(where, position, problem, fix)
        self.where = where
        self.position = position
        self.problem = problem
        self.fix = fix

    @override
    def __str__(self) -> str:
        return f"{self.where}, at character {self.position}: {self.problem}\n{self.fix}"


# --- Raised while a pipeline runs --------------------------------------------


@final
class OptionError(CombinatorError, ValueError):
    """An option of a run has a value that it cannot have."""

    def __init__(self, option: str, given: str, accepted: str) -> None:
        super().__init__(option, given, accepted)
        self.option = option
        self.given = given
        self.accepted = accepted

    @override
    def __str__(self) -> str:
        return f"{self.option}= was given {self.given}. It takes {self.accepted}."


@final
class AbsentKeyError(CombinatorError, KeyError):
    """The mapping that came in lacks keys that a step reads."""

    def __init__(self, step: str, keys: Sequence[str], present: Sequence[str]) -> None:
        super().__init__(step, keys, present)
        self.step = step
        self.keys = keys
        self.present = present

    @override
    def __str__(self) -> str:
        hint = did_you_mean(self.keys[0], self.present) if len(self.keys) == 1 else ""
        return (
            f"{self.step} reads {listed(self.keys, 'the key', 'the keys')}, missing from its "
            f"input, which has {listed(self.present)}.{hint}"
        )


@final
class InputError(CombinatorError, TypeError):
    """A step was given an input of a kind that it cannot read."""

    def __init__(self, step: str, kind: str, accepted: str) -> None:
        super().__init__(step, kind, accepted)
        self.step = step
        self.kind = kind
        self.accepted = accepted

    @override
    def __str__(self) -> str:
        return f"{self.step} was given {self.kind}. {self.accepted}"


@final
class NoMatchError(CombinatorError, ValueError):
    """No arm of a choice takes the input."""

    def __init__(self, step: str, given: str, accepted: str) -> None:
        super().__init__(step, given, accepted)
        self.step = step
        self.given = given
        self.accepted = accepted

    @override
    def __str__(self) -> str:
        return f"{self.step} has no arm for {self.given}. {self.accepted}"


@final
class ResultError(CombinatorError, TypeError):
    """A step returned something that its kind of step may not return."""

    def __init__(self, step: str, problem: str) -> None:
        super().__init__(step, problem)
        self.step = step
        self.problem = problem

    @override
    def __str__(self) -> str:
        return f"{self.step} {self.problem}"


@final
class MergeError(CombinatorError, TypeError):
    """Two chunks of a stream cannot be merged into one value."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first, second)
        self.first = first
        self.second = second

    @override
    def __str__(self) -> str:
        return (
            f"a chunk of type {self.second} cannot be merged into one of type {self.first}.\n"
            "Strings, bytes, tuples, lists and numbers merge by `+`, mappings key by key. "
            "Yield chunks of one such type, or a single chunk."
        )


@final
class EmptyStreamError(CombinatorError, ValueError):
    """A generator step ended without a chunk, so it has no value."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step

    @override
    def __str__(self) -> str:
        return f"{self.step} yielded no chunk. Yield at least one: '' or [] where there is nothing."


@final
class MutationError(CombinatorError):
    """A branch changed the input that it shares with its siblings."""

    def __init__(self, branch: str, kind: str) -> None:
        super().__init__(branch, kind)
        self.branch = branch
        self.kind = kind

    @override
    def __str__(self) -> str:
        return (
            f"{self.branch} changed its input, {self.kind}, which its siblings share.\n"
            "Return a new object instead, as in `{**x, 'key': value}`."
        )


@final
class BindDepthError(CombinatorError, RecursionError):
    """Runnables chosen by `bind` went on choosing others."""

    def __init__(self, step: str, bound: int) -> None:
        super().__init__(step, bound)
        self.step = step
        self.bound = bound

    @override
    def __str__(self) -> str:
        return (
            f"{self.step} was reached through {self.bound} runnables, each chosen by the one "
            "before.\nReturn a runnable that does not choose again when the work is done."
        )


@final
class DeadlineError(CombinatorError, TimeoutError):
    """A step was not done in the time that it has."""

    def __init__(self, step: str, seconds: float) -> None:
        super().__init__()
        # Given as they are, the system's errors would take them for a number and its meaning.
        self.args = (step, seconds)
        self.step = step
        self.seconds = seconds

    @override
    def __str__(self) -> str:
        return f"{self.step} took longer than {self.seconds:g} s."


@final
class AbandonedError(CombinatorError, RuntimeError):
    """Too many threads still run what timeouts have given up."""

    def __init__(self, step: str, bound: int) -> None:
        super().__init__(step, bound)
        self.step = step
        self.bound = bound

    @override
    def __str__(self) -> str:
        return (
            f"{self.step} was not begun: {self.bound} threads still run what ran out of time.\n"
            "No thread can be stopped from outside. A long step can ask cancelled(), and return."
        )


@final
class RunningLoopError(CombinatorError, RuntimeError):
    """A pipeline with async steps was run synchronously inside a running event loop."""

    def __init__(self, called: str) -> None:
        super().__init__(called)
        self.called = called

    @override
    def __str__(self) -> str:
        return (
            f"{self.called}() of a pipeline with async steps was called inside a running event "
            f"loop, which would stand still.\nUse a{self.called}() there: with `await` where it "
            "gives one result, with `async for` where it gives several."
        )
