"""Making one demo in a worker process: is the network still the registered one, then its labelled video, or none."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ClipNotFoundError, ConsentError, DemoError, FacepulseError, LabelError
from core.services.demos import LONGEST_S, NEEDED, NO_CONSENT, require_bound
from core.services.folders import Folders, measure
from core.settings import Settings, VideoLimits
from core.store import Declaration, Demo, Made
from core.types import ProgressCallback
from core.types.swap import TrainedSwap

if TYPE_CHECKING:
    from core.swap.label import LabelledVideo

logger = logging.getLogger(__name__)

MAX_SIDE_PX = 1280
WAITS_S = 3600.0
"""So long a clip may be open: a demo stands still while checks are made."""
NO_CLIP = "The clip is no longer here; please ask for the demo again."
OTHER_MODEL = "The model is not the one that was registered and allowed; register it again."
OTHER_SOURCE = "The source face set is not the one that was registered with this model; register the model again."
UNUSABLE = "The model cannot be used on this machine; whoever runs me finds the reason in the log."
NO_MODEL_HERE = "The model is not on the machine any more; register it again."
STALE_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: the clip, the network, where to, and who is named as the maker.

    The person in the clip must be like the faces of `source_path`, where there is one. `limits` are those of the clip.
    A clip that was declared to show the asker shows nobody else: `alone`.
    """

    model_path: Path
    source_path: Path | None
    video: Path
    out: Path
    made_by: str
    settings: Settings
    limits: VideoLimits
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Studio:
    """What demos are made with.

    `about(model_path)` says what a network was made of; `make(order, progress)` gives the labelled video: the head and
    shoulders of one person, and nothing else of the clip. `source_sha256(path)` says which pictures a face set has, and
    raises ConsentError unless its person allowed demos in Discord.
    """

    about: Callable[[Path], TrainedSwap]
    make: Callable[[Order, ProgressCallback], LabelledVideo]
    source_sha256: Callable[[Path], str]


def has_model(demo: Demo) -> bool:
    """Return whether the network of a demo is on this machine."""
    return Path(demo.model.path).exists()


def make(studio: Studio, demo: Demo, folders: Folders, settings: Settings, progress: ProgressCallback) -> LabelledVideo:
    """Make a demo below `workshop(folders, demo)` and return it. Takes seconds to minutes.

    Raises:
        FacepulseError: it cannot be made, or `progress` raised CancelledError; there is no file then.
    """
    if demo.incoming_name is None:
        raise DemoError(NO_CLIP)
    with _without_paths(demo):
        _require_registered(studio.about(_model_here(demo)), demo)
        _require_source(studio, demo)
    bench = workshop(folders, demo)
    shutil.rmtree(bench, ignore_errors=True)
    bench.mkdir(parents=True)
    try:
        with _without_paths(demo), folders.clip(demo.incoming_name, settings.video.max_bytes) as video:
            order = Order(
                model_path=Path(demo.model.path),
                source_path=None if demo.model.source_path is None else Path(demo.model.source_path),
                video=video,
                out=bench / "demo.mp4",
                made_by=f"Facepulse in Discord server {demo.model.guild_id}",
                settings=settings,
                limits=demo_limits(settings.video),
                alone=demo.declaration is Declaration.SELF,
            )
            made = studio.make(order, progress)
    except ClipNotFoundError as error:
        raise DemoError(NO_CLIP) from error
    try:
        with _without_paths(demo):
            _require_registered(made.provenance.swap, demo)  # a training may have gone on meanwhile
            _require_source(studio, demo)  # and pictures may have been exchanged
    except FacepulseError:
        clear(folders, demo)
        raise
    return made


def keep(video: LabelledVideo, folders: Folders) -> Made:
    """Put a labelled video where it waits to be shown. Takes nothing but a `LabelledVideo`.

    Raises:
        LabelError: it is none, or its file was changed since its label was read back.
        OutputError: it cannot be stored.
    """
    from core.swap.label import LabelledVideo as Labelled  # noqa: PLC0415  (loads the decoder and OpenCV)

    if not isinstance(video, Labelled):
        raise LabelError("A video without its label is not kept.")
    sha256, size_bytes = measure(video.path)
    if sha256 != video.sha256:
        raise LabelError("The demo was changed after its label was read back, so it is not shown.")
    return Made(video.provenance, folders.keep(video.path), sha256, size_bytes)


def demo_limits(limits: VideoLimits) -> VideoLimits:
    """Return the limits of a clip that is to become a demo."""
    return limits.model_copy(
        update={
            "max_duration_s": min(limits.max_duration_s, LONGEST_S),
            "analysis_max_side_px": MAX_SIDE_PX,
            "child_wall_s": max(limits.child_wall_s, WAITS_S),
        }
    )


def workshop(folders: Folders, demo: Demo) -> Path:
    """Return the folder in which a demo is made; it goes when the demo is over."""
    return folders.data_dir / "making" / str(demo.id)


def clear(folders: Folders, demo: Demo) -> None:
    """Delete what making a demo left behind."""
    shutil.rmtree(workshop(folders, demo), ignore_errors=True)


def sweep(folders: Folders, now: datetime) -> None:
    """Delete what demos left behind whose worker died."""
    root = folders.data_dir / "making"
    before_s = (now - timedelta(seconds=STALE_S)).timestamp()
    for entry in os.scandir(root) if root.is_dir() else ():
        if entry.stat(follow_symlinks=False).st_mtime < before_s:
            shutil.rmtree(entry.path, ignore_errors=True)


@contextmanager
def _without_paths(demo: Demo) -> Iterator[None]:
    """Say of trouble with a model or its face sets only that there is some: where they lie is nobody's business.

    Nor is who did not consent.
    """
    try:
        yield
    except FacepulseError as error:
        places = [place for place in (demo.model.path, demo.model.source_path) if place]
        if isinstance(error, ConsentError) or any(place in str(error) for place in places):
            logger.warning("demo %d: %s", demo.id, error)
            raise DemoError(UNUSABLE) from error
        raise


def _model_here(demo: Demo) -> Path:
    path = Path(demo.model.path)
    if not path.exists():
        raise DemoError(NO_MODEL_HERE)
    return path


def _require_registered(swap: TrainedSwap, demo: Demo) -> None:
    """Let a demo be made only with the network that was registered, on the consent that an admin was shown."""
    registered = demo.model.swap
    if swap.weights_sha256 != registered.weights_sha256:
        raise DemoError(OTHER_MODEL)
    if not all(swap.target_consent.allows(scope) for scope in NEEDED):
        raise DemoError(NO_CONSENT)
    if swap.target_consent != registered.target_consent:
        raise DemoError(OTHER_MODEL)


def _require_source(studio: Studio, demo: Demo) -> None:
    """Let nobody be looked for in a clip but the person of the face set that was registered, where there is one."""
    model = demo.model
    require_bound(model)
    if model.source_path is not None and studio.source_sha256(Path(model.source_path)) != model.source_sha256:
        raise DemoError(OTHER_SOURCE)
