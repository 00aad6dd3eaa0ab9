"""The plugin by itself: what it says, whole; other plugins beside it; code that is not finished."""

import contextlib
import json
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
RETURNS = "returns.contrib.mypy.returns_plugin"
OURS = "combinators.mypy"

# Behind a wrong line stands what is said of it.
SAID = Path(__file__).with_name("said.txt").read_text()

CODES = {
    "needs the key": "runnable-keys",
    "gives the key": "runnable-keys",
    "fanout(Pair": "runnable-keys",
    "template()": "runnable-keys",
    "the input": "runnable-input",
    "nothing in it": "runnable-cases",
    "has no arm": "runnable-cases",
    # mypy's own words are kept, beside a lambda and in it.
    'Argument 1 to "size"': "arg-type",
    "is not defined": "name-defined",
    "has no attribute": "attr-defined",
    "is not indexable": "index",
}

# Names that are not there, missing and starred arguments, `Any`, things that are no steps.
UNFINISHED = """\
import nowhere
from nowhere import thing
from combinators import *
from typing import Any

anything: Any
def f(x: str) -> int: ...
def untyped(x): return x
steps, table, r = [f, f], {"a": f}, runnable(f)

pipe(); pipe(anything); pipe(missing); pipe(*anything); pipe(*steps); pipe(*missing); pipe(f, x=1)
pipe(thing, f); pipe(f, thing); pipe(nowhere.x.y); pipe(**table); pipe(f, *steps, f); pipe(untyped)
pipe(lambda: 1); pipe(f, lambda n: n.nothing); pipe(f, lambda a, b: missing); pipe(pipe, fanout)
fanout(**table); fanout(**anything); fanout(a=missing); fanout(*steps); fanout(1, 2); fanout(None)
fanout({1: f}); fanout({anything: f}); fanout({**table}); fanout({"a": f, **missing}); fanout({})
fanout({"a": {"b": {"c": missing}}}); fanout({k: f for k in "ab"}); fanout(int, a=f, b=missing)
r | anything; anything | r; r | missing; missing | r; r | thing; r | {}; {} | r; {**table} | r
{1: f} | r; r | {"a": missing}; {missing: f} | r; r | {None: None}; r | (lambda: 1); r |= f
{}.__or__(r); r.__or__(); r.__or__(*steps); r.__ror__(**table); dict.__or__({}, r); table |= r
runnable(); runnable(1); runnable(f, aio=anything); runnable(f, aio=missing); runnable(*steps)
each(); each(missing); each({"a": missing}); each(1, 2); bind(); bind(missing); bind(lambda x: x)
branch(); branch(anything); branch(missing); branch(1, otherwise=2); branch(*steps, otherwise=f)
case(); case(missing, f); case(int, missing); case("missing", f); case(f, int); when(f); when(1, 2)
route(); route("k"); route("k", {}); route(1, {1: missing}); route("k", {**table})
assign(a=missing); assign(1); update(**anything); r.assign(a=missing); r.assign(*steps); assign()
class Half:
    whole = pipe(half, missing)
    @runnable
    def method(self, x): return pipe(self.method, self.nothing)
    @runnable
    def empty(self): ...
    @pipe
    def piped(x: int) -> str: ...
def later() -> None:
    pipe(early, fanout(a=early, b=late))
early = pipe(late, early)
late = fanout(a=early)
async def waits(): pipe(await missing, [x async for x in missing])
"""


def errors(folder: Path, source: str, *plugins: str) -> list[tuple[int, str, str]]:
    """Return the line, the code and the message of what mypy finds in a source."""
    path, config = folder / "source.py", folder / "mypy.ini"
    path.write_text(source)
    config.write_text(f"[mypy]\nstrict = true\nplugins = {', '.join(plugins)}\n")
    options = ["--config-file", str(config), "--cache-dir", str(folder / "cache")]
    with contextlib.chdir(ROOT):
        report, failure, _ = api.run([*options, "--output=json", str(path)])
    assert failure == ""
    found = [json.loads(line) for line in report.splitlines()]
    return [
        (each["line"], each["code"], each["message"])
        for each in found
        if each["severity"] == "error" and Path(each["file"]) == path
    ]


def code_of(message: str) -> str:
    """Return the code under which a message is said."""
    codes = [code for words, code in CODES.items() if words in message]
    return codes[-1] if codes else "runnable-types"


@pytest.mark.parametrize("plugins", [(OURS, RETURNS), (RETURNS, OURS)], ids=["first", "last"])
def test_messages_are_the_same_with_another_plugin_before_or_after(
    tmp_path: Path, plugins: tuple[str, ...]
) -> None:
    said = [
        (number, code_of(message), message)
        for number, line in enumerate(SAID.splitlines(), start=1)
        if (message := line.partition("  # ")[2])
    ]
    assert errors(tmp_path, SAID, *plugins) == said


def test_code_that_is_not_finished_is_no_reason_to_crash(tmp_path: Path) -> None:
    found = errors(tmp_path, UNFINISHED, OURS)
    # To the last line: mypy would have stopped at the first that makes the plugin fail.
    assert max(line for line, _, _ in found) == UNFINISHED.count("\n")
    assert not any("INTERNAL" in message for _, _, message in found)
