"""The stubs of the code on the pages, in `stubs/examples`.

`python -m tests.integration.example_stubs` writes them anew.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.typing.pages import code_of

ROOT: Final = Path(__file__).parents[2]
STUBS: Final = ROOT / "stubs"
PAGES: Final = {"guide": ROOT / "docs" / "guide.md", "readme": ROOT / "README.md"}


def write(folder: Path) -> Path:
    """Write the stubs of what the pages say into a folder, and return it."""
    with TemporaryDirectory() as sources:
        package = Path(sources, "examples")
        package.mkdir()
        (package / "__init__.py").touch()
        for name, page in PAGES.items():
            (package / f"{name}.py").write_text(code_of(page), encoding="utf-8")
        subprocess.run(
            [sys.executable, "-P", "-m", "combinators", "stubs", "examples", "-o", folder],
            cwd=sources,
            env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            check=True,
        )
    return folder


if __name__ == "__main__":
    write(STUBS)
