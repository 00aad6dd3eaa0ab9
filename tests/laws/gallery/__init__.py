"""A gallery of wrong systems, at least one for each law: what no mutant breaks is no law."""

from typing import Final

from combinators.laws import LAWS, Law, System
from tests.laws.gallery import (
    branches,
    choices,
    endings,
    engines,
    flows,
    identities,
    interleavings,
    many,
    mappings,
    merges,
    observers,
    recoveries,
    sequences,
)
from tests.laws.gallery.wrong import Exhibits, Pipeline

_ROOMS: Final = (
    sequences,
    branches,
    mappings,
    choices,
    engines,
    recoveries,
    many,
    identities,
    interleavings,
    endings,
    flows,
    merges,
    observers,
)


def breaking(law: Law) -> list[System[Pipeline]]:
    """Return the wrong systems that are made to break a law."""
    return [system for room in _ROOMS for each, system in room.EXHIBITS if each is law]


def title(system: System[Pipeline]) -> str:
    """Return what a wrong system does wrong."""
    return (type(system).__doc__ or "").strip()


GALLERY: Final[Exhibits] = [(law, system) for law in LAWS for system in breaking(law)]
