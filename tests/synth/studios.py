"""Studios that stand in for the networks: what they "make" is the clip with a word before it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UnreadableClipError
from core.services.demo_making import Order, Studio
from core.services.folders import measure
from core.swap import label
from core.swap.label import LabelledVideo
from core.types import Progress, ProgressCallback, Stage
from core.types.swap import Provenance, TrainedSwap
from tests.synth.logs import NOON
from tests.synth.wishes import make_swap

LABEL = b"labelled: "
GIVE_UP_S = 60.0


def labelled(path: Path, demo_id: str = "0123abcd", swap: TrainedSwap | None = None) -> LabelledVideo:
    """A `LabelledVideo` of a file, as if its label had been read back."""
    sha256, _ = measure(path)
    provenance = Provenance(demo_id, swap or make_swap(), sha256, "Facepulse", NOON)
    return LabelledVideo(path, sha256, provenance, label._MADE_HERE)


@dataclass
class FakeStudio:
    """Makes demos of one network, or of what it became meanwhile; waits for `go` when that was cleared.

    `source_later` is what the source's set is once a demo was begun.
    """

    swap: TrainedSwap = field(default_factory=make_swap)
    made_with: TrainedSwap | None = None
    refusal: Exception | None = None
    source_sha256: str | Exception = "5" * 64
    source_later: str | Exception = "5" * 64
    orders: list[Order] = field(default_factory=list)
    told: int = 0
    go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.go.set()

    def studio(self) -> Studio:
        return Studio(lambda path: self.swap, self._make, self._source)

    def _source(self, path: Path) -> str:
        found = self.source_later if self.orders else self.source_sha256
        if isinstance(found, Exception):
            raise found
        return found

    def _make(self, order: Order, progress: ProgressCallback) -> LabelledVideo:
        self.orders.append(order)
        while True:
            self.told += 1
            progress(Progress(Stage.FRAMES, self.told, None, None))
            if self.go.wait(0.005):
                break
        if self.refusal is not None:
            raise self.refusal
        order.out.write_bytes(LABEL + order.video.read_bytes())
        return labelled(order.out, f"{len(self.orders):08x}", self.made_with or self.swap)


def unreadable() -> UnreadableClipError:
    """What is raised for a file that is no video."""
    return UnreadableClipError("The file is damaged or is not a video.")


def when_told(order: Order, progress: ProgressCallback) -> LabelledVideo:
    """Notes in the data folder that it started, and makes the demo when a file called `go` lies there."""
    data_dir, began_s = order.settings.data_dir, time.monotonic()
    with (data_dir / "started").open("a") as notes:
        notes.write("started\n")
    while not (data_dir / "go").exists() and time.monotonic() - began_s < GIVE_UP_S:
        progress(Progress(Stage.FRAMES, 1, None, None))
        time.sleep(0.005)
    order.out.write_bytes(LABEL + order.video.read_bytes())
    return labelled(order.out)


WAITING = Studio(lambda path: make_swap(), when_told, lambda path: "")
"""For worker processes: loaded by its name."""
