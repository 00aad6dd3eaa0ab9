"""Right code to spoil, and what it needs: steps of every kind over a few types."""

import sys

# A module that every source imports: what is known of it goes through mypy's cache.
SUBJECT = """\
import functools, operator, re
from collections.abc import (
    AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence,
)
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import (
    Annotated, Any, Concatenate, Final, Generic, Literal, NamedTuple, Never, NewType, NotRequired,
    ParamSpec, Protocol, Required, Self, TypeAlias, TypedDict, TypeGuard, TypeVar, TypeVarTuple,
    Union, Unpack, cast, overload,
)
from combinators import *

T = TypeVar("T")
B = TypeVar("B", bound="Named")
C = TypeVar("C", str, bytes)
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")
Name = NewType("Name", str)
Tree: TypeAlias = "str | list[Tree]"
Nested: TypeAlias = "dict[str, Nested]"
Steps: TypeAlias = "Callable[[str], Steps]"

class Rag(TypedDict):
    context: list[str]
    question: str

class Loose(TypedDict, total=False):
    context: Required[list[str]]
    language: str

class Linked(TypedDict):
    text: str
    rest: "Linked | None"

class Box(TypedDict, Generic[T]):
    value: T

@dataclass
class Query:
    text: str
    size: int = 0

class Pair(NamedTuple):
    left: str
    right: int

class Card(Record[str]):
    a: Key[str, int]
    b: Key[str, str]

class Named(Protocol):
    @property
    def name(self) -> str: ...

class Step(Protocol[T]):
    def __call__(self, given: T, /) -> "Step[T]": ...

class Caller:
    kept: "Runnable[str, int]"
    def __init__(self, text: str = "") -> None: ...
    def __call__(self, text: str) -> int: return len(text)
    def method(self, text: str) -> "Caller": return self
    @classmethod
    def made(cls, text: str) -> Self: return cls(text)
    @staticmethod
    def static(text: str) -> bytes: return text.encode()
    @runnable
    def bound(self, text: str) -> int: return len(text)
    @property
    def step(self) -> Runnable[str, int]: return runnable(self)

class Odd:
    __call__ = 3
class Unbound:
    def __call__() -> int: ...  # type: ignore[misc]
class Starred:
    def __call__(self, *args: T, **kwargs: Any) -> T: ...
class Twofold(Generic[T]):
    __call__: "Callable[[T], Twofold[list[T]]]"
class Getting:
    def __getattr__(self, name: str) -> "Getting": ...
class Meta(type):
    def __or__(cls, other: Any) -> Any: ...
    def __call__(cls, *args: Any) -> int: ...
class Made(metaclass=Meta): ...
class Joining:
    def __or__(self, other: Any) -> int: ...
    def __ror__(self, other: Any) -> str: ...
class Sub(dict[str, T]): ...
class Unknown(Nowhere): ...  # type: ignore[name-defined]

def search(text: str) -> list[str]: return [text]
def shout(text: str) -> str: return text.upper()
def size(text: str) -> int: return len(text)
def spell(number: int) -> str: return str(number)
def rag(prompt: Rag) -> str: return prompt["question"]
def query(text: str) -> Query: return Query(text)
def wide(given: Mapping[str, object]) -> int: return len(given)
def fresh(given: dict[str, object]) -> int: return len(given)
def same(given: T) -> T: return given
def first(given: Sequence[T]) -> T: return given[0]
def applied(step: Callable[P, T]) -> Callable[P, list[T]]: ...
def packed(*given: Unpack[Ts]) -> tuple[Unpack[Ts]]: return given
def constrained(given: C) -> C: return given
def loose(given: Loose) -> str: return ""
def either(text: str) -> str | int: return text
def maybe(text: str) -> str | None: return text
def kind(text: str) -> Literal["a", "b"]: return "a"
def never(text: str) -> Never: raise ValueError
def nothing(text: str) -> None: ...
def two(a: str, b: int) -> int: return b
def several(a: str, *more: str, flag: bool = False, **others: int) -> str: return a
def untyped(given, other=None): return given
def fragment(step: Runnable[str, T]) -> Runnable[str, T]: return step
async def fetch(url: str) -> bytes: return url.encode()
def words(text: str) -> Iterator[str]: yield from text.split()
async def letters(text: str) -> AsyncIterator[str]:
    for each in text: yield each
@overload
def over(given: str) -> int: ...
@overload
def over(given: int) -> str: ...
def over(given: Any) -> Any: ...
@functools.cache
def cached(text: str) -> int: return len(text)
@nowhere  # type: ignore[name-defined]
def decorated(text: str) -> int: return len(text)

anything: Any
erroneous = nowhere()  # type: ignore[name-defined]
table = {"a": size, "b": shout}
listed = [size, size]
options: dict[str, Any]
caller = Caller()
prompt = template("{context} {question}")
retrieval = {"context": search, "question": passthrough()} | prompt
key = "a"
CONST: Final = "context"
"""

