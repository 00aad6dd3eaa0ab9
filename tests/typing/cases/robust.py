"""Retry, timeout, cached and replace change no type; a fallback adds what it gives."""

from collections.abc import Mapping
from typing import Any, assert_type

from combinators import Runnable, exponential, fanout, passthrough, pick, pipe, runnable, template
from tests.typing.cases.given import encode, encode_async, encoder, measure, measurer, speller


def a_step_that_is_tried_again_is_of_its_type() -> None:
    assert_type(encoder.retry(on=OSError), Runnable[str, bytes])
    assert_type(encoder.retry(on=(OSError, ValueError), backoff=[1, 2]), Runnable[str, bytes])
    patient = exponential(first_seconds=1).first(3).then([60]).jittered()
    assert_type(encoder.retry(on=OSError, backoff=patient) | measurer, Runnable[str, int])


def a_step_with_a_time_is_of_its_type() -> None:
    assert_type(encoder.timeout(seconds=3), Runnable[str, bytes])
    assert_type(pipe(encode_async, measure).timeout(seconds=0.5), Runnable[str, int])


def a_step_of_which_results_are_kept_is_of_its_type() -> None:
    assert_type(encoder.cached(), Runnable[str, bytes])
    assert_type(encoder.cached(maxsize=3, key=str.lower).invoke("text"), bytes)


def a_pipeline_with_a_step_replaced_is_of_its_type() -> None:
    assert_type((encoder | measurer).replace(at="encode", with_=encoder), Runnable[str, int])
    assert_type(encoder.replace(at="encode", with_={"a": encode}), Runnable[str, bytes])


def a_fallback_gives_what_one_of_both_gives() -> None:
    assert_type(encoder.fallback(encode), Runnable[str, bytes])
    assert_type(encoder.fallback(encode_async, on=OSError), Runnable[str, bytes])
    assert_type(encoder.fallback(len), Runnable[str, bytes | int])
    assert_type(encoder.fallback(len).fallback(str.split), Runnable[str, bytes | int | list[str]])
    assert_type(encoder.fallback(encoder | measurer).invoke("text"), bytes | int)
    assert_type(encoder.fallback(encoder | speller_of_bytes), Runnable[str, bytes | str])


speller_of_bytes: Runnable[bytes, str] = runnable(measure) | speller


def what_is_open_stays_open() -> None:
    prompt = template("{a}").retry(on=KeyError).timeout(seconds=1).cached(key=str)
    assert_type(prompt | encode, Runnable[Mapping[str, object], bytes])
    assert_type(encoder | passthrough().timeout(seconds=1) | measure, Runnable[str, int])
    both: Runnable[str, dict[str, Any]] = fanout(a=encode, b=len)
    assert_type((both | pick("a").retry(on=KeyError)).invoke("text"), Any)
