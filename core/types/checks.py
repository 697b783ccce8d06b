"""Small checks shared by the frozen data types: shape, dtype, read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def frozen_array(name: str, values: Any, shape: tuple[int | None, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return `values` as a read-only array of `dtype`, after checking its shape.

    Args:
        name: used in the error message.
        values: anything that numpy makes an array of; it is copied only if it is writeable or of another dtype.
        shape: expected size by axis; None accepts any size on that axis.
        dtype: the dtype of the result.

    Raises:
        ValueError: the number of axes or a size differs.
    """
    array = np.asarray(values, dtype=dtype)
    if array.ndim != len(shape) or any(
        want is not None and got != want for got, want in zip(array.shape, shape, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    if array.flags.writeable:
        if array is values or array.base is not None:
            array = array.copy()
        array.flags.writeable = False
    return array


def require(condition: bool, message: str) -> None:
    """Raise ValueError with `message` unless `condition` holds."""
    if not condition:
        raise ValueError(message)
