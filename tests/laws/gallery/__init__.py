"""A gallery of wrong systems, at least one for each law: what no mutant breaks is no law."""

from typing import Final

from combinators.laws import Law, System
from tests.laws.gallery import (
    branches,
    choices,
    engines,
    identities,
    many,
    mappings,
    recoveries,
    sequences,
)
from tests.laws.gallery.wrong import Pipeline

_ROOMS: Final = (sequences, branches, mappings, choices, engines, recoveries, many, identities)

GALLERY: Final[dict[Law, System[Pipeline]]] = {
    law: system for room in _ROOMS for law, system in room.EXHIBITS.items()
}


def title(system: System[Pipeline]) -> str:
    """Return what a wrong system does wrong."""
    return (type(system).__doc__ or "").strip()
