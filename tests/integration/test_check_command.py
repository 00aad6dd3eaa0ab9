"""`python -m combinators check`, run as its users run it: in a process, on files of theirs."""

import inspect
import json
import os
import pty
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
import typing_extensions

ROOT = Path(__file__).parents[2]
PROGRESS = "checking with mypy …\n"
SAYS = "python -m combinators check: "

WRONG = """\
from combinators import pipe

pipe(len, str.upper)
"""
NOWHERE = 'Cannot find implementation or library stub for module named "nowhere"'
HINT = "See https://mypy.readthedocs.io/en/stable/running_mypy.html#missing-imports"
ASSIGNED = 'Incompatible types in assignment (expression has type "str", variable has type "int")'
SAID = 'Step 2 (upper) takes "str", but step 1 (len) gives "int"'

RIGHT = """\
from operator import itemgetter
from combinators import fanout, passthrough, template

def search(question: str) -> list[str]:
    return [question]

prompt = template("{context} {question}")
chain = {"context": itemgetter("q") | passthrough(), "question": itemgetter("q")} | prompt
both = fanout(context=search, question=passthrough(str)) | (lambda found: found["context"])
"""

# Each of them runs when it is imported, which is not to happen.
CANARY = 'open("sang", "w").close()\n'


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-W", "error", "-m", "combinators", "check", *arguments]


