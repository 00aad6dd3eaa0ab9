"""Pipelines that keep the promises of a step, and pipelines that each break one."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypedDict, cast

from combinators import Runnable, passthrough, runnable, template


def local() -> Callable[[str], str]:
    def same(text: str) -> str:
        return text

    return same


class Answer(TypedDict):
    text: str
    sources: list[str]


def words(text: str) -> list[str]:
    return text.split()


_NUMBERS = count()


def numbered(text: str) -> str:
    return f"{text} {next(_NUMBERS)}"


def tired(text: str) -> str:
    # Every seventh call goes wrong, whatever the input.
    return text if next(_NUMBERS) % 7 else ""


def upper(text: str) -> str:
    return text.upper()


async def lower(text: str) -> str:
    await asyncio.sleep(0)
    return text.lower()


def letters(text: str) -> Iterator[str]:
    yield from text or [""]


def emptied(texts: list[str]) -> list[str]:
    found = [*texts]
    texts.clear()
    return found


def halved(text: str) -> Answer:
    # What a type checker would find.
    return cast("Answer", {"text": text})


class Sealed(ABC):
    """What nobody can make one of."""

    @abstractmethod
    def opened(self) -> str: ...


def opened(sealed: Sealed) -> str:
    return sealed.opened()


size: Runnable[str, int] = runnable(words) | len
spelt = runnable(letters)
asked = template("{question}?")
untold = runnable(len)
counting = runnable(numbered)
unsteady = runnable(tired)
two_faced = runnable(upper, aio=lower)
nameless: Runnable[str, str] = passthrough(str) | local()
emptying = runnable(emptied)
half = runnable(halved)
sealed = runnable(opened)
_private = size

TEXTS = ["", "a"]