HEADER = (
    "from typing import *\nfrom collections.abc import *\nfrom subject import *\n"
    "from combinators import *\nimport subject, combinators, nowhere\n"
)

# Names that one seed defines and another may use, so that together they make stranger things.
# A blank line stands between two of them.
WRITTEN = """\
chain = {"context": search, "question": passthrough()} | template("{context} {question}")

chain = fanout(context=search, question=shout) | rag | size
chain.invoke("a").bit_length()

chain = pipe({"context": search, "question": passthrough()}, prompt, len)

chain = passthrough(str) | {"a": size, "b": {"c": shout, "d": fetch}} | pick("b") | pick("c")

chain = fanout({"a": size, "b": shout}).assign(c=pick("a") | spell).pick("a", "c")

chain = fanout(size, shout, first) | (lambda both: both[0])

chain = fanout(Rag, context=search, question=shout) | rag

chain = Card(a=size, b=shout) | (lambda card: card.a)

chain = fanout(Query, text=shout, size=size) | (lambda q: q.text) | size

chain = fanout(Pair, left=shout, right=size) | (lambda pair: pair.left)

piece = pick("question") | search
chain = fanout(question=shout) | assign(context=piece) | rag

piece = assign(size=itemgetter("text") | runnable(size))
chain = fanout(text=shout) | piece

piece = passthrough() | pick("a")
chain = table_step | piece
other = fanout(a=size) | piece

piece = rename(question="q") | omit("language") | update(question=pick("question") | shout)

chain = fanout(q=shout, language=size) | rename(question="q") | omit("language")

piece = fanout(a=itemgetter("x"), b=itemgetter("y", "z"))
chain = fanout(x=size, y=size, z=size) | piece

chain = each(size) | sum
other = pipe(str.split, each(fanout(a=size, b=shout)), each(pick("a")))

chain = runnable(either) | branch(case(str, size), case(int, same))

chain = runnable(maybe) | branch(case(None, same), otherwise=shout)

chain = branch(
    when(lambda text: text.isalpha(), shout), when(str.isdigit, words), otherwise=fetch
)

chain = fanout(kind=kind, text=shout) | route(
    "kind", {"a": pick("text"), "b": template("{text}")}
)

chain = route("kind", {"a": {"x": pick("x")}, "b": template("{x}")}, otherwise={"x": pick("y")})

chain = bind(lambda text: runnable(size) if text else runnable(len)) | spell

chain = chat_template(system="Be {mood}.", user="{question}") | len

def fragment_of(key: Literal["a"]) -> Runnable[str, str]:
    return fanout(a=shout) | pick(key)

def generic(step: Runnable[str, T]) -> Runnable[str, dict[str, T]]:
    return fanout(a=step)

class Holder:
    chain = fanout(a=size) | pick("a")
    def use(self) -> int:
        return self.chain.invoke("a")

class Later:
    @runnable
    def step(self, text: str) -> int:
        return self.chain.invoke(text)
    chain = runnable(size)
Later().step | spell

@runnable
def chain(text: str) -> int:
    return other.invoke(text)
other = chain | spell | size

@runnable(inline=True)
def chain(text: str) -> Rag:
    return {"context": [text], "question": text}
chain | rag

chain = runnable(size, aio=fetch)
other = runnable(caller.method) | Caller.step.fget

chain: Runnable[str, Rag] = fanout(context=search, question=passthrough())
result: Rag = chain.invoke("a")

for part in fanout(a=size, b=words).stream("a"):
    reveal_type(part)

async def main() -> None:
    reveal_type(await chain.ainvoke("a"))
    async for part in chain.astream("a"):
        reveal_type(part)

results = chain.batch(["a", "b"], errors="collect", limit=3)
other = [each(size)(x) for x in results]

chain = pipe(partial(two, b=1), partial(several, flag=True), caller, Caller.static, bytes.decode)

chain = pipe(over, over, constrained, same, applied(size), first)

chain = runnable(shout).named("loud").tap(print).attempt() | (lambda result: result.value_or(""))

chain = fanout(a=retrieval, b=subject.retrieval) | fanout(c=pick("a"), d=subject.prompt)

chain = passthrough() | {"a": passthrough(), "b": passthrough()} | {"c": pick("a")}

if chain:
    chain = chain | size
else:
    chain = chain.assign(a=size)

steps = [shout, shout]
chain = runnable(shout)
for step in steps:
    chain = chain | step

chain = pipe(*(shout for _ in range(3)), *listed)
other = fanout(**table, **{"c": size})

built = {name: runnable(size) for name in "abc"}
chain = fanout(built) | template("{a}{b}{c}")

try:
    chain = fanout(a=size)
except CombinatorError as error:
    chain = error
chain | pick("a")

match chain.invoke("a"):
    case {"a": found, **rest}:
        reveal_type(found)
    case [Rag(), *others]:
        reveal_type(others)

def loop(text: str) -> Runnable[str, str]:
    return bind(loop) | loop("a") | bind(lambda text: loop(text))

chain = (step := runnable(size)) | (lambda n: (step, n)) | itemgetter(0)

def outer() -> None:
    def inner(text: str) -> str: return chain.invoke(text)
    chain = pipe(inner, inner)
    chain = inner

chain = fanout(**{"question": shout, "context": search}) | rag
"""

