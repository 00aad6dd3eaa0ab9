"""Expressions and statements that are grown: what is odd is as likely as what is usual."""

import re
from random import Random


def _split(table: str) -> list[str]:
    return re.split(r" {3}|\n", table.strip())


# `@` stands for an expression, `#` for a type, `%` for a name that the source may use elsewhere.
# Two of a kind are twice as likely.
ATOMS = _split("""\
search   shout   size   spell   rag   wide   fresh   same   first   loose   either   maybe   kind
never   nothing   two   several   untyped   fetch   words   letters   over   cached   decorated
applied   packed   constrained   anything   erroneous   missing   nowhere   nowhere.thing   table
listed   options   Card   Card(a=size, b=shout)
caller   caller.method   Caller   Caller.made   Caller.bound   Odd()
Unbound()   Starred()   Twofold()   Getting()   Getting().a   Made   Joining()   Sub()   Unknown
prompt   retrieval   subject.retrieval   key   CONST   fragment   int   str   list   dict   type
object   enumerate   max   sorted   next   iter   print   len   itemgetter   partial   Rag   Query
Pair   Loose   Box   Step   Name   Tree   T   P   Runnable   pipe   fanout   passthrough   pick
combinators   None   ...   True   0   -1   1.5   2j   "a"   "question"   b"a"   ""   "{a}"   ()
[]   {}   set()   NotImplemented   __name__   self   super()   lambda: 0   str.upper   str.split
dict.get   ''.join   re.compile('x').match   Path.iterdir   %   %   %   %   %   %
""")

TYPES = _split("""\
str   int   None   int | None   Any   object   Never   Rag   "Rag"   "Missing"   missing
nowhere.Thing   list[Any]   list[int]   dict   dict[str, object]   Tree   Nested   Steps   T   B
C   P   Ts   tuple[Unpack[Ts]]   tuple[int, ...]   Self   Literal["a", "b"]   Literal[1]
Literal[missing]   Runnable   Runnable[str, int]   Runnable[str]   Runnable[Any, Any]
Runnable[T, Rag]   Runnable["Rag", "T"]   Linked   Callable[P, T]   Callable[[str], int]
Callable[..., Any]   Callable   Step[str]   Callable[Concatenate[str, P], T]   type[int]   type[T]
type[Any]   Named   Box[T]   Annotated[str, missing]   Required[int]   ClassVar[int]   Final
Unpack[Rag]   1 + 1   TypeGuard[int]   Awaitable[str]   Iterator[Rag]   Mapping[str, T]   Loose
Name   Runnable[Runnable[str, int], Runnable]   Twofold[int]   Unknown   @   %   Concatenate
Runnable[Never, Never]   Runnable[object, None]   Generator[int, str, Rag]   [str]
""")

# What the plugin answers for.
CALLS = _split("""\
pipe(@, @)   pipe(@)   pipe()   pipe(@, @, @, @)   pipe(*@)   pipe(@, *@, @)   pipe(**@)
pipe(@, named=@)   fanout()   fanout(a=@)   fanout(a=@, b=@)   fanout(@)   fanout(@, @)
fanout(@, a=@)   fanout(a=@, **@)   fanout(*@)   fanout({"a": @})   fanout({"a": @, **@})
fanout({@: @})   fanout(#, a=@)   fanout({"a": @, "a": @})   fanout(Rag, context=@, question=@)
fanout(Query, text=@)   fanout(Pair, left=@, right=@)   fanout(Box, value=@)
fanout(Box[int], value=@)   fanout(Linked, text=@, rest=@)   passthrough()   passthrough(#)
passthrough(@, @)   assign(a=@)   assign(@)   assign(**@)   assign(a=@, b=@)   update(a=@)
update(question=@, **@)   pick("a")   pick("a", "b")   pick(@)   pick(*@)   pick()   pick(key)
pick(CONST)   pick(a=@)   rename(a="b")   rename(a="b", b="a")   rename(a=@)   rename(**@)
rename("a")   omit("a")   omit("a", @)   omit(*@)   omit()   each(@)   each(@, @)   each()
itemgetter("a")   itemgetter("a", "b")   itemgetter(@)   itemgetter(0)   bind(@)
bind(lambda x: @)   branch(@)   branch(case(#, @), @)   branch(@, otherwise=@)
branch(case(#, @), case(#, @))   branch(when(@, @), otherwise=@)   branch(*@, otherwise=@)
case(#, @)   case(@, @)   when(@, @)   when(lambda x: @, @)   case(#)   when(@)
route("kind", {"a": @, "b": @})   route(@, @)   route("kind", {@: @}, otherwise=@)
route("kind", {"a": @, **@})   route(@, @, otherwise=@)   template("{a} {b}")   template(@)
template(f"{@}")   template("{a}" "{question}")   template("{a.b[0]!r:>{w}}")   template("{")
template("{}")   template(*@)   chat_template(user="{a}")
chat_template(system=@, user="{question}")   chat_template(**@)   chat_template(@)   runnable(@)
runnable(@, aio=@)   runnable(inline=@)   runnable(@, inline=True)   runnable(lambda x: @)
runnable()   runnable(*@)   partial(@, @)   partial(@, a=@)
""")
METHODS = _split("""\
@ | @   @ | @ | @   {"a": @} | @   @ | {"a": @, "b": {"c": @}}   {**@} | @   {@: @} | @
@ | (lambda x: @)   @ | (lambda: @)   @ | (lambda *x, **y: @)   @ | (lambda x: x["a"])
@ | (lambda x, y=1: @)   @ | (lambda x: x["question"].nothing)   @ | pick("a")   @ | assign(a=@)
@ | template("{a}")   @.pick("a")   @.pick(*@)   @.assign(a=@)   @.assign(@)   @.named("n")
@.named(@)   @.tap(@)   @.attempt()   @.attempt(@)   @.each()   @.each(@)   @.invoke(@)
@.invoke(@, limit=@)   @.invoke()   @.batch(@)   @.batch(@, errors="collect")   @.batch(@, **@)
@.stream(@)   @.astream(@)   @(@)   @.ainvoke(@)   @.invoke   @.assign   @.nothing
@.draw("text")   @.__or__(@)   @.__ror__(@)   Runnable.__or__(@, @)   Runnable.invoke(@, @)
dict.__or__(@, @)   @.invoke({"a": @})   @.invoke({"context": [], "question": ""})
@.batch([@, @])   @.batch_as_completed(@)   @.__class__   Runnable(@)   Runnable[str, int](@)
""")

