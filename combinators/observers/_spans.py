"""Spans for OpenTelemetry: one for each run, of which it is told what it is and how it ended."""

from contextvars import Token
from typing import final

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue
from typing_extensions import override

from combinators import Event, Observer, Run


@final
class Spans(Observer):
    """An observer that makes a span of each run.

    The span of a call is a child of the one that is current where it is called, and while a
    step runs its span is current, so that spans of your own nest. No value is ever recorded: of
    an exception, only its type. One object serves any number of calls at once.

    Args:
        tracer: makes the spans; by default that of the global provider, under our name

    >>> from opentelemetry.trace import get_current_span
    >>> from combinators import runnable
    >>> runnable(lambda _: type(get_current_span()).__name__).invoke(1, observers=[Spans()])
    'NonRecordingSpan'
    """

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = trace.get_tracer("combinators") if tracer is None else tracer
        self._spans: dict[int, Span] = {}
        self._tokens: dict[int, Token[Context]] = {}

    @override
    def on_start(self, event: Event, /) -> None:
        """Begin a span, inside of that of the run that this one is part of."""
        run = event.run
        outside = None if run.parent is None else self._spans.get(run.parent.id)
        self._spans[run.id] = self._tracer.start_span(
            run.name if run.kind in run.name.split() else f"{run.kind} {run.name}",
            context=None if outside is None else trace.set_span_in_context(outside),
            attributes=_attributes(run),
        )

    @override
    def on_enter(self, run: Run, /) -> None:
        """Make the span the current one."""
        span = trace.set_span_in_context(self._spans[run.id])
        self._tokens[run.id] = context.attach(span)

    @override
    def on_leave(self, run: Run, /) -> None:
        """Make that current again which was so before."""
        context.detach(self._tokens.pop(run.id))

    @override
    def on_end(self, event: Event, /) -> None:
        """End the span."""
        self._spans.pop(event.run.id).end()

    @override
    def on_error(self, event: Event, /) -> None:
        """End the span: as an error, unless nobody wanted the rest of the run."""
        span = self._spans.pop(event.run.id)
        error: BaseException = event.value
        kind = type(error)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        if isinstance(error, Exception):
            span.add_event("exception", {"exception.type": name})
            span.set_attribute("error.type", name)
            span.set_status(StatusCode.ERROR, name)
        else:
            span.set_attribute("combinators.ended_by", name)
        span.end()


def _attributes(run: Run) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"combinators.kind": run.kind}
    if run.path:
        found["combinators.path"] = run.path
    if run.number is not None:
        found["combinators.attempt" if run.kind == "try" else "combinators.item"] = run.number
    if run.total is not None:
        found["combinators.items"] = run.total
    return found
