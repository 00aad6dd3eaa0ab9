"""What an embedder is: texts in, vectors out, and a name that tells its vectors from all others."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors whose inner product says how close the texts are."""

    @property
    def identity(self) -> str:
        """Return what tells these vectors from those of any other embedder."""
        ...

    def embed(self, texts: Sequence[str], /) -> Vectors:
        """Return one row of unit length a text."""
        ...


@runtime_checkable
class AsyncEmbedder(Embedder, Protocol):
    """An embedder that can also wait for its vectors without holding a thread."""

    async def aembed(self, texts: Sequence[str], /) -> Vectors:
        """Return what `embed` returns."""
        ...
