"""HDF5 files, which a few datasets use; h5py is asked for only when such a file is opened."""

from __future__ import annotations

import importlib
from typing import Any

from core.errors import DatasetError


def need_h5py(dataset: str) -> Any:
    """Return the module h5py.

    Raises:
        DatasetError: it is not installed; the sentence says how to install it.
    """
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise DatasetError(f"{dataset} keeps its data in HDF5: install h5py to read it (pip install h5py).") from error
