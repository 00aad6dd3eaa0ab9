"""What the static check calls pipelines whose types follow what flows into them.

Nothing is ever an instance of these classes: the mypy plugin gives them to expressions
such as `pick("question")`, and whoever reveals a type reads them. The first two
arguments say what such a pipeline takes and gives as far as it is known by itself, the
third what it does.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from combinators._runnable import Runnable

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
How = TypeVar("How")


class Unknown(Any):  # type: ignore[misc]  # so that it fits everywhere
    """What comes after a mistake, in the types of what was built with it."""

    __slots__ = ()


class Open(Runnable[In, Out], Generic[In, Out, How]):
    """A pipeline that is checked afresh wherever it is used."""

    __slots__ = ()


class OpenFunction(Open[In, Out, How]):
    __slots__ = ()


class OpenPick(Open[In, Out, How]):
    __slots__ = ()


class OpenSelect(Open[In, Out, How]):
    __slots__ = ()


class OpenOmit(Open[In, Out, How]):
    __slots__ = ()


class OpenRename(Open[In, Out, How]):
    __slots__ = ()


class OpenAssign(Open[In, Out, How]):
    __slots__ = ()


class OpenUpdate(Open[In, Out, How]):
    __slots__ = ()


class OpenFanout(Open[In, Out, How]):
    __slots__ = ()


class OpenPositional(Open[In, Out, How]):
    __slots__ = ()


class OpenTarget(Open[In, Out, How]):
    __slots__ = ()


class OpenPipe(Open[In, Out, How]):
    __slots__ = ()


class OpenEach(Open[In, Out, How]):
    __slots__ = ()


class OpenAttempt(Open[In, Out, How]):
    __slots__ = ()


class OpenFallback(Open[In, Out, How]):
    __slots__ = ()


class OpenTap(Open[In, Out, How]):
    __slots__ = ()


class OpenBranch(Open[In, Out, How]):
    __slots__ = ()


class OpenRoute(Open[In, Out, How]):
    __slots__ = ()


class OpenBind(Open[In, Out, How]):
    __slots__ = ()
