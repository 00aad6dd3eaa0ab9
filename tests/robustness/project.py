"""A small project of modules that use one another's pipelines, and edits of it."""

import os
from collections.abc import Mapping
from pathlib import Path

STEPS = """\
from collections.abc import Callable, Coroutine
from typing import Any, TypedDict, TypeVar

class Rag(TypedDict):
    context: list[str]
    question: str

def search(text: str) -> list[str]: return [text]
def shout(text: str) -> str: return text.upper()
def size(text: str) -> int: return len(text)
def spell(number: int) -> str: return str(number)
def answer(prompt: Rag) -> str: return prompt["question"]

F = TypeVar("F", bound=Callable[..., Any])
def marked(function: F) -> F: return function
async def slowly(text: str) -> str: return text
@marked
def asked_for(text: str) -> Coroutine[Any, Any, str]: return slowly(text)
def kept(text: str) -> Coroutine[Any, Any, str]: return slowly(text)
"""

# What is not known yet, what is known whole, and both as attributes and as results.
PARTS = """\
from operator import itemgetter
from combinators import assign, fanout, omit, passthrough, pick, rename, runnable, template
from steps import answer, search, shout, size, spell

found = fanout(context=search, question=shout)
nested = fanout(size=size, inner=found)
retrieval = {"context": search, "question": passthrough()} | template("{context} {question}")
question = pick("question")
counted = assign(size=pick("question") | runnable(size))
both = fanout(a=pick("question"), b=itemgetter("context"))
asked = rename(asked="question")
dropped = omit("context")
same = passthrough()
prompt = template("{context} {question}")

class Holder:
    found = fanout(context=search, question=shout)
    question = pick("question")

def made(): return found | counted
"""

USES = """\
from combinators import fanout, passthrough, pick, pipe, runnable, template
from parts import Holder, asked, both, counted, dropped, found, nested, prompt, question, retrieval
from parts import same
from steps import Rag, answer, asked_for, kept, search, shout, size, slowly, spell
import parts

for each in (found, nested, retrieval, question, counted, both, asked, dropped, same, prompt):
    reveal_type(each)
reveal_type(found); reveal_type(nested); reveal_type(question); reveal_type(counted)
reveal_type(both); reveal_type(asked); reveal_type(dropped); reveal_type(same)
reveal_type(found | question)
reveal_type(found | counted)
reveal_type(found | counted | both)
reveal_type(found | asked | dropped)
reveal_type(nested | pick("inner") | question | shout)
reveal_type(Holder.found | Holder.question)
reveal_type(Holder().found | Holder().question | size)
reveal_type(fanout(question=shout) | question)
reveal_type(parts.found | same | answer)
reveal_type(retrieval.invoke("a"))
reveal_type(pipe(slowly, same)); reveal_type(pipe(asked_for, same)); reveal_type(pipe(kept, same))
reveal_type(runnable(shout, aio=runnable(shout).ainvoke))
wanted: Rag = found.invoke("a")

found | pick("contxt")
found | question | spell
found | template("{context} {questoin}")
nested | question
fanout(quest=shout) | question
fanout(context=search) | counted
found | dropped | pick("context")
pipe(found, asked, question)
retrieval | spell
Holder.found | pick("size")
fanout(context=shout) | prompt
found.invoke(1)
"""

# Nothing of this uses the library by itself: it is what stands between.
AGAIN = """\
from parts import *
from uses import wanted
reveal_type(found | question)
reveal_type(made)
found | question | spell
"""

PROJECT: Mapping[str, str] = {
    "steps.py": STEPS,
    "parts.py": PARTS,
    "uses.py": USES,
    "again.py": AGAIN,
}

# One edit each: file, what stood there, what is to stand there.
EDITS: Mapping[str, tuple[str, str, str]] = {
    "nothing": ("parts.py", "", ""),
    # The first ones leave what they use in the cache.
    "a use": ("uses.py", "found | question | spell", "found | question | search"),
    "another use": ("again.py", "reveal_type(made)", "reveal_type(nested)"),
    "a comment": ("parts.py", "found = ", "# found\nfound = "),
    "a key": (
        "parts.py",
        "found = fanout(context=search, question",
        "found = fanout(context=search, quest",
    ),
    "a key of a fragment": (
        "parts.py",
        'question = pick("question")',
        'question = pick("context")',
    ),
    "a key of a template": (
        "parts.py",
        'prompt = template("{context}',
        'prompt = template("{contxt}',
    ),
    "a key of an attribute": ("parts.py", "    found = fanout(context", "    found = fanout(text"),
    "a step": ("parts.py", "size=size, inner=found", "size=size, inner=shout"),
    "an output": ("steps.py", "def shout(text: str) -> str", "def shout(text: str) -> bytes"),
    "a field": ("steps.py", "    question: str", "    question: int"),
    "a body": ("steps.py", "return text.upper()", "return text.lower()"),
    "a syntax error": ("parts.py", "nested = ", "nested = = "),
    "a name that is gone": ("parts.py", "both = ", "neither = "),
}


def written(folder: Path, files: Mapping[str, str] = PROJECT) -> Path:
    """Write what is new into the folder, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        if not path.exists():
            path.write_text(text)
        elif path.read_text() != text:
            # mypy takes a file of the same size and the same second for the same file.
            second = int(path.stat().st_mtime) + 1
            path.write_text(text)
            os.utime(path, (second, second))
    return folder


def edited(edit: str) -> dict[str, str]:
    """Return the files of the project after an edit."""
    file, before, after = EDITS[edit]
    assert before in PROJECT[file]
    return {**PROJECT, file: PROJECT[file].replace(before, after, 1)}
