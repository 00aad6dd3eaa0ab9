"""`pipe` and `|`: the ends of a pipeline are those of its first and last step."""

from collections.abc import Mapping
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, assert_type

from combinators import Runnable, passthrough, pipe, runnable, template
from tests.typing.cases.given import (
    encode,
    encode_async,
    encoder,
    lines,
    lines_async,
    measure,
    measure_async,
    measurer,
    repeat_async,
    repeated,
    repeated_async,
    spell,
    speller,
)

if TYPE_CHECKING:
    from _typeshed import SupportsGetItem  # noqa: TC004  the cases are not run


def a_pipe_takes_the_first_input_and_gives_the_last_output() -> None:
    assert_type(pipe(encode), Runnable[str, bytes])
    assert_type(pipe(encode, measure), Runnable[str, int])
    assert_type(pipe(encode, measure, spell), Runnable[str, str])
    assert_type(pipe(encoder, measurer, speller, encoder), Runnable[str, bytes])
    assert_type(
        pipe(encode, measure, spell, encode, measure, spell, encode, measure, spell, encode),
        Runnable[str, bytes],
    )


def steps_may_be_async_or_generator_functions() -> None:
    assert_type(pipe(encode_async), Runnable[str, bytes])
    assert_type(pipe(lines), Runnable[str, bytes])
    assert_type(pipe(encode_async, measure_async), Runnable[str, int])
    assert_type(pipe(encode, measure_async, spell), Runnable[str, str])
    assert_type(pipe(lines, measure, spell), Runnable[str, str])
    assert_type(pipe(lines_async, measure_async), Runnable[str, int])
    assert_type(pipe(speller, lines_async), Runnable[int, bytes])


def steps_may_be_any_callable_of_one_argument() -> None:
    assert_type(pipe(str.split, len, str), Runnable[str, str])
    assert_type(pipe(str.split, sorted, set), Runnable[str, set[str]])
    assert_type(pipe(encode, partial(int.from_bytes, byteorder="big")), Runnable[str, int])
    assert_type(pipe(encode, measure, lambda n: n + 1), Runnable[str, int])
    assert_type(pipe(encode_async, lambda data: data.hex(), str.upper), Runnable[str, str])
    assert_type(pipe(itemgetter("question"), encode), Runnable[SupportsGetItem[Any, Any], bytes])


def a_partial_is_a_step_of_the_kind_that_it_wraps() -> None:
    assert_type(pipe(partial(repeat_async, 2), len), Runnable[str, int])
    assert_type(pipe(partial(repeated, 2), str.upper), Runnable[str, str])
    assert_type(pipe(partial(repeated_async, 2), str.upper), Runnable[str, str])
    assert_type(runnable(partial(repeat_async, 2)) | len, Runnable[str, int])
    assert_type(speller | partial(repeat_async, 2), Runnable[int, str])
    declared: Runnable[str, str] = pipe(partial(repeat_async, 2))
    declared.invoke("text")


def passthroughs_change_no_type() -> None:
    assert_type(pipe(passthrough(), encode), Runnable[str, bytes])
    assert_type(pipe(encode, passthrough()), Runnable[str, bytes])
    assert_type(pipe(encode, passthrough(), measure_async), Runnable[str, int])
    assert_type(passthrough() | encoder, Runnable[str, bytes])
    assert_type(encoder | passthrough() | measurer, Runnable[str, int])
    assert_type(passthrough(str) | encode, Runnable[str, bytes])
    assert_type(passthrough(int | str), Runnable[int | str, int | str])
    assert_type(passthrough().invoke(3), int)
    assert_type(passthrough()("text"), str)


def an_open_passthrough_is_a_runnable_of_every_type() -> None:
    texts: Runnable[str, str] = passthrough()
    numbers: Runnable[int, int] = passthrough()
    assert_type(texts | encoder, Runnable[str, bytes])
    assert_type(numbers | spell, Runnable[int, str])


def the_operator_joins_on_either_side() -> None:
    assert_type(encoder | measurer, Runnable[str, int])
    assert_type(encoder | measure, Runnable[str, int])
    assert_type(encode | measurer, Runnable[str, int])
    assert_type(encoder | measure_async | spell, Runnable[str, str])
    assert_type(encode_async | measurer, Runnable[str, int])
    assert_type(lines | measurer, Runnable[str, int])
    assert_type(speller | lines, Runnable[int, bytes])
    assert_type(speller | lines_async, Runnable[int, bytes])
    assert_type(encoder | len | str, Runnable[str, str])
    assert_type(itemgetter("question") | encoder, Runnable[SupportsGetItem[Any, Any], bytes])


def a_runnable_is_a_function() -> None:
    assert_type(list(map(encoder, ["a", "b"])), list[bytes])
    assert_type(encoder("a"), bytes)
    assert_type(runnable(encoder), Runnable[str, bytes])


def pipes_of_more_than_ten_steps_know_their_input() -> None:
    longer: Runnable[str, int] = pipe(
        encode, measure, spell, encode, measure, spell, encode, measure, spell, encode, measure
    )
    longer.invoke("text")


def pipes_of_sixteen_steps_know_their_output() -> None:
    # fmt: off
    longest = pipe(
        encode, measure, spell, encode, measure, spell, encode, measure,
        spell, encode, measure, spell, encode, measure, spell, encode_async,
    )
    # fmt: on
    assert_type(longest, Runnable[str, bytes])


def names_and_taps_change_no_type() -> None:
    assert_type(encoder.named("encoder"), Runnable[str, bytes])
    assert_type(encoder.tap(print) | measurer, Runnable[str, int])
    assert_type(template("{a}").named("prompt") | encode, Runnable[Mapping[str, object], bytes])
