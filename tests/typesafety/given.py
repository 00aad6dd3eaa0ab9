"""What the generated sources begin with: names to import, and classes unrelated to one another."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Annotated, Generic, Literal, NamedTuple, NewType, NotRequired, TypeVar, overload

from returns.result import Result, Success
from typing_extensions import ReadOnly, TypedDict

from combinators import (
    Message,
    Runnable,
    assign,
    bind,
    branch,
    case,
    chat_template,
    each,
    fanout,
    omit,
    passthrough,
    pick,
    pipe,
    rename,
    route,
    runnable,
    template,
    transform,
    update,
    when,
)

T = TypeVar("T")


class Doc: ...


class User: ...


class Admin(User): ...


class Money: ...


class Place: ...


UserId = NewType("UserId", int)


def same(x: T) -> T:
    return x


def in_list(x: T) -> list[T]:
    return [x]


def twice(x: T) -> tuple[T, T]:
    return x, x


def head_of(x: list[T]) -> T:
    return x[0]


__all__ = [
    "Admin",
    "Annotated",
    "AsyncIterator",
    "Callable",
    "Collection",
    "Doc",
    "Generic",
    "Iterator",
    "Literal",
    "Mapping",
    "Message",
    "Money",
    "NamedTuple",
    "NewType",
    "NotRequired",
    "Place",
    "ReadOnly",
    "Result",
    "Runnable",
    "Sequence",
    "Sized",
    "Success",
    "T",
    "TypeVar",
    "TypedDict",
    "User",
    "UserId",
    "assign",
    "bind",
    "branch",
    "case",
    "chat_template",
    "dataclass",
    "each",
    "fanout",
    "head_of",
    "in_list",
    "itemgetter",
    "omit",
    "overload",
    "partial",
    "passthrough",
    "pick",
    "pipe",
    "rename",
    "route",
    "runnable",
    "same",
    "template",
    "transform",
    "twice",
    "update",
    "when",
]
