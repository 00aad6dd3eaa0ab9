"""`python -m combinators stubs`, run as its users run it, and what other checkers make of it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration import example_stubs
from tests.typing import checkers

ROOT = Path(__file__).parents[2]
MARK = "# Written by `python -m combinators stubs`: it would write over what is changed here.\n"
PROGRESS = "inferring types with mypy …\n"
SAYS = "python -m combinators stubs: "

CHAINS = '''\
"""Whatever runs when this is imported is not to run."""

from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import Final

from combinators import Runnable, fanout, passthrough, pick, pipe, runnable, template

open("sang", "w").close()


def search(question: str) -> list[str]:
    return [question]


@runnable
def size(text: str) -> int:
    return len(text)


both = fanout(context=search, question=pipe(str.strip, str.upper))
prompt = template("{context} {question}")
chain = {"context": itemgetter("q") | runnable(search), "question": itemgetter("q")} | prompt
question = pick("question")
keyed: Final = fanout({"two words": size, "class": size})
same = fanout(question=str.upper, context=search)
found = [both.invoke(text) for text in ("one", "two")]
_nested = fanout(inner=both, size=size)
declared: Runnable[str, object] = both
chunks = both.stream("why?")
ReadingOutput = 1
name, number = "name", 1

with open("sang too", "w") if number else open("sang three", "w") as handle:
    pass


def built(step):
    return fanout(first=step, second=size)


@built
def letters(text: str) -> list[str]:
    return list(text)


@runnable
def loud(text: str):
    return both.invoke(text)


@cache
def made(times: int = 3, *, by=None):
    if times:
        return both
    return None


async def awaited():
    return await both.ainvoke("why?")


@dataclass
class Reading:
    text: str
    pages: list[int] = field(default_factory=list)
    output = fanout(words=str.split)

    def __init__(self):
        self.run = self.output | pick("words")


def reading(step=both):
    yield Reading.output


if __name__ == "__main__":
    ran = chain.invoke({"q": "why?"})
'''

STUB = (
    MARK
    + """
from collections.abc import Generator
from combinators import Runnable, runnable
from dataclasses import dataclass, field
from functools import cache
from io import TextIOWrapper
from typing import Any, ClassVar, Final
from typing_extensions import NotRequired, ReadOnly, TypedDict

class BothOutput(TypedDict):
    context: list[str]
    question: str

class PromptInput(TypedDict):
    context: ReadOnly[object]
    question: ReadOnly[object]

class ChainInput(TypedDict):
    q: ReadOnly[str]

class QuestionInput(TypedDict):
    question: ReadOnly[object]

KeyedOutput = TypedDict(
    "KeyedOutput",
    {
        'class': int,
        'two words': int,
    },
)

class _NestedOutput(TypedDict):
    inner: BothOutput
    size: int

class Chunks(TypedDict):
    context: NotRequired[list[str]]
    question: NotRequired[str]

class BuiltOutput(TypedDict):
    first: Any
    second: int

class ReadingOutputOutput(TypedDict):
    words: list[str]

def search(question: str) -> list[str]: ...
@runnable
def size(text: str) -> int: ...
both: Runnable[str, BothOutput]
prompt: Runnable[PromptInput, str]
chain: Runnable[ChainInput, str]
question: Runnable[QuestionInput, Any]
keyed: Final[Runnable[str, KeyedOutput]]
same: Runnable[str, BothOutput]
found: list[BothOutput]
_nested: Runnable[str, _NestedOutput]
declared: Runnable[str, object]
chunks: Generator[Chunks]
ReadingOutput: int
name: str
number: int
handle: TextIOWrapper
def built(step) -> Runnable[str, BuiltOutput]: ...
@built
def letters(text: str) -> list[str]: ...
@runnable
def loud(text: str) -> BothOutput: ...
@cache
def made(times: int=3, *, by=None) -> Runnable[str, BothOutput] | None: ...
async def awaited() -> BothOutput: ...

@dataclass
class Reading:
    text: str
    pages: list[int] = field(default_factory=list)
    output: ClassVar[Runnable[str, ReadingOutputOutput]]
    def __init__(self) -> None: ...
    @property
    def run(self) -> Runnable[str, list[str]]: ...
    @run.setter
    def run(self, value: Runnable[str, list[str]]) -> None: ...

def reading(step=...) -> Generator[Runnable[str, ReadingOutputOutput], Any, Any]: ...
"""
)

PROJECT = {
    "app/__init__.py": "from .chains import both, chain\nfrom .chains import prompt as _prompt\n",
    "app/chains.py": CHAINS,
    "pyproject.toml": '[tool.mypy]\nplugins = ["canary"]\n',
    "canary.py": 'open("sang", "w").close()\n',
}

# What is wrong is said so; the other lines are right.
USER = """\
from app import both, chain
from app.chains import Reading, keyed, letters, loud, made, prompt
from combinators import pipe

