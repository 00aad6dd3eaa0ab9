"""Stages of a stream on an event loop whose runs are watched: the twin of `stages`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, final

from combinators._labels import label
from combinators._observer import STREAMED
from combinators._run.observing.awatching import Chunks, observed_chunks
from combinators._run.observing.watching import WATCHED

if TYPE_CHECKING:
    from combinators._observer import Subject
    from combinators._run.robust.arecovering import Start
    from combinators._run.streams.aflow import Begin, Flow, Running
    from combinators._run.streams.stages import Enclosed


@final
class Watched:
    """A stream of which each run is watched."""

    def __init__(self, inner: Running, subject: Subject) -> None:
        self.on: Start = observed_chunks(inner.on, subject)


def watched(begin: Begin, subject: Subject, *, collects: bool) -> Begin:
    """Return what begins a stage of which each run is watched."""

    async def run(flow: Flow) -> None:
        x: Any = await flow.given.folded() if collects or flow.given.is_whole() else STREAMED
        if collects:
            flow.gives(x)
        watch = WATCHED.get().part(subject)
        try:
            watch.start(x)
            watch.enter()
            try:
                await begin(flow)
            finally:
                watch.leave()
        except BaseException as error:
            watch.fail(error)
            raise
        chunks: Any = Chunks(watch, flow.given.chunks)  # as far as a stage has to be a generator
        flow.passes(chunks)

    return run


def enclosed(inner: Any, stage: Enclosed) -> Begin:
    """Return what begins a pipeline under a name, which is a stream of its own."""

    async def begin(flow: Flow) -> None:
        given = flow.given
        if given.is_whole():
            chunks = inner.on(await given.folded(), flow.turn)
        else:
            blame = partial(flow.trail.blamed, blame=given.blame)
            chunks = inner.over(given.each(), flow.turn, blame)
        flow.opens(chunks, label(stage.node), stage.place.failed)

    return begin