MADE = (
    f"long = shout | {' | '.join(['runnable(shout)'] * 20)}",
    f"chain = pipe({', '.join(['shout'] * 14)}, {{'a': size}}, pick('a'))",
    f"chain = fanout({', '.join(f'k{i}=size' for i in range(20))}) | pick('k3', 'k4') | wide",
    "deep = " + "{'a': " * 8 + "size" + "}" * 8 + " | pick('a') | pick('a')",
)

NEW_SYNTAX = """\
type Alias[U] = Runnable[str, U] | Alias[list[U]]
chain: Alias[int] = runnable(size)

def generic[U](step: Runnable[str, U]) -> Runnable[str, dict[str, U]]:
    return fanout(a=step)

class Wrapped[U, *Us, **Q]:
    step: Runnable[U, tuple[*Us]]
    def chain(self):
        return self.step | len

def packed[*Us](*steps: *Us) -> tuple[*Us]: return steps
chain = pipe(*packed(size, spell))

def bounded[U: (str, bytes)](text: U) -> U: return text
chain = runnable(bounded) | size

type Rec = dict[str, Rec] | str
def take(given: Rec) -> Rec: return given
chain = fanout(a=take) | take
"""

SEEDS = (*WRITTEN.split("\n\n"), *MADE)
if sys.version_info >= (3, 12):
    SEEDS += tuple(NEW_SYNTAX.split("\n\n"))
