"""The same programs twice, of any size: with pipelines, and with plain functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

# The files of a program by their names; the one to check is `main.py`.
Program: TypeAlias = Mapping[str, str]
Write: TypeAlias = Callable[[int], Program]

STEPS = """\
def shout(text: str) -> str: return text.upper()
def size(text: str) -> int: return len(text)
def search(text: str) -> list[str]: return [text]
def first(found: list[str]) -> str: return found[0]
"""
WITH = (
    "from combinators import assign, fanout, omit, passthrough, pick, pipe, runnable, template\n"
    + STEPS
)


FANOUTS = (
    "both_{i} = fanout(context=search, question=shout)\n",
    'both_{i} = fanout({{"text": shout, "size": size}})\n',
)
FANOUTS_PLAINLY = (
    """\
def both_{i}(text: str) -> dict[str, list[str] | str]:
    return {{"context": search(text), "question": shout(text)}}
""",
    """\
def both_{i}(text: str) -> dict[str, str | int]:
    return {{"text": shout(text), "size": size(text)}}
""",
)

CHAINS = (
    """\
chain_{i} = {{"context": search, "question": passthrough()}} | template("{{context}} {{question}}")
""",
    """\
chain_{i} = fanout(text=shout, size=size) | assign(more=pick("text") | size) | pick("more")
""",
)
CHAINS_PLAINLY = (
    """\
def chain_{i}(text: str) -> str:
    found = {{"context": search(text), "question": text}}
    return f"{{found['context']}} {{found['question']}}"
""",
    """\
def chain_{i}(text: str) -> int:
    loud = shout(text)
    found = {{"text": loud, "size": size(text), "more": size(loud)}}
    return size(str(found["more"]))
""",
)

WITH_STEPS = """\
from combinators import fanout, passthrough, pick, runnable, template
from steps import *
"""
MODULE = """\
from module_{before} import chain as before
prompt = template("{{context}} {{question}}")
found = {{"context": search, "question": passthrough()}} | prompt | before
loud = pick("question") | shout | before
both = fanout(context=search, question=before) | prompt
chain = both | shout
"""
MODULE_PLAINLY = """\
from steps import *
from module_{before} import chain as before
def prompt(given: dict[str, list[str] | str]) -> str:
    return f"{{given['context']}} {{given['question']}}"
def found(text: str) -> str:
    return before(prompt({{"context": search(text), "question": text}}))
def loud(given: dict[str, str]) -> str:
    return before(shout(given["question"]))
def both(text: str) -> str:
    return prompt({{"context": search(text), "question": before(text)}})
def chain(text: str) -> str:
    return shout(both(text))
"""


def piped(count: int) -> Program:
    """Return one pipe of so many steps."""
    steps = ", ".join(["search", "first"] * (count // 2))
    return {"main.py": f'{WITH}chain = pipe({steps})\nreveal_type(chain.invoke("a"))\n'}


def piped_plainly(count: int) -> Program:
    """Return a function that makes as many calls."""
    calls = "    found = search(text)\n    text = first(found)\n" * (count // 2)
    code = f'def chain(text: str) -> str:\n{calls}    return text\nreveal_type(chain("a"))\n'
    return {"main.py": STEPS + code}


def joined(count: int) -> Program:
    """Return one chain of so many steps, joined with `|`."""
    steps = " | ".join(["search | first"] * (count // 2))
    return {
        "main.py": f'{WITH}chain = passthrough(str) | {steps}\nreveal_type(chain.invoke("a"))\n'
    }


def fragment(count: int) -> Program:
    """Return so many steps of which the input is not known before they are used."""
    steps = " | ".join(['assign(more=pick("text"))', 'omit("more")'] * (count // 2))
    use = 'reveal_type((fanout(text=shout) | chain).invoke("a"))'
    return {"main.py": f"{WITH}chain = {steps}\n{use}\n"}


def fanned_out(count: int) -> Program:
    """Return so many fan-outs."""
    return {"main.py": WITH + _numbered(FANOUTS, count)}


def fanned_out_plainly(count: int) -> Program:
    """Return as many functions that give a dict."""
    return {"main.py": STEPS + _numbered(FANOUTS_PLAINLY, count)}


def chained(count: int) -> Program:
    """Return so many chains of a fan-out and what works on its result."""
    return {"main.py": WITH + _numbered(CHAINS, count)}


def chained_plainly(count: int) -> Program:
    """Return as many functions that do the same."""
    return {"main.py": STEPS + _numbered(CHAINS_PLAINLY, count)}


def project(count: int) -> Program:
    """Return so many modules, each with pipelines that use those of the one before."""
    return _project(count, WITH_STEPS + "chain = runnable(shout)\n", WITH_STEPS + MODULE)


def project_plainly(count: int) -> Program:
    """Return as many modules of functions."""
    return _project(count, "from steps import *\nchain = shout\n", MODULE_PLAINLY)


def _project(count: int, first: str, later: str) -> Program:
    modules = {f"module_{i}.py": later.format(i=i, before=i - 1) for i in range(1, count)}
    main = "".join(f"import module_{i}\n" for i in range(count))
    return {"steps.py": STEPS, "module_0.py": first, **modules, "main.py": main}


def _numbered(forms: Sequence[str], count: int) -> str:
    return "".join(forms[i % len(forms)].format(i=i) for i in range(count))


def nested(depth: int) -> Program:
    """Return pipes within pipes, with lambdas, that deep."""
    inner = "lambda text: text"
    for _ in range(depth):
        both = "fanout(a=lambda text: text, b=lambda text: len(text))"
        inner = f"pipe(shout, {inner}, {both}, pick('a'))"
    return {"main.py": f"{WITH}chain = {inner}\n"}


def nested_plainly(depth: int) -> Program:
    """Return functions within functions, that deep."""
    head = "from collections.abc import Callable\n"
    apply = "def apply(f: Callable[[str], str], text: str) -> str: return f(text)\n"
    inner = "text"
    for _ in range(depth):
        inner = f"apply(lambda text: {inner}, shout(text))"
    return {"main.py": f"{head}{STEPS}{apply}def chain(text: str) -> str:\n    return {inner}\n"}
