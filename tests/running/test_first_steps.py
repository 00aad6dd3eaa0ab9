"""Async branches begin in turn; from Python 3.12 on each runs at once until it first waits."""

import asyncio
import sys
from typing import Any, Final

import pytest

from combinators import FanoutError, Runnable, fanout, runnable
from combinators._run.concurrency.tasks import DEEPEST
from tests.running.ways import on_asyncio

AT_ONCE: Final = sys.version_info >= (3, 12)


def noting(begun: list[str], name: str, *, fails: bool = False) -> Runnable[int, int]:
    async def note(n: int) -> int:
        begun.append(name)
        if fails:
            raise LookupError
        return n

    return runnable(note)


@pytest.mark.parametrize("failing", ["a", "b", "c", "d"])
def test_behind_one_that_fails_at_once_none_begins(failing: str) -> None:
    begun: list[str] = []
    branches = {name: noting(begun, name, fails=name == failing) for name in "abcd"}
    with pytest.raises(FanoutError) as caught:
        on_asyncio(fanout(branches).ainvoke(1), seconds=10)
    assert [*caught.value.errors] == [failing]
    assert "".join(begun) == ("abcd"[: "abcd".index(failing) + 1] if AT_ONCE else "abcd")


def test_branches_that_do_not_wait_let_nobody_else_go_on() -> None:
    async def main() -> bool:
        others: list[bool] = []
        asyncio.get_running_loop().call_soon(others.append, True)  # noqa: FBT003 - what is noted
        assert await fanout(a=noting([], "a"), b=noting([], "b")).ainvoke(1) == {"a": 1, "b": 1}
        return not others

    assert on_asyncio(main()) is AT_ONCE


def test_what_nests_deeper_than_the_stack_begins_later() -> None:
    turned: list[bool] = []
    ready: list[bool] = []  # what the loop notes when it turns

    async def look(_: object) -> None:
        turned.append(bool(ready))

    nested: Runnable[Any, Any] = fanout(x=look)
    for _ in range(DEEPEST + 8):
        nested = fanout(x=look, y=nested)

    async def main() -> list[bool]:
        turned.clear()
        ready.clear()
        asyncio.get_running_loop().call_soon(ready.append, True)  # noqa: FBT003 - what is noted
        await nested.ainvoke(1)
        return turned[:]

    at_once = DEEPEST if AT_ONCE else 0
    for _ in range(2):  # and the second time as the first
        assert on_asyncio(main()) == [False] * at_once + [True] * (DEEPEST + 9 - at_once)
