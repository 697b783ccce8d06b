"""The studio that real demos are made in; what it needs is loaded with the first demo, in worker processes only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.services.demo_making import Order, Studio
from core.services.demos import NEEDED
from core.types import ProgressCallback
from core.types.swap import TrainedSwap

if TYPE_CHECKING:
    from core.swap.label import LabelledVideo


def about(model_path: Path) -> TrainedSwap:
    """Return what a trained swap was made of.

    Raises:
        SwapModelError: there is none in `model_path`, or it is damaged.
        ConsentError: nothing says who allowed it.
    """
    from core.swap.model import load_model  # noqa: PLC0415

    return load_model(model_path).about


def source_sha256(path: Path) -> str:
    """Return the sha256 of a face set's pictures, whose person allowed demos in Discord.

    Raises:
        FaceSetError: there is no set in `path`, or it is damaged.
        ConsentError: the person did not allow it, or not for the pictures that are there now.
    """
    # Loads OpenCV; only who registers with a face set, or makes a demo, waits for it.
    from core.swap.consent import require_consent  # noqa: PLC0415
    from core.swap.face_set import load_face_set  # noqa: PLC0415

    face_set = load_face_set(path)
    for scope in NEEDED:
        require_consent(face_set, scope)
    return face_set.sha256


def make(order: Order, progress: ProgressCallback) -> LabelledVideo:
    """Make a demo: head and shoulders of one person, who is like the faces of `order.source_path` where there is one.

    Raises:
        FacepulseError: it cannot be made; there is no file then.
    """
    from core.services.demo_options import DemoOptions  # noqa: PLC0415
    from core.services.demos_made import make_demo  # noqa: PLC0415

    return make_demo(
        order.model_path,
        order.video,
        order.out,
        DemoOptions(
            head_and_shoulders=True,
            source_set=order.source_path,
            alone=order.alone,
            scopes=frozenset(NEEDED),
            log=False,  # its row is
        ),
        made_by=order.made_by,
        settings=order.settings,
        progress=progress,
        limits=order.limits,
    )


STUDIO = Studio(about, make, source_sha256)
