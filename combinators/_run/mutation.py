"""`check_mutation=True`: which branch changes the input that all branches share?"""

from __future__ import annotations

from typing import Any

from combinators._errors import MutationError, OptionError
from combinators._words import a_kind


def fingerprint(value: Any) -> bytes:
    """Return bytes that change when `value`, or anything inside it, is changed.

    Raises:
        OptionError: the value cannot be pickled.
    """
    import pickle  # noqa: PLC0415 - only those who watch need it

    try:
        return pickle.dumps(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise OptionError(
            "check_mutation",
            f"{a_kind(value)} to watch, which cannot be pickled",
            "inputs that can",
        ) from error


def found_mutation(value: Any, before: bytes, branch: str) -> MutationError | None:
    """Return the error about `branch`, if `value` changed while it ran."""
    return None if fingerprint(value) == before else MutationError(branch, a_kind(value))
