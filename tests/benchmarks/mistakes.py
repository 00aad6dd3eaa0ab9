"""Thirty pipelines in two spellings, each with one mistake: in ours, and in LangChain's."""

from dataclasses import dataclass
from typing import Literal, final

GIVEN = """\
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TypedDict

@dataclass
class Doc:
    text: str

class Rag(TypedDict):
    context: list[Doc]
    question: str

def search(question: str) -> list[Doc]: return [Doc(question)]
def shout(text: str) -> str: return text.upper()
def size(text: str) -> int: return len(text)
def spell(number: int) -> str: return str(number)
def halve(number: int) -> float: return number / 2
def encode(text: str) -> bytes: return text.encode()
def decode(data: bytes) -> str: return data.decode()
def parts(text: str) -> list[str]: return text.split()
def answer(prompt: Rag) -> str: return prompt["context"][0].text + prompt["question"]
def either(text: str) -> str | int: return text if text else 0
def is_text(given: str | int) -> bool: return isinstance(given, str)
def is_long(text: str) -> bool: return len(text) > 3
async def fetch(url: str) -> bytes: return url.encode()
def repeated(text: str) -> Iterator[str]: yield from (text, text)
def repeated_chunks(texts: Iterator[str]) -> Iterator[str]: yield from texts
"""
OURS = """\
from operator import itemgetter
from combinators import *
from given import *
"""
THEIRS = """\
from operator import itemgetter
from langchain_core.prompts import PromptTemplate
from langchain_core.runnables import (
    Runnable, RunnableBranch, RunnableGenerator, RunnableLambda, RunnableParallel,
    RunnablePassthrough,
)
from given import *
"""


@final
@dataclass(frozen=True, slots=True)
class Case:
    """A right pipeline in two spellings. Where `⟦right¦wrong⟧` stands, the mistake is made."""

    kind: Literal["type", "key"]
    name: str
    ours: str
    theirs: str


def variants(text: str) -> tuple[str, str]:
    """Return the right and the wrong form of a spelling."""
    before, _, rest = text.partition("⟦")
    choice, _, after = rest.partition("⟧")
    right, _, wrong = choice.partition("¦")
    return f"{before}{right}{after}\n", f"{before}{wrong}{after}\n"


