"""Malformed code does not break mypy with the plugin; a plugin that does break it is found."""

import ast
from pathlib import Path

import pytest

from tests.robustness.fuzzing import SETTINGS, Bench, Findings, Limits
from tests.robustness.sources import Source, reader, shrunk, source

# A plugin that answers for `fanout` by doing what no plugin should.
FAULTY = """\
import os, signal, time
from mypy.plugin import Plugin

class Faulty(Plugin):
    def get_function_hook(self, fullname):
        return hook if fullname.endswith(".fanout") else None

def hook(ctx):
    {deed}
    return ctx.default_return_type

def plugin(version):
    return Faulty
"""
INNOCENT = "from combinators import pipe\npipe(len, str)\n"
GUILTY = "from combinators import fanout, pipe\npipe(len, str)\nfanout(a=len)\npipe(len, str)\n"
SHRUNK = "from combinators import fanout, pipe\nfanout(a=len)\n"

DEEDS = {
    "raises": "raise KeyError('a')",
    "dies": "os.kill(os.getpid(), signal.SIGSEGV)",
}


@pytest.mark.parametrize("part", range(2))
def test_malformed_sources_do_not_break_mypy(tmp_path: Path, part: int) -> None:
    bench = Bench(tmp_path, settings=SETTINGS[part])
    sources = [source(number) for number in range(part * 120, part * 120 + 120)]
    findings = bench.examined(sources)
    assert [each for each in findings.failures if not each.mypys_own] == []
    assert findings.checked > 110
    assert findings.reported > 10  # they get as far as the plugin, and say what it knows
    read = bench.examined([reader(each) for each in sources])
    assert [each for each in read.failures if not each.mypys_own] == []


def test_a_source_is_the_same_each_time_and_another_one_for_each_number() -> None:
    assert [source(number) for number in range(50)] == [source(number) for number in range(50)]
    assert len({source(number).text.partition("import source")[2] for number in range(50)}) > 45


def test_every_source_is_python() -> None:
    for number in range(200):
        for text in source(number).files().values():
            assert ast.parse(text).body


@pytest.mark.parametrize("deed", DEEDS)
def test_a_source_with_which_a_plugin_breaks_mypy_is_found_among_others(
    tmp_path: Path, deed: str
) -> None:
    findings = examined_with_a_plugin_that(DEEDS[deed], tmp_path)
    assert [each.source.name for each in findings.failures] == ["guilty"]
    assert not findings.failures[0].mypys_own
    assert findings.checked == 3


def test_a_source_that_takes_too_long_is_found_among_others(tmp_path: Path) -> None:
    findings = examined_with_a_plugin_that("time.sleep(1.5)", tmp_path)
    assert [each.source.name for each in findings.failures] == ["guilty"]
    assert findings.failures[0].how == "it takes 2 s"


def test_a_source_that_takes_for_ever_is_found_beside_another(tmp_path: Path) -> None:
    bench = bench_with_a_plugin_that("time.sleep(600)", tmp_path)
    bench.examined([Source("one", INNOCENT)])  # fills the cache
    bench.limits = Limits(one=1.0, share=0.0, start=5.0)
    findings = bench.examined([Source("two", INNOCENT), Source("guilty", GUILTY)])
    assert [each.source.name for each in findings.failures] == ["guilty"]
    assert findings.failures[0].how == "it does not come to an end"
    assert findings.checked == 1


def test_a_source_that_mypy_cannot_analyse_keeps_no_other_from_being_checked(
    tmp_path: Path,
) -> None:
    sources = [Source("whole", INNOCENT), Source("half", "yield\n"), Source("third", "(\n")]
    findings = Bench(tmp_path).examined(sources)
    assert (findings.checked, findings.refused, findings.failures) == (1, 2, [])


def test_a_mistake_that_mypy_goes_on_after_is_not_what_it_stopped_at(tmp_path: Path) -> None:
    harmless = Source("whole", "a = [x async for x in b]\n")
    findings = Bench(tmp_path).examined([harmless, Source("third", "(\n")])
    assert (findings.checked, findings.refused, findings.failures) == (1, 1, [])


def test_what_breaks_mypy_is_shown_without_what_has_no_part_in_it(tmp_path: Path) -> None:
    bench = bench_with_a_plugin_that(DEEDS["raises"], tmp_path)
    small = shrunk(Source("guilty", GUILTY), lambda each: bench.breaks(each) is not None)
    assert small.text == SHRUNK


def examined_with_a_plugin_that(deed: str, folder: Path) -> Findings:
    texts = {"one": INNOCENT, "two": INNOCENT, "guilty": GUILTY, "three": INNOCENT}
    bench = bench_with_a_plugin_that(deed, folder)
    return bench.examined([Source(name, text) for name, text in texts.items()])


def bench_with_a_plugin_that(deed: str, folder: Path) -> Bench:
    (folder / "faulty.py").write_text(FAULTY.format(deed=deed))
    return Bench(folder, plugins=["faulty.py"], limits=Limits(one=1.0))
