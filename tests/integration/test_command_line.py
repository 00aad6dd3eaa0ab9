"""`python -m combinators`, run as its users run it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from combinators.cli import main
from tests.integration.scripted import refused, scripted

# Where the standard library answers the four questions of the demo.
SOURCES = ["shutil.copytree", "mimetypes.guess_type", "collections.Counter", "textwrap.dedent"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, as on a terminal 80 columns wide that has no key."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=inherited | {"PYTHONUTF8": "1", "COLUMNS": "80"},
        timeout=110,
        check=False,
    )


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


# --- What cannot begin -------------------------------------------------------


def test_no_command_prints_the_help() -> None:
    finished = run("-W", "error", "-m", "combinators")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("usage: python -m combinators")
    assert "demo" in finished.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dmeo"], "invalid choice: 'dmeo'"),
        (["demo", "--at", "mars"], "invalid choice: 'mars'"),
        (["demo", "--format", "xml"], "invalid choice: 'xml'"),
        (["demo", "--base-url", "http://localhost/v1"], "say also --at openai or ollama"),
        (["demo", "--at", "openai"], "the variable OPENAI_API_KEY is not set"),
    ],
)
def test_a_command_that_is_not_understood_ends_with_2(arguments: Sequence[str], said: str) -> None:
    finished = run("-W", "error", "-m", "combinators", *arguments)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr


def test_an_extra_that_is_missing_ends_with_2() -> None:
    absent = "import sys; sys.modules['faiss'] = None; from combinators.cli import main"
    finished = run("-c", f"{absent}; sys.exit(main(['demo']))")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "pip install 'typed-combinators[offline]'" in finished.stderr
    assert "Traceback" not in finished.stderr


# --- What fails --------------------------------------------------------------


def test_a_server_that_is_not_there_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted() as server:
        pass
    assert main(["demo", "--at", "ollama", "--base-url", server.base_url]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(f"demo: no server answers at {server.base_url}\n")


def test_a_server_that_refuses_ends_with_1_and_its_own_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with scripted(refused("404 Not Found", "no such model: mine")) as server:
        asked = ["--base-url", server.base_url, "--embedding-model", "mine"]
        assert main(["demo", "--at", "ollama", *asked]) == 1
    assert server.requests[0]["model"] == "mine"
    said = capsys.readouterr()
    assert f"the server at {server.base_url} refused: " in said.err
    assert "no such model: mine" in said.err


@pytest.mark.parametrize(("at", "times"), [("openai", 1), ("ollama", 0)])
def test_the_key_goes_to_openai_only_and_is_never_shown(
    at: str, times: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    with scripted(refused("401 Unauthorized", "who are you?")) as server:
        assert main(["demo", "--at", at, "--base-url", server.base_url]) == 1
    assert server.heads[0].count("sesame") == times
    assert "sesame" not in "".join(capsys.readouterr())


GUARDED = "import os, signal, sys; from combinators.cli import _guarded; from time import sleep; "


def test_who_stops_reading_gets_no_traceback() -> None:
    code = f"{GUARDED} sys.exit(_guarded(lambda _: print('x' * 10**6) or 0, None))"
    read, write = os.pipe()
    os.close(read)
    finished = subprocess.run(
        [sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (finished.returncode, finished.stderr) == (1, "")


def test_an_interrupt_ends_a_command_without_a_traceback() -> None:
    stopping = "os.kill(os.getpid(), signal.SIGINT) or sleep(60)"
    finished = run("-c", f"{GUARDED} sys.exit(_guarded(lambda _: {stopping}, None))")
    assert (finished.returncode, finished.stderr) == (130, "")


def test_a_terminal_that_lacks_a_letter_gets_another() -> None:
    narrow = "sys.stdout.reconfigure(encoding='ascii')"
    finished = run(
        "-c", f"{GUARDED} {narrow}; sys.exit(_guarded(lambda _: print('→ x') or 0, None))"
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "? x\n", "")


# --- The demo ----------------------------------------------------------------


@pytest.mark.xdist_group("timing")
def test_the_demo_prints_answers_with_what_they_are_from_and_the_timing() -> None:
    finished = run("-W", "error", "-m", "combinators", "demo")
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\033" not in finished.stdout
    assert [line.partition(":")[0] for line in lines if "→" in line] == [
        *(f"  → {source}" for source in SOURCES),
        "  → A joke about a bear",
        "  → A poem about a bear",
    ]
    origins = finished.stdout.split("    from ")[1:]
    assert all(source in origin for source, origin in zip(SOURCES, origins, strict=True))
    assert "The offline server" in finished.stdout
    assert finished.stderr.splitlines() == [
        "loading …",
        "reading the standard library …",
        "embedding the docstrings …",
        "asking four questions at once …",
        "timing two chains …",
    ]


@pytest.mark.xdist_group("timing")
def test_the_demo_as_json_has_the_same_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["at"], found["chat_model"]) == ("offline", "extractive-reader")
    assert [each["answer"].partition(":")[0] for each in found["answers"]] == SOURCES
    for each, source in zip(found["answers"], SOURCES, strict=True):
        assert each["question"].endswith("?")
        assert source in [document["source"] for document in each["context"]]
    timing = found["timing"]
    slower = max(timing["joke_seconds"], timing["poem_seconds"])
    assert slower >= timing["held_back_seconds"] == 0.6
    # One after the other would take twice as long as the slower one.
    assert timing["ratio"] == timing["both_seconds"] / slower < 1.5
