"""onnxruntime with its telemetry off; nobody imports onnxruntime but from here.

The Linux wheels send usage events to their maker from the moment of the import, and leave a device id in the home
folder and a session file in the scratch folder. A clip that someone posted is nobody else's business, and an
analysis must not touch the network. The switch is read once, when the library is loaded.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["onnxruntime"]
