import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with what a release would upload."""
    folder = tmp_path_factory.mktemp("dist")
    finished = subprocess.run(
        [find_uv_bin(), "build", "--offline", "--no-config", "--out-dir", folder, root],
        check=False,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return folder


def test_the_wheel_holds_the_library_with_its_types_and_nothing_else(
    built: Path, root: Path
) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
    library = {name for name in names if ".dist-info/" not in name}
    assert "combinators/py.typed" in library
    assert library == {path.relative_to(root).as_posix() for path in shipped(root)}


def test_the_source_distribution_holds_no_more_than_it_takes_to_build(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sources:
        paths = [Path(member.name) for member in sources.getmembers() if member.isfile()]
    assert {path.parts[1] for path in paths} <= {
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "combinators",
        "pyproject.toml",
        "pyproject.toml.orig",  # the backend keeps what was written beside what it read
    }
    assert [path for path in paths if path.suffix == ".pyc"] == []


def shipped(root: Path) -> list[Path]:
    """Return the files of the library as they stand in the repository."""
    return [
        path
        for path in (root / "combinators").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
