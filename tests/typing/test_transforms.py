"""What goes from chunks to chunks, and what does not, is known to every checker."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.typing.checkers import Finding, mypy, pyrefly, pyright, ty

RIGHT = Path(__file__).parent / "cases" / "transforms.py"

# What is marked is wrong, and nothing else.
SOURCE = """\
# pyright: reportUnusedExpression=false, reportUnusedVariable=false
from collections.abc import AsyncIterator
from combinators import Runnable, pipe, transform
from tests.typing.cases.given import encode, encode_async, lines, lines_async, spell
from tests.typing.cases.transforms import (
    decorated,
    decorated_async,
    encoded,
    encoded_async,
    sizes,
    sizes_async,
)

def bodies() -> None:
    transform(encoded, aio=encoded_async)
    transform(encode)  # wrong: no chunks at all
    transform(encode_async)  # wrong: no chunks at all
    transform(lines)  # wrong: one value to chunks
    transform(lines_async)  # wrong: one value to chunks
    transform(1)  # wrong: nothing to call

def pairs() -> None:
    transform(encoded, aio=encoded)  # wrong: two sync bodies
    transform(encoded_async, aio=encoded_async)  # wrong: two async bodies
    transform(encoded_async, aio=encoded)  # wrong: swapped
    transform(aio=encoded_async)  # wrong: no sync body
    said: Runnable[str, bytes] = transform(encoded, aio=sizes_async)  # wrong: other chunks

def flowing() -> None:
    decorated | transform(sizes)
    decorated | spell  # wrong: another output
    pipe(decorated_async, spell)  # wrong: another output
    decorated_async | transform(encoded)  # wrong: other chunks
    pipe(spell, transform(encoded), transform(sizes_async), decorated)  # wrong: other chunks

def chunks(texts: AsyncIterator[str]) -> None:
    decorated.transform("ab")
    decorated.transform([1])  # wrong: other chunks
    decorated.transform("ab".encode())  # wrong: other chunks
    decorated.transform(1)  # wrong: no chunks
    decorated.transform(texts)  # wrong: async chunks
    for _ in decorated.atransform("ab"):  # wrong: async chunks
        pass

async def chunks_async(texts: AsyncIterator[str], numbers: AsyncIterator[int]) -> None:
    decorated.atransform(texts)
    decorated.atransform("ab")
    decorated.atransform(numbers)  # wrong: other chunks
    decorated_async.atransform([1])  # wrong: other chunks
    decorated_async.atransform(1)  # wrong: no chunks
    await decorated_async.atransform("ab")  # wrong: chunks, not one value
"""
WRONG = [number for number, line in enumerate(SOURCE.splitlines(), start=1) if "# wrong" in line]


# All on one worker, since mypy keeps a cache.
@pytest.mark.xdist_group("checkers")
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "check", [mypy, pyright, ty, pyrefly], ids=["mypy", "pyright", "ty", "pyrefly"]
)
def test_mistakes_in_transforms_are_found_and_nothing_else(
    tmp_path: Path, check: Callable[[Sequence[Path]], list[Finding]]
) -> None:
    wrong = tmp_path / "wrong_transforms.py"
    wrong.write_text(SOURCE)
    found = check([RIGHT, wrong])
    assert [each for each in found if each.path.name == RIGHT.name] == []
    assert sorted({each.first for each in found}) == WRONG
