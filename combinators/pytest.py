"""The plugin for pytest: pipelines are held to the laws, one test for each law.

`@pytest.mark.laws(pipeline, inputs=…)` gives a test function each law in turn:

    @pytest.mark.laws(words, inputs=st.text())
    def test_words(law):
        law()

`--laws=MODULE[:NAME]` adds such tests for the pipelines of a module, without any file.

pytest loads plugins before anything else, also where nobody asks for laws: so the laws are
imported when they are first asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import pytest
from typing_extensions import override

if TYPE_CHECKING:
    from combinators import Runnable
    from combinators.laws import Inputs

_MARKER = "laws(pipeline, inputs=None): run the test once for each law, given as `law`"
_WRITTEN = "Write `@pytest.mark.laws(pipeline, inputs=…)`, and below it `def test_it(law): law()`."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("combinators", "laws of pipelines")
    group.addoption(
        "--laws",
        action="append",
        default=[],
        metavar="MODULE[:NAME]",
        help="hold this pipeline, or all of this module, to the laws of steps",
    )
    group.addoption(
        "--laws-examples",
        type=int,
        default=None,
        metavar="N",
        help="the number of examples on which each law is tried",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the marker once for each law.

    Raises:
        CollectError: the marker or the test is not written as it has to be
    """
    test = metafunc.definition
    marker = test.get_closest_marker("laws")
    taken = "law" in metafunc.fixturenames
    if marker is None or (not taken and marker not in test.own_markers):
        return  # a class or a module that is marked may have other tests as well
    problem = _misspelt(metafunc.config, marker) if taken else "the test takes no `law`"
    if [each.name for each in test.own_markers].count("laws") > 1:
        problem = "the test has the marker twice; each pipeline has a test of its own"
    if problem:
        raise _refused(test, problem)
    from combinators import CombinatorError  # noqa: PLC0415 - loaded where laws are asked for

    try:
        found = [*_laws(metafunc.config, *marker.args, **marker.kwargs)]
    except CombinatorError as error:
        raise _refused(test, error) from error
    metafunc.parametrize("law", [run for _, run in found], ids=[name for name, _ in found])


def _misspelt(config: pytest.Config, marker: pytest.Mark) -> str | None:
    """Return what is wrong with the arguments of a marker, if anything is."""
    try:
        inspect.signature(partial(_laws, config)).bind(*marker.args, **marker.kwargs)
    except TypeError as error:
        return f"in the marker: {error}"
    return None


def _refused(test: pytest.Item, problem: object) -> Exception:
    return pytest.Collector.CollectError(f"{test.nodeid}: {problem}\n{_WRITTEN}")


@pytest.hookimpl(tryfirst=True)  # before others choose among the tests by name and marker
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests that the command line asks for.

    Raises:
        UsageError: there is no such pipeline, or nobody says which inputs it takes
    """
    places: list[str] = config.getoption("--laws") or []
    for place in places:
        items.extend(_tests(session, place))


def _tests(session: pytest.Session, place: str) -> Iterator[pytest.Item]:
    from combinators import MissingExtraError, OptionError  # noqa: PLC0415 - loaded where laws are asked for

    where = place
    try:
        from combinators.laws import pipelines_at  # noqa: PLC0415 - as said

        for name, pipeline in pipelines_at(place).items():
            where = f"{place.partition(':')[0]}:{name}"
            for law, run in _laws(session.config, pipeline):
                # pytest leaves the keywords of its nodes untyped.
                yield LawTest.from_parent(  # pyright: ignore[reportUnknownMemberType]
                    session, name=f"{where}[{law}]", run=run
                )
    except (LookupError, MissingExtraError) as error:
        raise pytest.UsageError(f"--laws={place}: {error}") from error
    except OptionError as error:
        raise pytest.UsageError(f"--laws={where}: {error}\n{_WRITTEN}") from error


def _laws(
    config: pytest.Config, pipeline: Runnable[Any, Any], inputs: Inputs | None = None
) -> Iterator[tuple[str, Callable[[], None]]]:
    from combinators.laws import DEFAULT_EXAMPLES, PROMISES, about, check_laws  # noqa: PLC0415 - as said

    given: int | None = config.getoption("--laws-examples")
    examples = DEFAULT_EXAMPLES if given is None else given
    for law in PROMISES:
        about(law, pipeline, inputs)  # what cannot be tried is refused before any test runs
        yield (
            law.name,
            partial(check_laws, pipeline, inputs=inputs, laws=[law], examples=examples),
        )


@final
class LawTest(pytest.Item):
    """One law of one pipeline."""

    # Without fixtures, though plugins look for them on every test.
    fixturenames: tuple[str, ...] = ()

    def __init__(self, *, run: Callable[[], None], name: str, parent: pytest.Session) -> None:
        # pytest leaves the parameters of its nodes untyped.
        super().__init__(name, parent)  # pyright: ignore[reportUnknownMemberType]
        self.run = run
        self.add_marker("laws")

    @override
    def runtest(self) -> None:
        self.run()

    @override
    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | Any:
        from combinators import OptionError  # noqa: PLC0415 - loaded where laws are asked for

        if isinstance(excinfo.value, AssertionError | OptionError):
            return str(excinfo.value)  # a law that is broken says all that there is to say
        return super().repr_failure(excinfo, style)

    @override
    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name