CASES = (
    Case(
        "type",
        "neighbours",
        "chain = runnable(shout) | ⟦size¦encode⟧ | spell",
        "chain = RunnableLambda(shout) | ⟦size¦encode⟧ | spell",
    ),
    Case(
        "type",
        "a step in the middle",
        "chain = pipe(shout, size, ⟦spell¦shout⟧, encode)",
        "chain = RunnableLambda(shout) | RunnableLambda(size) | RunnableLambda(⟦spell¦shout⟧)"
        " | RunnableLambda(encode)",
    ),
    Case(
        "type",
        "the input",
        "chain = runnable(shout) | size\nchain.invoke(⟦'a'¦1⟧)",
        "chain = RunnableLambda(shout) | size\nchain.invoke(⟦'a'¦1⟧)",
    ),
    Case(
        "type",
        "the result",
        "chain = runnable(shout) | size\nlength: ⟦int¦bytes⟧ = chain.invoke('a')",
        "chain = RunnableLambda(shout) | size\nlength: ⟦int¦bytes⟧ = chain.invoke('a')",
    ),
    Case(
        "type",
        "branches with no input in common",
        "both = fanout(size=size, loud=⟦shout¦spell⟧)",
        "both = RunnableParallel(size=size, loud=⟦shout¦spell⟧)",
    ),
    Case(
        "type",
        "a dict into a step that takes none",
        "chain = {'a': size, 'b': shout} | ⟦template('{a} {b}')¦runnable(shout)⟧",
        "chain = {'a': RunnableLambda(size), 'b': RunnableLambda(shout)}"
        " | ⟦PromptTemplate.from_template('{a} {b}')¦RunnableLambda(shout)⟧",
    ),
    Case(
        "type",
        "a value of a mapping",
        "chain = fanout(context=⟦search¦parts⟧, question=shout) | answer",
        "chain = RunnableParallel(context=⟦search¦parts⟧, question=shout) | RunnableLambda(answer)",
    ),
    Case(
        "type",
        "a picked value",
        "chain = fanout(a=size, b=shout) | pick('a') | ⟦spell¦encode⟧",
        "chain = RunnableParallel(a=size, b=shout).pick('a') | RunnableLambda(⟦spell¦encode⟧)",
    ),
    Case(
        "type",
        "what is computed from a value",
        "chain = fanout(text=shout) | assign(more=pick('text') | runnable(⟦size¦spell⟧))",
        "chain = RunnableParallel(text=shout)"
        " | RunnablePassthrough.assign(more=itemgetter('text') | RunnableLambda(⟦size¦spell⟧))",
    ),
    Case(
        "type",
        "the elements of a list",
        "chain = runnable(parts) | each(⟦size¦spell⟧)",
        "chain = RunnableLambda(parts) | RunnableLambda(⟦size¦spell⟧).map()",
    ),
    Case(
        "type",
        "an attribute in a lambda",
        "chain = runnable(search) | (lambda docs: docs[0].⟦text¦txt⟧)",
        "chain = RunnableLambda(search) | (lambda docs: docs[0].⟦text¦txt⟧)",
    ),
    Case(
        "type",
        "an attribute in a lambda of a dict",
        "chain = fanout(found=search) | {'first': lambda given: given['found'][0].⟦text¦txt⟧}",
        "chain = RunnableParallel(found=search)"
        " | {'first': lambda given: given['found'][0].⟦text¦txt⟧}",
    ),
    Case(
        "type",
        "an arm of a choice",
        "chain = runnable(either) | branch(case(str, size), case(int, ⟦halve¦decode⟧))",
        "chain = RunnableLambda(either)"
        " | RunnableBranch((is_text, RunnableLambda(size)), RunnableLambda(⟦halve¦decode⟧))",
    ),
    Case(
        "type",
        "after an async function",
        "chain = pipe(fetch, ⟦decode¦shout⟧)",
        "chain = RunnableLambda(fetch) | RunnableLambda(⟦decode¦shout⟧)",
    ),
    Case(
        "type",
        "after a generator function",
        "chain = pipe(repeated, ⟦shout¦spell⟧)",
        "chain = RunnableGenerator(repeated_chunks) | RunnableLambda(⟦shout¦spell⟧)",
    ),
    Case(
        "type",
        "the inputs of a batch",
        "results = runnable(shout).batch([⟦'a'¦1⟧])",
        "results = RunnableLambda(shout).batch([⟦'a'¦1⟧])",
    ),
    Case(
        "type",
        "an annotation",
        "chain: Runnable[str, ⟦int¦bytes⟧] = runnable(shout) | size",
        "chain: Runnable[str, ⟦int¦bytes⟧] = RunnableLambda(shout) | size",
    ),
    Case(
        "type",
        "what is no step",
        "chain = runnable(shout) | ⟦size¦size('a')⟧",
        "chain = RunnableLambda(shout) | ⟦size¦size('a')⟧",
    ),
    Case(
        "key",
        "a key of a dict before a template",
        "chain = {'⟦context¦contxt⟧': search, 'question': passthrough()}"
        " | template('{context} {question}')",
        "chain = {'⟦context¦contxt⟧': RunnableLambda(search), 'question': RunnablePassthrough()}"
        " | PromptTemplate.from_template('{context} {question}')",
    ),
    Case(
        "key",
        "a name in a template",
        "chain = fanout(context=search, question=passthrough())"
        " | template('{⟦context¦contxt⟧} {question}')",
        "chain = RunnableParallel(context=search, question=RunnablePassthrough())"
        " | PromptTemplate.from_template('{⟦context¦contxt⟧} {question}')",
    ),
    Case(
        "key",
        "a key that is picked",
        "chain = fanout(text=shout, size=size).pick('⟦size¦sise⟧')",
        "chain = RunnableParallel(text=shout, size=size).pick('⟦size¦sise⟧')",
    ),
    Case(
        "key",
        "a key that an itemgetter gets",
        "chain = fanout(text=shout, size=size) | itemgetter('⟦size¦sise⟧')",
        "chain = RunnableParallel(text=shout, size=size) | itemgetter('⟦size¦sise⟧')",
    ),
    Case(
        "key",
        "a key that is computed from",
        "chain = fanout(text=shout) | assign(more=pick('⟦text¦txt⟧') | size)",
        "chain = RunnableParallel(text=shout)"
        " | RunnablePassthrough.assign(more=itemgetter('⟦text¦txt⟧') | RunnableLambda(size))",
    ),
    Case(
        "key",
        "a subscript in a lambda",
        "chain = fanout(found=search) | (lambda given: given['⟦found¦fund⟧'])",
        "chain = RunnableParallel(found=search) | (lambda given: given['⟦found¦fund⟧'])",
    ),
    Case(
        "key",
        "a key that a function takes",
        "chain = fanout(⟦context¦contxt⟧=search, question=shout) | answer",
        "chain = RunnableParallel(⟦context¦contxt⟧=search, question=shout)"
        " | RunnableLambda(answer)",
    ),
    Case(
        "key",
        "a key that is left out",
        "chain = fanout(⟦context=search, ¦⟧question=shout) | answer",
        "chain = RunnableParallel(⟦context=search, ¦⟧question=shout) | RunnableLambda(answer)",
    ),
    Case(
        "key",
        "a key of the result",
        "length = fanout(text=shout, size=size).invoke('a')['⟦size¦sise⟧']",
        "length = RunnableParallel(text=shout, size=size).invoke('a')['⟦size¦sise⟧']",
    ),
    Case(
        "key",
        "a key of the input",
        "said = template('{question}').invoke({'⟦question¦questoin⟧': 'a'})",
        "said = PromptTemplate.from_template('{question}').invoke({'⟦question¦questoin⟧': 'a'})",
    ),
    Case(
        "key",
        "a key of an inner mapping",
        "chain = fanout(inner=fanout(text=shout)) | pick('inner') | pick('⟦text¦txt⟧')",
        "chain = RunnableParallel(inner=RunnableParallel(text=shout)) | itemgetter('inner')"
        " | itemgetter('⟦text¦txt⟧')",
    ),
    Case(
        "key",
        "a key that gets another name",
        "chain = fanout(text=shout) | rename(question='⟦text¦txt⟧')",
        "chain = RunnableParallel(text=shout)"
        " | RunnableParallel(question=itemgetter('⟦text¦txt⟧'))",
    ),
)
