"""The chains of the guide and of the README, with each key misspelt in turn."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typing_extensions import override

from tests.typesafety.checking import Finding, findings_in
from tests.typesafety.judging import quoted_in
from tests.typesafety.sources import Source
from tests.typing.pages import code_of

ROOT = Path(__file__).parents[2]
PAGES = {"guide": ROOT / "docs" / "guide.md", "readme": ROOT / "README.md"}
KEYS = ("context", "question", "language", "topic", "joke", "poem")
# A key where it is read or given: quoted, in braces, or as a keyword.
PLACE = re.compile(rf'(?<=["{{])({"|".join(KEYS)})(?=["}}])|\b({"|".join(KEYS)})(?==[^=])')

# What the pages build and nobody reads, read here, so that each of its keys matters. The
# README's first chain is wrong on purpose; it is here as it should be.
ADDED = {
    "guide": (
        "open_now.close()\n",
        """\
from_keywords | prompt
from_dict | prompt
from_coercion | prompt
in_a_language | template("{joke} {poem} {language}")
slow_both | template("{joke} {poem}")
""",
    ),
    "readme": (
        'Question: {question}")\n',
        "fanout(context=search, question=passthrough()) | prompt\n",
    ),
}

pytestmark = [pytest.mark.xdist_group("typesafety"), pytest.mark.timeout(300)]


class Misspelt(NamedTuple):
    """A page with one key misspelt: where, how, and what is said of it."""

    place: str
    key: str
    wrong: str
    said: list[Finding]

    @override
    def __str__(self) -> str:
        said = "\n".join(f"    {each.place.line}: {each.said} [{each.code}]" for each in self.said)
        return f"{self.place}, {self.key!r} as {self.wrong!r}:\n{said or '    nothing'}"


def whole(name: str) -> str:
    after, readers = ADDED[name]
    text = code_of(PAGES[name])
    assert text.count(after) == 1
    return text.replace(after, after + readers)


def source(name: str, text: str) -> Source:
    return Source(name, {name: text}, {}, 0)


def misspellings(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield where a key of a page stands, the key, what becomes of it, and the code with that."""
    text = whole(name)
    for place in PLACE.finditer(text):
        key = place[0]
        wrong = key[0] + key[2:]
        line = text.count("\n", 0, place.start())
        edited = text[: place.start()] + wrong + text[place.end() :]
        yield f"{name}:{line + 1}: {edited.splitlines()[line]}", key, wrong, edited


@pytest.fixture(scope="module")
def checked() -> dict[str, list[Finding]]:
    pages = [source(name, whole(name)) for name in PAGES]
    wrong = [
        source(f"{name}_{number}", edited)
        for name in PAGES
        for number, (*_, edited) in enumerate(misspellings(name))
    ]
    return findings_in([*pages, *wrong])


@pytest.fixture(scope="module")
def misspelt(checked: dict[str, list[Finding]]) -> list[Misspelt]:
    return [
        Misspelt(place, key, wrong, checked[f"{name}_{number}"])
        for name in PAGES
        for number, (place, key, wrong, _) in enumerate(misspellings(name))
    ]


def test_the_pages_are_right_as_they_stand(checked: dict[str, list[Finding]]) -> None:
    assert {name: checked[name] for name in PAGES} == {"guide": [], "readme": []}


def test_every_key_is_misspelt(misspelt: list[Misspelt]) -> None:
    assert {each.key for each in misspelt} == {*KEYS}
    assert len(misspelt) > 40


def test_every_misspelt_key_is_found(misspelt: list[Misspelt]) -> None:
    assert [str(each) for each in misspelt if not each.said] == []


def test_who_reads_a_misspelt_key_is_told_once(misspelt: list[Misspelt]) -> None:
    # A prompt has several readers, each on a line of its own. What mypy says by itself, of a
    # result that is read or of an argument, it says as often as that happens in a line.
    told = {
        str(each): Counter(found.place for found in each.said if is_ours(found))
        for each in misspelt
    }
    assert [each for each, places in told.items() if places and max(places.values()) > 1] == []


def test_each_message_names_the_key_and_the_nearest_spelling(misspelt: list[Misspelt]) -> None:
    unnamed = [each for each in misspelt for found in each.said if not names(found, each)]
    assert [str(each) for each in unnamed] == []


def names(found: Finding, misspelt: Misspelt) -> bool:
    named = {name for name in (misspelt.key, misspelt.wrong) if quoted_in(name, found.said)}
    return len(named) == 2 and "Did you mean" in found.said if is_ours(found) else bool(named)


def is_ours(found: Finding) -> bool:
    return found.code.startswith("runnable-")
