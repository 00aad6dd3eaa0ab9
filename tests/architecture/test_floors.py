import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Without a cache: two workers would write it at once.
LINT_IMPORTS = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True))
"""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_module_imports_only_from_floors_below_its_own(root: Path) -> None:
    finished = lint_imports(root)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("_errors", "_nodes"),
        ("_nodes", "_keys"),
        ("_keys", "_run"),
        ("_run", "_show"),
        ("_show", "_runnable"),
        ("_runnable", "_build"),
        ("steps", "mypy"),
        ("mypy", "cli"),
        ("laws", "steps"),
    ],
)
def test_an_import_from_a_floor_above_is_reported(
    root: Path, tmp_path: Path, module: str, planted: str
) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "combinators", tmp_path / "combinators")
    path = source_of(tmp_path / "combinators" / module)
    path.write_text(f"{path.read_text()}\nimport combinators.{planted}\n")

    finished = lint_imports(tmp_path)

    assert finished.returncode == 1
    assert f"combinators.{module} is not allowed to import combinators.{planted}" in finished.stdout


def source_of(module: Path) -> Path:
    """Return the file in which a module, or a package's own code, is written."""
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
