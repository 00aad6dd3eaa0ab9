"""The key model: which keys a node needs, and which it gives.

One model serves the constructor, which refuses a pipeline whose keys do not line
up, and the drawings. It knows keys and nothing about types, and has a third
verdict for what cannot be known: functions that take or return plain dicts.
"""

from combinators._keys.annotations import attributes_of, required_keys
from combinators._keys.flow import Signature, signature, then
from combinators._keys.names import as_key, as_keys, normal
from combinators._keys.shape import ANYTHING, HEAD, Keys, Other, Shape

__all__ = [
    "ANYTHING",
    "HEAD",
    "Keys",
    "Other",
    "Shape",
    "Signature",
    "as_key",
    "as_keys",
    "attributes_of",
    "normal",
    "required_keys",
    "signature",
    "then",
]
