"""What the process of mypy writes on stdout, as JSON."""

from typing import TypedDict, final


@final
class StubText(TypedDict):
    """The stub of a module: where it belongs in a folder of stubs, and what it says."""

    place: list[str]
    text: str


@final
class Report(TypedDict):
    """What mypy finds, the stubs, and the files that are stubs already."""

    findings: list[str]
    stubs: list[StubText]
    left: list[str]
