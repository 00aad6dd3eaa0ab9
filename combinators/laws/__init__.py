"""The laws of pipelines, and what it takes to try them: on ours, on yours, on anything like them.

A law is a function with a name, a statement, an equation and a source. It holds for a
`System`: the operations of a library of pipelines. `LAWS` are all of them.

>>> from combinators.laws import LAWS, OURS, hold
>>> [law.name for law in LAWS if law.group == "category"][0]
'pipe_is_associative'
>>> hold(LAWS[0], OURS, examples=20)
"""

from importlib.util import find_spec
from typing import Final

from combinators import MissingExtraError

if find_spec("hypothesis") is None:
    raise MissingExtraError("combinators.laws", "hypothesis", "laws")

from combinators.laws import (
    batches,
    category,
    choice,
    effects,
    failures,
    keys,
    limits,
    normal_forms,
    observing,
    products,
    promises,
    recovery,
    running,
    schedules,
    streams,
    values,
)
from combinators.laws._checking import about, check_laws, trials_of
from combinators.laws._comparing import Plan
from combinators.laws._inputs import Inputs, declared_input
from combinators.laws._law import Law, LawBroken, law, laws_in
from combinators.laws._modules import pipelines_at, value_at
from combinators.laws._ours import OURS, Ours
from combinators.laws._outcomes import Gave, Outcome, Raised
from combinators.laws._rebuilding import rebuilt
from combinators.laws._reference import meaning
from combinators.laws._systems import Kind, System
from combinators.laws._trying import DEFAULT_EXAMPLES, Trial, hold, tried
from combinators.laws.non_laws import NON_LAWS
from combinators.laws.promises import PROMISES

LAWS: Final = (
    *laws_in(
        category,
        products,
        keys,
        choice,
        running,
        failures,
        recovery,
        streams,
        batches,
        limits,
        values,
        effects,
        normal_forms,
        observing,
        promises,
    ),
    *schedules.LAWS,
)

__all__ = [
    "DEFAULT_EXAMPLES",
    "LAWS",
    "NON_LAWS",
    "OURS",
    "PROMISES",
    "Gave",
    "Inputs",
    "Kind",
    "Law",
    "LawBroken",
    "Ours",
    "Outcome",
    "Plan",
    "Raised",
    "System",
    "Trial",
    "about",
    "check_laws",
    "declared_input",
    "hold",
    "law",
    "meaning",
    "pipelines_at",
    "rebuilt",
    "trials_of",
    "tried",
    "value_at",
]
