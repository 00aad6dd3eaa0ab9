from collections.abc import Callable, Iterable
from typing import Generic, Literal, TypeAlias, overload

import numpy as np
from scipy.sparse import csr_matrix
from typing_extensions import TypeVar

_Scalar = TypeVar("_Scalar", bound=np.generic, default=np.float64)
_Analyzer: TypeAlias = Literal["word", "char", "char_wb"] | Callable[[str], Iterable[str]]
_Norm: TypeAlias = Literal["l1", "l2"] | None

class HashingVectorizer(Generic[_Scalar]):
    @overload
    def __init__(
        self: HashingVectorizer[np.float64],
        *,
        lowercase: bool = True,
        ngram_range: tuple[int, int] = (1, 1),
        analyzer: _Analyzer = "word",
        n_features: int = 1048576,
        binary: bool = False,
        norm: _Norm = "l2",
        alternate_sign: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        lowercase: bool = True,
        ngram_range: tuple[int, int] = (1, 1),
        analyzer: _Analyzer = "word",
        n_features: int = 1048576,
        binary: bool = False,
        norm: _Norm = "l2",
        alternate_sign: bool = True,
        dtype: type[_Scalar],
    ) -> None: ...
    def transform(self, X: Iterable[str]) -> csr_matrix[_Scalar]: ...
