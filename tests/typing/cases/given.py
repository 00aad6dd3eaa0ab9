"""Steps of every kind, over types that have nothing to do with one another."""

from collections.abc import AsyncIterator, Iterator
from typing import TypedDict

from combinators import Runnable, runnable


class Question(TypedDict):
    question: str
    language: str


class Prompt(TypedDict):
    context: bytes
    question: str


def encode(text: str) -> bytes:
    return text.encode()


def measure(data: bytes) -> int:
    return len(data)


def spell(number: int) -> str:
    return str(number)


def ask(prompt: Prompt) -> str:
    return prompt["question"]


def asked(question: Question) -> str:
    return question["question"]


async def encode_async(text: str) -> bytes:
    return text.encode()


async def measure_async(data: bytes) -> int:
    return len(data)


def lines(text: str) -> Iterator[bytes]:
    yield from text.encode().splitlines()


async def lines_async(text: str) -> AsyncIterator[bytes]:
    for line in text.encode().splitlines():
        yield line


async def repeat_async(times: int, text: str) -> str:
    return text * times


def repeated(times: int, text: str) -> Iterator[str]:
    for _ in range(times):
        yield text


async def repeated_async(times: int, text: str) -> AsyncIterator[str]:
    for _ in range(times):
        yield text


encoder: Runnable[str, bytes] = runnable(encode)
measurer: Runnable[bytes, int] = runnable(measure)
speller: Runnable[int, str] = runnable(spell)
asker: Runnable[Prompt, str] = runnable(ask)
