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


STUDIO = Studio(about, make)
