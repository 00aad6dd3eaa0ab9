"""Where nothing has to be done, nothing is: no call of who does not listen, no copy, no frame."""

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, Final

import pytest

from combinators import Event, Observer, Run, _nodes as n, passthrough, pipe, runnable
from combinators._compat import override
from combinators._run import mappings
from combinators._run.call import CALL, TURN, limited, turn
from combinators._run.concurrency.budget import UNLIMITED, budget
from combinators._run.observing.audience import Audience
from combinators._run.observing.items import numbered
from combinators._run.streams import astream, stream
from combinators._run.streams.flows import Passage, Tapped
from combinators._run.streams.straight import Straight


class Starting(Observer):
    @override
    def on_start(self, event: Event) -> None: ...


class Chunking(Observer):
    @override
    def on_chunk(self, event: Event) -> None: ...


class Ending(Observer):
    @override
    def on_end(self, event: Event) -> None: ...


class Failing(Observer):
    @override
    def on_error(self, event: Event) -> None: ...


class Entering(Observer):
    @override
    def on_enter(self, run: Run) -> None: ...


class Leaving(Observer):
    @override
    def on_leave(self, run: Run) -> None: ...


EACH: Final = {
    "start": Starting,
    "chunk": Chunking,
    "end": Ending,
    "error": Failing,
    "enter": Entering,
    "leave": Leaving,
}


def listened(audience: Audience) -> list[str]:
    return [name for name in EACH if getattr(audience, name) is not None]


@pytest.mark.parametrize("name", EACH)
def test_only_who_listens_is_called(name: str) -> None:
    observer = EACH[name]()
    alone = Audience([observer])
    assert listened(alone) == [name]
    assert getattr(alone, name) == getattr(observer, f"on_{name}")  # with nothing between
    assert listened(Audience([Observer(), observer])) == [name]
    assert alone.follows_context == (name in {"enter", "leave"})


def test_nobody_follows_the_context_of_runs_that_nobody_enters() -> None:
    assert not Audience([Starting(), Ending()]).follows_context
    assert Audience([Starting(), Leaving()]).follows_context


def test_calls_without_options_share_them() -> None:
    assert limited(None) is CALL
    assert turn(None) is TURN
    assert budget(None) is UNLIMITED


NODE: Final = n.Select(("a", "b"))


def test_a_mapping_that_has_the_keys_is_read_as_it_is() -> None:
    value = {"a": 1, "b": 2, "ﬁ": 3}
    assert mappings.read(value, NODE.keys, NODE) is value
    assert mappings.part(value, NODE.keys, NODE) is value


def test_a_part_of_a_mapping_whose_keys_are_ascii_is_read_as_it_is() -> None:
    value = {"a": 1, "c": 2}
    assert mappings.part(value, NODE.keys, NODE) is value


@pytest.mark.parametrize("inputs", [[1, 2], (1, 2), range(2)])
def test_inputs_that_stay_as_they_are_are_numbered_at_once(inputs: Sequence[int]) -> None:
    assert isinstance(numbered(inputs), list)


def test_other_inputs_are_numbered_as_they_come() -> None:
    assert isinstance(numbered(iter([1, 2])), Iterator)


def seen(_value: object, _call: object) -> None: ...


def numbers(size: int) -> Iterator[int]:
    yield from range(size)


@pytest.mark.parametrize("steps", [(numbers,), (len, numbers)])
def test_the_stream_of_one_generator_has_no_frame_around_it(
    steps: tuple[Callable[[Any], Any], ...],
) -> None:
    streaming = stream.compiled(pipe(*steps).node, watch=False)
    assert isinstance(streaming, Straight)


def test_a_tap_by_itself_keeps_chunks_and_does_nothing_else() -> None:
    tapped = Tapped(seen)
    keep = Passage([tapped], []).keeps()
    assert keep is not None
    keep(1)
    assert tapped.seen == [1]


def test_a_tap_among_others_is_one_of_them() -> None:
    assert Passage([Tapped(seen)] * 2, []).keeps() is None


@pytest.mark.parametrize("way", [stream, astream])
def test_chunks_pass_a_branch_of_cheap_steps_without_a_stream_of_its_own(way: ModuleType) -> None:
    assert way.compiled(passthrough().node, watch=False).passage is not None
    assert way.compiled(runnable(len).node, watch=False).passage is None
