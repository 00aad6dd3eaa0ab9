"""The structured parser: from a reply that is JSON to a typed value."""

import re
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar, final

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypeForm

from combinators import Runnable, runnable
from combinators.steps._errors import ReplyFormatError
from combinators.steps._reply import Reply

T = TypeVar("T")

# Models like to wrap JSON as Markdown code, also where they are told not to.
_FENCED: Final = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL)


def json_as(wanted: TypeForm[T]) -> Runnable[Reply | str, T]:
    """Return the parser from a reply whose text is JSON to a `wanted`.

    `Reply | str -> T`. Checked by pydantic: `wanted` is a TypedDict, a dataclass, a model, or a
    plain type such as `list[int]`.

    Raises (when run):
        ReplyFormatError: names every place that does not fit, and never what stands there.

    >>> json_as(list[int]).invoke("[1, 2]")
    [1, 2]
    """
    return runnable(_Parser(wanted, TypeAdapter(wanted)))


@final
@dataclass(frozen=True, slots=True)
class _Parser(Generic[T]):
    wanted: TypeForm[T]
    adapter: TypeAdapter[T] = field(compare=False, repr=False)

    def __call__(self, reply: Reply | str) -> T:
        given = reply if isinstance(reply, str) else reply["content"]
        fenced = _FENCED.fullmatch(given)
        try:
            return self.adapter.validate_json(fenced[1] if fenced else given)
        except ValidationError as error:
            name = self.wanted.__name__ if isinstance(self.wanted, type) else repr(self.wanted)
            # Not chained: pydantic's own message quotes the reply.
            raise ReplyFormatError(name, _problems(error)) from None


def _problems(error: ValidationError) -> tuple[tuple[str, str], ...]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple((_place(problem["loc"]), problem["type"]) for problem in found)


def _place(location: tuple[int | str, ...]) -> str:
    # JSONPath, whose root is `$`.
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
