"""The pages of the laws say what the laws say."""

from pathlib import Path

from tests.laws.gallery import GALLERY, title
from tests.laws.page import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_the_laws_is_what_their_docstrings_say() -> None:
    assert (DOCS / "laws.md").read_text(encoding="utf-8") == page()


def test_the_gallery_lists_each_law_with_the_systems_that_break_it() -> None:
    lines = (DOCS / "laws_gallery.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ")[:2] for line in lines if line.startswith("| ")][2:]
    assert rows == [[f"| {law.name}", title(system)] for law, system in GALLERY]