def environment(**variables: str) -> dict[str, str]:
    ours = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    theirs = ("MYPY", "NO_COLOR", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    return kept | ours | variables


def check(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`; it looks for the library, as if installed, in the root."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def written(folder: Path, sources: Mapping[str, str]) -> Path:
    for name, source in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8", newline="")
    return folder


# --- What cannot be checked --------------------------------------------------


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = check(written(tmp_path, {"a.py": WRONG}), "a.py", "nope.py", "gone", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{SAYS}no file or folder that can be read: 'nope.py', 'gone', ''\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: PATH"),
        (["a.py", "--format", "xml"], "argument --format: invalid choice: 'xml'"),
        (["a.py", "--strict"], "unrecognized arguments: --strict"),
    ],
)
def test_an_option_that_is_not_understood_ends_with_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = check(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_without_mypy_the_extra_is_named(tmp_path: Path) -> None:
    # A Python that has what the library itself depends on, and no more.
    venv.create(tmp_path / "bare", symlinks=True)
    core = written(
        tmp_path / "core", {"typing_extensions.py": inspect.getsource(typing_extensions)}
    )
    # A folder of the user's called mypy is not mypy.
    written(tmp_path, {"a.py": WRONG, "mypy/__init__.py": CANARY})
    done = subprocess.run(
        [tmp_path / "bare" / "bin" / "python", "-m", "combinators", "check", "a.py"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=f"{ROOT}{os.pathsep}{core}"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{PROGRESS}{SAYS}python -m combinators check needs the module 'mypy', "
        "which is not installed.\n"
        "Install the extra that brings it: pip install 'typed-combinators[mypy]'\n"
    )
    assert not (tmp_path / "sang").exists()


def test_a_folder_without_python_files_is_named(tmp_path: Path) -> None:
    done = check(written(tmp_path, {"notes/a.txt": "x = 1"}), "notes", "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{PROGRESS}{SAYS}nothing was checked: mypy ended with the exit status 2.\n"
        "There are no .py[i] files in directory 'notes'\n"
    )


def test_files_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    done = check(written(tmp_path, {"a/main.py": WRONG, "b/main.py": WRONG}), "a", "b")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{PROGRESS}{SAYS}nothing was checked: mypy ended with the exit status 2.\n"
        'b/main.py: Duplicate module named "main" (also at "a/main.py")\n'
        "Name each file once. Files of the same name need packages of their own "
        "(an `__init__.py` beside each), or runs of their own.\n"
    )


def test_a_crash_of_mypy_is_not_taken_for_a_result(tmp_path: Path) -> None:
    # A cache that is a file: mypy ends with a traceback and, as for mistakes, the status 1.
    written(tmp_path, {"a.py": RIGHT, "file": ""})
    done = check(tmp_path, "a.py", MYPY_CACHE_DIR="file")
    assert (done.returncode, done.stdout) == (2, "")
    said = f"{PROGRESS}{SAYS}nothing was checked: mypy ended with the exit status 1.\nTraceback"
    assert done.stderr.startswith(said)
    assert "NotADirectoryError" in done.stderr.splitlines()[-1]


def test_an_interrupt_ends_it_without_a_traceback(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": WRONG})
    running = subprocess.Popen(
        command("a.py"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    with running:
        assert running.stderr is not None
        assert running.stderr.readline() == PROGRESS
        while not (started := psutil.Process(running.pid).children()):
            time.sleep(0.01)
        # Until Python, too, knows that it has started mypy, however busy the machine is.
        while started[0].cpu_times().user < 0.2:
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: mypy's process gets it too
        assert running.communicate() == ("", "")
    assert running.returncode == 130


# --- Mistakes ----------------------------------------------------------------


def test_mistakes_are_printed_as_mypy_prints_them_and_counted(tmp_path: Path) -> None:
    inside = "def untyped(x):\n    pipe(len, str.upper)\n    reveal_type(x)\n"
    gone = "import nowhere\n"
    done = check(written(tmp_path, {"a.py": WRONG + inside, "my files/b.py": gone}), ".")
    assert (done.returncode, done.stderr) == (1, PROGRESS)
    assert sorted(done.stdout.splitlines()) == sorted(
        [
            f"my files/b.py:1:1: error: {NOWHERE}  [import-not-found]",
            f"my files/b.py:1:1: note: {HINT}",
            f"a.py:3:11: error: {SAID}  [runnable-types]",
            f"a.py:5:15: error: {SAID}  [runnable-types]",
            'a.py:6:17: note: Revealed type is "Any"',
            "Found 3 mistakes in 2 files",
        ]
    )


def test_a_syntax_error_is_a_mistake_at_its_line(tmp_path: Path) -> None:
    done = check(written(tmp_path, {"a.py": WRONG, "b.py": "x = 1\ny = )\n"}), "a.py", "b.py")
    assert done.returncode == 1
    first, *_, last = done.stdout.splitlines()
    assert first == "b.py:2:6: error: Expected an expression  [syntax]"
    assert last.endswith("in 1 file")
    stopped = "mypy stopped there. Once that is mended, it checks the rest.\n"
    assert done.stderr == f"{PROGRESS}{SAYS}{stopped}"


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b'x = "\xff"\n')
    done = check(tmp_path, "a.py")
    assert done.returncode == 1
    assert done.stdout == (
        "a.py: error: Cannot decode file: 'utf-8' codec can't decode byte 0xff in position 5: "
        "invalid start byte\nFound 1 mistake in 1 file\n"
    )


def test_json_has_mistakes_and_notes(tmp_path: Path) -> None:
    source = f"{WRONG}import nowhere\nreveal_type(1)\n"
    done = check(written(tmp_path, {"a.py": source}), "--format=json", "a.py")
    assert (done.returncode, done.stderr) == (1, PROGRESS)
    assert json.loads(done.stdout) == {
        "mistakes": [
            {
                "file": "a.py",
                "line": 3,
                "column": 11,
                "code": "runnable-types",
                "message": SAID,
                "hint": None,
            },
            {
                "file": "a.py",
                "line": 4,
                "column": 1,
                "code": "import-not-found",
                "message": NOWHERE,
                "hint": HINT,
            },
        ],
        "notes": [
            {
                "file": "a.py",
                "line": 5,
                "column": 13,
                "code": "misc",
                "message": 'Revealed type is "Literal[1]?"',
                "hint": None,
            }
        ],
    }


def test_github_gets_a_command_a_finding_with_its_signs_escaped(tmp_path: Path) -> None:
    source = "import nowhere\nx: int = '%'\nreveal_type('%')\n"
    done = check(written(tmp_path, {"a%b,c:d\r\ne.py": source}), "--format=github", ".")
    assert (done.returncode, done.stderr) == (1, PROGRESS)
    file = "file=a%25b%2Cc%3Ad%0D%0Ae.py"
    assert done.stdout.splitlines() == [
        f"::error {file},line=1,col=1,title=import-not-found::{NOWHERE}%0A{HINT}",
        f"::error {file},line=2,col=10,title=assignment::{ASSIGNED}",
        f"::notice {file},line=3,col=13,title=misc::Revealed type is \"Literal['%25']?\"",
    ]


def test_github_gets_no_line_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff")
    done = check(tmp_path, "--format=github", "a.py")
    assert done.stdout.startswith("::error file=a.py,title=mypy::Cannot decode file: ")


def test_names_that_look_like_options_are_files(tmp_path: Path) -> None:
    written(tmp_path, {"@a.py": WRONG, "-b.py": WRONG, "my files/c.py": WRONG})
    done = check(tmp_path, "@a.py", "./@a.py", "my files", "--", "-b.py")
    assert done.returncode == 1
    assert sorted(done.stdout.splitlines()) == [
        f"-b.py:3:11: error: {SAID}  [runnable-types]",
        f"@a.py:3:11: error: {SAID}  [runnable-types]",
        "Found 3 mistakes in 3 files",
        f"my files/c.py:3:11: error: {SAID}  [runnable-types]",
    ]


# --- What it leaves alone ----------------------------------------------------


def test_nothing_that_is_checked_runs_and_no_settings_but_its_own_count(tmp_path: Path) -> None:
    settings = '[tool.mypy]\nplugins = ["canary"]\nignore_errors = true\nfiles = ["nope"]\n'
    names = ("canary", "json", "mypy", "subprocess", "combinators_plugin", "sitecustomize")
    written(tmp_path, {f"{name}.py": CANARY for name in names})
    written(tmp_path, {"pyproject.toml": settings, "mypy.ini": "[mypy]\nplugins = canary.py\n"})
    written(tmp_path, {"a.py": f"{CANARY}import canary\n{WRONG}"})
    done = check(tmp_path, "a.py", "canary.py", MYPY_NUM_WORKERS="2", MYPY_FORCE_COLOR="1")
    assert (done.returncode, done.stderr) == (1, PROGRESS)
    assert done.stdout == (
        f"a.py:5:11: error: {SAID}  [runnable-types]\nFound 1 mistake in 1 file\n"
    )
    assert not (tmp_path / "sang").exists()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": WRONG, "home/x": "", "temporary/x": ""})
    before = sorted(tmp_path.rglob("*"))
    places = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "temporary")}
    assert check(tmp_path, "a.py", **places).returncode == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_the_variable_of_mypy_names_a_cache(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": WRONG})
    runs = [check(tmp_path, "a.py", MYPY_CACHE_DIR="kept") for _ in range(2)]
    assert [done.stdout.splitlines()[-1] for done in runs] == ["Found 1 mistake in 1 file"] * 2
    assert any((tmp_path / "kept").iterdir())


def test_a_file_is_not_taken_for_its_twin_of_an_earlier_run(tmp_path: Path) -> None:
    written(tmp_path, {"a/main.py": WRONG, "b/main.py": WRONG})
    found = [check(tmp_path, f"{each}/main.py").stdout[: len("a/main.py")] for each in "ab"]
    assert found == ["a/main.py", "b/main.py"]


def test_what_is_only_imported_is_not_reported(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": "import other\nimport untyped\n", "other.py": WRONG})
    written(tmp_path, {"site/untyped/__init__.py": ""})
    path = f"{ROOT}{os.pathsep}{tmp_path / 'site'}"
    done = check(tmp_path, "a.py", PYTHONPATH=path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No mistakes found\n", PROGRESS)


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("text", "No mistakes found\n"),
        ("json", '{\n  "mistakes": [],\n  "notes": []\n}\n'),
        ("github", ""),
    ],
)
def test_right_pipelines_end_with_0(tmp_path: Path, form: str, printed: str) -> None:
    done = check(written(tmp_path, {"a.py": RIGHT}), "a.py", "--format", form)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, PROGRESS)


IN_PROCESS = """
import sys
from combinators.cli import main
before = sys.getrecursionlimit()
assert main(["check", "a.py"]) == 1
print(sys.getrecursionlimit() == before, "mypy" in sys.modules)
"""


def test_mypy_stays_in_a_process_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": WRONG})
    # Without a path that names the library: mypy's process is told where it is.
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{IN_PROCESS}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={name: value for name, value in environment().items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.splitlines()[-2:] == ["Found 1 mistake in 1 file", "True False"], done.stderr


# --- On a terminal -----------------------------------------------------------


def on_a_terminal(folder: Path, **variables: str) -> str:
    """Return what a terminal shows of a check."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        command("a.py"), cwd=folder, env=environment(**variables), stdout=follower, stderr=follower
    ):
        os.close(follower)
        shown = b""
        try:
            while chunk := os.read(leader, 4096):
                shown += chunk
        except OSError:  # how Linux says that nobody writes any more
            pass
        os.close(leader)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_unless_it_is_not_wanted(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": WRONG})
    cleared = "\r\033[Kchecking with mypy … \r\033[K"
    assert on_a_terminal(tmp_path) == (
        f"{cleared}a.py:3:11: \033[1merror:\033[0m {SAID}\033[2m  [runnable-types]\033[0m\n"
        "\033[1mFound 1 mistake in 1 file\033[0m\n"
    )
    assert on_a_terminal(tmp_path, NO_COLOR="1") == (
        f"{cleared}a.py:3:11: error: {SAID}  [runnable-types]\nFound 1 mistake in 1 file\n"
    )