context: list[str] = both.invoke("why?")["context"]
print(both.invoke("why?")["contxt"])  # wrong
print(chain.invoke({"q": "why?"}))
print(chain.invoke({"p": "why?"}))  # wrong
size: int = keyed.invoke("why?")["two words"]
print(keyed.invoke("why?")["three words"])  # wrong
words: list[str] = Reading.output.invoke("why?")["words"]
print(Reading.output.invoke("why?")["word"])  # wrong
print(Reading().run.invoke("why?")[0].upper())
second: int = letters.invoke("why?")["second"]
print(letters.invoke("why?")["secnod"])  # wrong
print(loud.invoke("why?")["contxt"])  # wrong
answer: str = pipe(both, prompt).invoke("why?")
if (again := made(2)) is not None:
    print(again.invoke("why?")["question"].upper())
    print(again.invoke("why?")["questoin"])  # wrong
"""
WRONG = {number for number, line in enumerate(USER.splitlines(), 1) if line.endswith("# wrong")}

pytestmark = [pytest.mark.xdist_group("stubs"), pytest.mark.timeout(300)]


class Done(NamedTuple):
    """What came of a run of the command."""

    folder: Path
    status: int
    out: str
    err: str


def stubs(folder: Path, *arguments: str, **variables: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-m", "combinators", "stubs", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Done(folder, done.returncode, done.stdout, done.stderr)


def written(folder: Path, sources: Mapping[str, str]) -> Path:
    for name, source in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8", newline="")
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.pyi"))
    }


# --- What cannot be written ----------------------------------------------------


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = stubs(tmp_path, "nope.py", "-o", "out")
    assert done.err == f"{SAYS}no file or folder that can be read: 'nope.py'\n"
    assert (done.status, done.out, [*tmp_path.iterdir()]) == (2, "", [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.py"], "the following arguments are required: -o/--output"),
        (["a.py", "-o", "out", "--format", "github"], "argument --format: invalid choice"),
    ],
)
def test_an_option_that_is_not_understood_ends_with_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = stubs(tmp_path, *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_file_that_is_not_python_is_a_mistake_and_nothing_is_written(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": "x = 1\n", "b.py": "y = )\n"})
    done = stubs(tmp_path, "a.py", "b.py", "-o", "out")
    assert done.status == 1
    assert done.out.startswith("b.py:1:6: error: Expected an expression  [syntax]\n")
    assert done.err == f"{PROGRESS}{SAYS}mypy stopped there, so nothing was written.\n"
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b'x = "\xff"\n')
    done = stubs(tmp_path, "a.py", "-o", "out")
    assert done.status == 1
    assert done.out.startswith("a.py: error: Cannot decode file: ")
    assert not (tmp_path / "out").exists()


def test_files_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    written(tmp_path, {"a/main.py": "", "b/main.py": ""})
    done = stubs(tmp_path, "a", "b", "-o", "out")
    assert (done.status, done.out) == (2, "")
    assert f"{SAYS}nothing was written: mypy ended" in done.err
    assert 'b/main.py: Duplicate module named "main" (also at "a/main.py")' in done.err


def test_what_somebody_else_wrote_is_written_over_only_on_request(tmp_path: Path) -> None:
    theirs = {"out/a.pyi": "x: object\n"}
    written(tmp_path, {"a.py": "x = 1\n", "b.py": "y = len(1)\n", **theirs})
    done = stubs(tmp_path, "a.py", "b.py", "-o", "out")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        f"{PROGRESS}{SAYS}written by somebody else, so nothing was written: 'out/a.pyi'\n"
        "Name another folder with -o, move them away, or say --overwrite.\n"
    )
    assert texts(tmp_path) == theirs
    done = stubs(tmp_path, "a.py", "b.py", "-o", "out", "--overwrite")
    assert (done.status, done.out) == (0, "out/a.pyi\nout/b.pyi\n")
    assert done.err == (
        f"{PROGRESS}{SAYS}mypy found mistakes (1), and types next to them may be unknown. "
        "`python -m combinators check` says which.\n"
    )
    assert texts(tmp_path) == {"out/a.pyi": f"{MARK}\nx: int\n", "out/b.pyi": f"{MARK}\ny: int\n"}


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": "x = 1\n", "out": ""})
    done = stubs(tmp_path, "a.py", "-o", "out")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"{PROGRESS}{SAYS}'out' cannot be written: File exists\n"


def test_a_stub_gets_no_stub(tmp_path: Path) -> None:
    done = stubs(written(tmp_path, {"a.pyi": "x: int\n"}), "a.pyi", "-o", "out")
    assert (done.status, done.out) == (2, "")
    assert "a.pyi is a stub itself, and stays as it is." in done.err


# --- What is written -----------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = written(tmp_path_factory.mktemp("project"), PROJECT)
    return stubs(folder, "app", "-o", "out", PYTHONHASHSEED="1")


def test_every_mapping_that_was_inferred_has_a_name(project: Done) -> None:
    assert (project.status, project.err) == (0, PROGRESS)
    assert project.out == "out/app/__init__.pyi\nout/app/chains.pyi\n"
    assert texts(project.folder / "out")["app/chains.pyi"] == STUB


def test_what_a_package_passes_on_its_stub_passes_on(project: Done) -> None:
    passed_on = "from app.chains import both as both, chain as chain\n"
    assert texts(project.folder / "out")["app/__init__.pyi"] == f"{MARK}\n{passed_on}"


def test_nothing_that_is_read_runs(project: Done) -> None:
    assert [path.name for path in project.folder.iterdir() if "sang" in path.name] == []


def test_a_second_run_writes_the_same(tmp_path: Path) -> None:
    # Over its own output, as it stands within what is named.
    folder = written(tmp_path, PROJECT)
    stubs(folder, "app", "-o", "out", PYTHONHASHSEED="1")
    before = texts(folder / "out")
    done = stubs(folder, ".", "-o", "out", "--format=json", PYTHONHASHSEED="2")
    assert (done.status, done.err) == (0, PROGRESS)
    after = texts(folder / "out")
    assert {name: after[name] for name in before} == before
    assert sorted(json.loads(done.out)["written"]) == sorted(f"out/{name}" for name in after)
    assert set(after) - set(before) == {"canary.pyi"}


# --- What other checkers make of it --------------------------------------------


def pyright(folder: Path, *searched: str) -> str:
    paths = [*searched, str(ROOT)]
    settings = {"typeCheckingMode": "strict", "extraPaths": paths}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    return said_by(folder, "pyright", "--pythonpath", sys.executable)


def ty(folder: Path, *searched: str) -> str:
    options = [f"--extra-search-path={path}" for path in (*searched, ROOT)]
    return said_by(
        folder, "ty", "check", "--python", sys.prefix, "--output-format=concise", *options
    )


def pyrefly(folder: Path, *searched: str) -> str:
    options = [f"--search-path={path}" for path in (*searched, ROOT, ".")]
    return said_by(
        *(folder, "pyrefly", "check", "--preset=default", "--output-format=min-text"),
        *("--python-interpreter-path", sys.executable, *options),
    )


def mypy(folder: Path, *searched: str) -> str:
    path = os.pathsep.join((*searched, str(ROOT)))
    return said_by(folder, "mypy", "--strict", "--config-file=", MYPYPATH=path)


def said_by(folder: Path, program: str, *options: str, **variables: str) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *options, "user.py"],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def lines_of(said: str) -> set[int]:
    errors = (line for line in said.splitlines() if "error" in line.lower())
    return {int(found[1]) for line in errors if (found := re.search(r"user\.py:(\d+):", line))}


@pytest.mark.parametrize("check", [pyright, ty, pyrefly, mypy])
def test_a_checker_without_the_plugin_sees_the_keys(
    project: Done, check: Callable[..., str]
) -> None:
    written(project.folder, {"user.py": USER})
    without = lines_of(check(project.folder))
    assert WRONG - without  # there are keys that it could not know
    said = check(project.folder, "out")
    assert lines_of(said) == WRONG, said


# --- The examples --------------------------------------------------------------


def test_the_stubs_of_the_pages_are_up_to_date(tmp_path: Path) -> None:
    again = "run `python -m tests.integration.example_stubs`"
    assert texts(example_stubs.write(tmp_path)) == {
        name: text
        for name, text in texts(example_stubs.STUBS).items()
        if name.startswith("examples/")
    }, again


EXAMPLES = sorted(example_stubs.STUBS.glob("examples/*.pyi"))


@pytest.mark.parametrize("check", [checkers.pyright, checkers.ty, checkers.pyrefly])
def test_the_stubs_of_the_pages_are_right_to_checkers_without_the_plugin(
    check: Callable[[list[Path]], list[checkers.Finding]],
) -> None:
    assert {"guide", "readme"} <= {path.stem for path in EXAMPLES}
    assert check(EXAMPLES) == []


def test_the_stubs_of_the_pages_are_right_to_mypy() -> None:
    said = checkers.output(
        "mypy", "--config-file=pyproject.toml", *map(str, EXAMPLES), MYPYPATH=str(ROOT)
    )
    assert said.startswith("Success: no issues found in")
