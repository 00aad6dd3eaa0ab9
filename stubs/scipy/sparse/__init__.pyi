from typing import Generic

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeVar

_Scalar = TypeVar("_Scalar", bound=np.generic, default=np.float64)

class csr_matrix(Generic[_Scalar]):
    @property
    def shape(self) -> tuple[int, int]: ...
    def toarray(self) -> npt.NDArray[_Scalar]: ...
