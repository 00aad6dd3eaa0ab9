"""The plugins of `returns` and `pydantic` beside ours, in any order."""

import pytest

from tests.robustness.mypy_process import OURS, Run, configuration, mypy

RETURNS = "returns.contrib.mypy.returns_plugin"
PYDANTIC = "pydantic.mypy"
SETTINGS = """\
strict = true
show_error_code_links = false
[pydantic-mypy]
init_typed = true
init_forbid_extra = true
warn_required_dynamic_aliases = true
"""

# Behind a wrong line stands its code.
ALL_THREE = """\
from pydantic import BaseModel, Field
from returns.curry import partial
from returns.pipeline import flow, pipe as flowing
from returns.pointfree import map_
from returns.result import Result, Success, safe
from combinators import Runnable, assign, fanout, passthrough, pick, pipe, runnable, template

class Query(BaseModel):
    text: str
    size: int = Field(default=3)

class Found(BaseModel):
    query: Query
    context: list[str]

def ask(text: str) -> Query: return Query(text=text)
def search(query: Query) -> list[str]: return [query.text]
def repeated(times: int, text: str) -> str: return text * times
def found(query: Query, context: list[str]) -> Found: return Found(query=query, context=context)
@safe
def number(text: str) -> int: return int(text)

asked = pipe(ask, {"context": search, "query": passthrough()})
chain = asked | (lambda given: Found(query=given["query"], context=given["context"]))
size: Runnable[str, int] = chain | (lambda each: each.query.size)
parsed: Runnable[str, Result[int, Exception]] = pipe(partial(repeated, 2), number)
length: int = flow("a", chain, search_of := (lambda each: each.context), len)
mapped = flow(Success("1"), map_(runnable(len)), map_(size.__class__))
template("{text}").invoke(Query(text="a").model_dump())
runnable(len).attempt() | (lambda outcome: outcome.value_or(0))
by_steps: int = flowing(chain, search_of, len)("a")

Query(text=1)  # arg-type
Query(txt="a")  # call-arg
asked | pick("contxt")  # runnable-keys
asked | (lambda given: Found(query=given["context"], context=given["context"]))  # arg-type
chain | (lambda each: each.queri)  # attr-defined
pipe(partial(repeated, 2), len, str.upper)  # runnable-types
pipe(number, str.upper)  # runnable-types
fanout(query=ask) | assign(text=pick("query") | search) | template("{txt}")  # runnable-keys
flow("a", chain, len)  # arg-type
size.invoke(1)  # runnable-input
"""

# They share the runs.
pytestmark = pytest.mark.xdist_group("other plugins")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Run]:
    """Return what is said with the three plugins, first in one order and then in the other."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "source.py").write_text(ALL_THREE)
    return {
        order: mypy(folder, ["source.py"], configuration(order, SETTINGS))
        for order in [(OURS, RETURNS, PYDANTIC), (PYDANTIC, RETURNS, OURS), (OURS,)]
    }


def test_three_plugins_find_what_each_of_them_is_for(runs: dict[tuple[str, ...], Run]) -> None:
    expected = [
        (number, code)
        for number, line in enumerate(ALL_THREE.splitlines(), start=1)
        if (code := line.partition("  # ")[2])
    ]
    assert [(m.line, m.code) for m in runs[OURS, RETURNS, PYDANTIC].messages] == expected


def test_the_order_of_plugins_makes_no_difference(runs: dict[tuple[str, ...], Run]) -> None:
    assert runs[OURS, RETURNS, PYDANTIC].said() == runs[PYDANTIC, RETURNS, OURS].said()


def test_ours_says_by_itself_what_it_says_beside_others(runs: dict[tuple[str, ...], Run]) -> None:
    ours = [m for m in runs[OURS,].messages if (m.code or "").startswith("runnable-")]
    beside = runs[PYDANTIC, RETURNS, OURS].messages
    assert ours
    assert [m for m in beside if (m.code or "").startswith("runnable-")] == ours