WRAPPED = _split("""\
(@ if @ else @)   (@ or @)   (@ and @)   not @   [@, @]   (@, @)   {@, @}   [*@]   {"a": @}
{"a": @, "b": @}   {@: @}   {**@}   {**@, 'a': @}   [@ for x in @]   {x: @ for x in @}
{'a': @ for _ in @ if @}   (@ for x in @)   list(map(@, @))   [@ async for x in @]   (lambda x: @)
(lambda x: x(x))(lambda x: x(x))   (% := @)   (await @)   (yield @)   (yield from @)   @[@]
@["a"]   @[0]   @[@:@]   f'{@}'   cast(#, @)   cast("#", @)   dict(a=@)   dict(@, b=@)
getattr(@, 'a')   @ == @   @ & @   @ - @   ~@   @ is not None   isinstance(@, Runnable)
callable(@)   reveal_type(@)   reveal_type(@)   type(@)   min(@, @)   functools.reduce(@, @)
operator.or_(@, @)   super().__or__(@)   TypedDict('D', {'a': #})   NewType('N', #)
TypeVar('V', bound=#)   assert_type(@, #)   applied(@)   packed(@, @)   fragment(@)
""")

# `$` is the sign of a decorator. A blank line stands between two of them.
STATEMENTS = re.split(
    r"\n\n",
    """\
% = @

% = @

% = @

% = @

% = @

@

@

reveal_type(@)

reveal_type(@)

%: # = @

%: #

% |= @

%.a = @

%[@] = @

%, % = @

*%, % = @

% = % = @

del %

global %

assert @

raise @

from nowhere import %

import %

def %(x: #, y: # = @) -> #:
    return @

def %(x):
    return @

def %(*x: #, **y: #): ...

async def %(x: #) -> #:
    return @

async def %(x):
    yield @

def %(x: #):
    yield @

@runnable
def %(x: #) -> #: ...

$@
def %(x: str) -> int: ...

$@
class %: ...

$runnable(inline=@)
def %(x: #):
    return @

$@
$@
async def %(x: #): ...

class %(@):
    a = @
    b: # = @

class %(#):
    a: #

class %(TypedDict):
    a: #

class %:
    $runnable
    def a(self, x: #) -> #: return @
    b = @

class %(metaclass=@): ...

class %:
    __call__ = @
    __or__ = @
    def __getattr__(self, n): return @

for % in @:
    @

class %(NamedTuple):
    a: # = @

class %(Record[#]):
    a: Key[#, #]
    b: Key[str, #] = @

class %(Generic[T]):
    def a(self, x: T): return @

while @:
    % = @

with @ as %:
    @

try:
    @
except @ as %:
    @

lambda x: @

if @:
    % = @
else:
    % = @

if False:
    @

if TYPE_CHECKING:
    @
else:
    @

match @:
    case {'a': %}:
        @
    case Rag() | Query(%):
        @
    case _:
        @

def %(x: Runnable[#, #], y: #):
    if isinstance(x, #):
        return x | @
    return pipe(x, @)

%: TypeAlias = #

% = Union[#, #]

$overload
def %(x: #) -> #: ...

$dataclass
class %:
    a: # = @

def outer(x: #):
    nonlocal %
    % = @

type % = #

class %[U]:
    a: U = @

def %[*U](x: #): return @

raise ValueError
@

def %() -> Never: ...
%()
@

async def main():
    async with @ as %:
        await @
""",
)

NAMES = ("chain", "other", "piece", "step", "deep", "later", "size", "Rag", "self")


class Grower:
    """Grows code from the tables, no deeper than it is allowed to."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def statement(self) -> str:
        """Return a statement, which may take several lines."""
        return self._filled(self.random.choice(STATEMENTS), self.random.randint(0, 3))

    def expression(self, depth: int) -> str:
        """Return an expression that is nested at most so deep."""
        if depth <= 0 or self.random.random() < 0.15:
            return self._filled(self.random.choice(ATOMS), 0)
        table = self.random.choices((CALLS, METHODS, WRAPPED), (5, 4, 2))[0]
        return self._filled(self.random.choice(table), depth - 1)

    def type(self) -> str:
        """Return what may stand as a type."""
        return self._filled(self.random.choice(TYPES), 1)

    def _filled(self, form: str, depth: int) -> str:
        return "".join(self._grown(character, depth) for character in form)

    def _grown(self, character: str, depth: int) -> str:
        match character:
            case "@":
                return self.expression(depth)
            case "#":
                return self.type()
            case "%":
                return self.random.choice(NAMES)
            case "$":  # the sign of a decorator
                return "@"
            case _:
                return character
