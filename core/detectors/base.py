"""What a detector is."""

from __future__ import annotations

from typing import Protocol

from core.types import Clip, Evidence, FaceMaterial


class FaceDetector(Protocol):
    """Examines one face at a time."""

    @property
    def name(self) -> str:
        """The key in the registry and in every stored piece of evidence."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same input may give another answer."""
        ...

    def examine(self, face: FaceMaterial) -> Evidence:
        """Say what was found on this face; a detector that cannot tell says why and gives no score."""
        ...


class ClipDetector(Protocol):
    """Examines the file as a whole."""

    @property
    def name(self) -> str:
        """The key in the registry and in every stored piece of evidence."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same input may give another answer."""
        ...

    def examine(self, clip: Clip) -> Evidence:
        """Say what was found in the file; `Evidence.track` is None."""
        ...
