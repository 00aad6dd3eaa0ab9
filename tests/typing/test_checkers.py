"""The type cases, the guide's code and the pages, in the checkers that people use."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.typing import checkers
from tests.typing.checkers import ROOT, Finding
from tests.typing.pages import code_of

CASES = sorted(Path(__file__).parent.glob("cases/*.py"))
GUIDE = Path(__file__).parent / "cases" / "guide.py"
GUIDE_PAGE = ROOT / "docs" / "guide.md"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]

SAMPLE = """\
# A page

```python
from combinators import Runnable, fanout, pipe, runnable

size: Runnable[str, int] = runnable(len)
```

Text between.

```python
>>> size.invoke("four")
4
>>> pipe(size, size)
Traceback (most recent call last):
TypeError: not shown to the checkers
>>> wrong = pipe(
...     size,
...     str.upper,
... )
```
"""
SAMPLE_LINE = 19  # of the step that does not fit, which is all that is wrong

# One edit each of a line of the guide, as a case or as a page, which makes it wrong.
MISTAKES = {
    "two_steps_swapped": (
        GUIDE_PAGE,
        "passthrough()} | prompt | model | text()",
        "passthrough()} | model | prompt | text()",
    ),
    "a_step_twice_in_a_branch": (
        GUIDE_PAGE,
        '"context": itemgetter("question") | retriever,',
        '"context": itemgetter("question") | retriever | retriever,',
    ),
    "a_parser_for_a_model": (
        GUIDE_PAGE,
        'joke = template("tell me a joke about {topic}") | model\n',
        'joke = template("tell me a joke about {topic}") | text()\n',
    ),
    "a_step_left_out": (
        GUIDE,
        "passthrough()}, prompt, model, text())",
        "passthrough()}, prompt, text())",
    ),
    "a_step_twice": (GUIDE, 'poem about {topic}") | model', 'poem about {topic}") | model | model'),
    "another_last_step": (GUIDE, "        | text()\n", "        | len | retriever\n"),
    "a_branch_with_another_input": (
        GUIDE,
        "fanout(joke=joke, poem=poem)",
        "fanout(joke=joke, poem=str.upper)",
    ),
    "another_input": (GUIDE, 'invoke("where did harrison work?")', "invoke(1)"),
}


class Sources(NamedTuple):
    """What is checked beside the cases: the pages, a page with a mistake, a guide a mistake."""

    pages: list[Path]
    sample: Path
    mistaken: dict[str, Path]

    @property
    def files(self) -> list[Path]:
        return [*CASES, *self.pages, self.sample, *self.mistaken.values()]


# All on one worker, so that each checker runs once, over everything.
pytestmark = [pytest.mark.xdist_group("checkers"), pytest.mark.timeout(300)]


def code(path: Path) -> str:
    return code_of(path) if path.suffix == ".md" else path.read_text()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder = tmp_path_factory.mktemp("sources")

    def written(name: str, code: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text(code)
        return path

    sample = written("sample", SAMPLE).rename(folder / "sample.md")
    return Sources(
        [written(f"page_{page.stem}", code(page)) for page in PAGES],
        written("page_sample", code(sample)),
        {
            name: written(name, code(path).replace(right, wrong))
            for name, (path, right, wrong) in MISTAKES.items()
        },
    )


@pytest.fixture(scope="module")
def mypy(sources: Sources) -> list[Finding]:
    return checkers.mypy(sources.files)


@pytest.fixture(scope="module")
def pyright(sources: Sources) -> list[Finding]:
    return checkers.pyright(sources.files)


def within(findings: Sequence[Finding], paths: Sequence[Path]) -> list[Finding]:
    return [each for each in findings if place(each.path) in map(place, paths)]


def place(path: Path) -> Path:
    # mypy knows a source again that an earlier run had in another folder, and reports that one.
    return path if path.is_relative_to(ROOT) else Path(path.name)


def test_mypy_agrees_with_every_case(mypy: list[Finding]) -> None:
    assert within(mypy, CASES) == []


def test_pyright_agrees_with_every_case(pyright: list[Finding]) -> None:
    assert within(pyright, CASES) == []


def test_mypy_finds_the_pages_right(mypy: list[Finding], sources: Sources) -> None:
    assert within(mypy, sources.pages) == []


def test_pyright_finds_the_pages_right(pyright: list[Finding], sources: Sources) -> None:
    assert within(pyright, sources.pages) == []


def test_a_mistake_on_a_page_is_found_at_its_line(
    mypy: list[Finding], pyright: list[Finding], sources: Sources
) -> None:
    (by_mypy,) = within(mypy, [sources.sample])
    by_pyright = within(pyright, [sources.sample])
    assert by_mypy.first == SAMPLE_LINE
    assert any(finding.first <= SAMPLE_LINE <= finding.last for finding in by_pyright)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_guide_is_found_at_its_line(
    name: str, mypy: list[Finding], pyright: list[Finding], sources: Sources
) -> None:
    path, right, _ = MISTAKES[name]
    before, found, after = code(path).partition(right)
    assert found
    assert right not in after
    line = before.count("\n") + 1
    for findings in (mypy, pyright):
        there = within(findings, [sources.mistaken[name]])
        assert any(each.first <= line <= each.last for each in there), there


# They infer less than an `assert_type` says, or nothing of a lambda. And to ty what an async
# step in a pipe gives may always be its coroutine too.
SPARED = re.compile(
    r"type-assertion-failure|assert-type|implicit-any-lambda|`hex` is not defined on `CoroutineType"
)


@pytest.mark.parametrize("check", [checkers.ty, checkers.pyrefly], ids=["ty", "pyrefly"])
def test_other_checkers_raise_no_false_alarm(
    check: Callable[[Sequence[Path]], list[Finding]],
) -> None:
    said = [found.said for found in check([case for case in CASES if case.stem != "rejected"])]
    assert said  # what is spared, at least
    assert [alarm for alarm in said if not SPARED.search(alarm)] == []
