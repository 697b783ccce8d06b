"""What a detector is."""

from __future__ import annotations

from typing import Protocol

from core.types import Clip, Evidence, FaceMaterial, Frame


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


class FrameWatch(Protocol):
    """Sees all frames of one clip pass by."""

    def add(self, frame: Frame) -> None:
        """Take the next frame in; it is not changed."""
        ...

    def finish(self) -> Evidence:
        """Say what was found in the pictures; `Evidence.track` is None."""
        ...


class FrameDetector(Protocol):
    """Examines whole pictures, of which a clip has too many to keep."""

    @property
    def name(self) -> str:
        """The key in the registry and in every stored piece of evidence."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same input may give another answer."""
        ...

    def watch(self) -> FrameWatch:
        """Begin with a clip."""
        ...
