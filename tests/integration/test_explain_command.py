"""`python -m combinators explain`, run as its users run it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINES = """
from combinators import each, fanout, passthrough, pick, pipe, template

def retrieve(question: str) -> str:
    return question

async def answer(prompt: str) -> str:
    return prompt

chain = pipe(
    {"context": retrieve, "question": passthrough(str)},
    template("{context}: {question}"),
    answer,
)
nested = pipe(each(len), fanout(low=min, high=max))
"""


def explain(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pipelines.py").write_text(PIPELINES)
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "combinators", "explain", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_code_of_a_pipeline_is_shown_with_places_and_operands(tmp_path: Path) -> None:
    finished = explain(tmp_path, "pipelines:chain", "--way", "ainvoke")
    assert (finished.returncode, finished.stderr) == (0, "")
    first, second, third = finished.stdout.split("\n\n")
    assert first.splitlines()[:10] == [
        "# program 1: pipe",
        "#   c0: fanout of program 2",
        "#   c1: 'context'",
        "#   c2: 'question'",
        "#   c3: ': '",
        "#   c4: answer",
        "async def ainvoke(x, call):",
        "    try:",
        "        r0, = await c0(x, call)  # pipe step 1 (fanout)",
        "        x = {c1: r0, c2: x}  # pipe step 1 (fanout)",
    ]
    assert "#   c0: program 3, which a thread runs" in second
    assert third.splitlines()[:5] == [
        "# program 3: retrieve",
        "#   c0: retrieve",
        "def invoke(x, call):",
        "    try:",
        "        return c0(x)",
    ]


@pytest.mark.parametrize(("once", "many"), [("invoke", "batch"), ("ainvoke", "abatch")])
def test_a_batch_is_a_loop_around_the_lines_of_a_call(tmp_path: Path, once: str, many: str) -> None:
    call = explain(tmp_path, "pipelines:nested", "--way", once).stdout
    batch = explain(tmp_path, "pipelines:nested", "--way", many).stdout
    assert "    for index, x in items:\n        try:\n            " in batch
    places = re.compile(r"  # (pipe step .*)")
    assert places.findall(batch) == places.findall(call) != []


def test_programs_inside_are_shown_after_what_they_are_in(tmp_path: Path) -> None:
    finished = explain(tmp_path, "pipelines:nested")
    titles = [line for line in finished.stdout.splitlines() if line.startswith("# program")]
    assert titles == [
        "# program 1: pipe",
        "# program 2: len",
        "# program 3: min",
        "# program 4: max",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing:chain", "'missing:chain' cannot be found: No module named 'missing'"),
        ("pipelines:nothing", "'pipelines:nothing' cannot be found: "),
        ("not a name", "'not a name' cannot be found: "),
        ("pipelines:retrieve", "'pipelines:retrieve' is a function. Name a Runnable."),
    ],
)
def test_what_is_no_pipeline_ends_with_2(tmp_path: Path, name: str, said: str) -> None:
    finished = explain(tmp_path, name)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith(f"python -m combinators explain: {said}")
