"""A swap of live pictures: a trained network, a camera, and a label in every picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.faces import FaceModels, load_face_models
from core.settings import VideoLimits
from core.swap.cameras import Camera, open_camera
from core.swap.consent import require_allowed
from core.swap.label import new_demo_id
from core.swap.live import FrameRate, LivePicture, LiveSwap
from core.swap.merger import MergeOptions, Merger
from core.swap.model import load_model
from core.swap.poses import trained_poses
from core.types import ConsentScope, TrainedSwap

__all__ = ["LiveOptions", "LivePicture", "LiveState", "Session", "live_session"]

FASTER = MergeOptions(smooth_s=0.0, bridge_s=0.0)
"""Live there is no looking ahead."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What is swapped and how; `size_px` (width, height) is asked of a camera, `longest_px` what pictures shrink to."""

    size_px: tuple[int, int] | None = None
    longest_px: int = 960
    repeat: bool = False
    everybody: bool = False
    device: str = "cpu"
    merge: MergeOptions = FASTER


@dataclass(frozen=True, slots=True)
class LiveState:
    """How it goes: pictures a second, pictures of the camera that were passed over, and how long this one took."""

    rate_hz: float
    missed: int
    work_s: float
    timings_s: dict[str, float]
    swapped: int


class Session:
    """Labelled pictures, one after the other, with how it goes."""

    def __init__(self, camera: Camera, swap: LiveSwap, demo_id: str) -> None:
        self.demo_id = demo_id
        self._camera = camera
        self._swap = swap

    def __iter__(self) -> Iterator[tuple[LivePicture, LiveState]]:
        """Yield pictures until the camera ends.

        Raises:
            CameraError: it sends nothing more.
            LabelError: its pictures are too small for the label.
        """
        rate = FrameRate()
        for frame in self._camera:
            picture = self._swap.step(frame)
            work_s = sum(picture.timings_s.values())
            state = LiveState(rate.step(frame.time_s), self._camera.missed, work_s, picture.timings_s, picture.swapped)
            yield picture, state


@contextmanager
def live_session(
    model: Path, source: str, options: LiveOptions, limits: VideoLimits, *, log: Callable[[str, TrainedSwap], None]
) -> Iterator[Session]:
    """Load the network and open the camera; both are let go at the end.

    Args:
        model: as `load_model` takes it.
        source: as `open_camera` takes it.
        options: what is swapped and how.
        limits: what a file may be.
        log: told of the demo's id and its network before there is a picture; what it raises ends the session.

    Raises:
        SwapModelError: there is no such network.
        ConsentError: the person whose face it shows did not allow demos.
        CameraError: the camera cannot be opened.
        ClipError: the file is not a video that can be read.
    """
    network = load_model(model, options.device)
    require_allowed(network.about.target_consent, ConsentScope.DEMOS)
    faces: FaceModels = load_face_models()
    demo_id = new_demo_id()
    shrunk = limits.model_copy(update={"analysis_max_side_px": options.longest_px})
    poses = trained_poses(model)
    merger = Merger(network, options.merge, coverage=None if poses is None else poses.at)
    swap = LiveSwap(merger, faces, demo_id, everybody=options.everybody)
    with open_camera(source, limits=shrunk, size_px=options.size_px, repeat=options.repeat) as camera:
        log(demo_id, network.about)
        yield Session(camera, swap, demo_id)
