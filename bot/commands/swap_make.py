"""`facepulse swap make`: a clip and a trained swap in, a labelled video out."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.terminal import native_notes_hidden, say, user_name
from core.types import Progress as Progressed

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PARTS = ("whole", "inner", "mouth", "eyes", "nose", "polygon")
FILE = click.Path(path_type=Path)
WORDS = {"opening": "looking through", "frames": "merging"}


@click.command()
@click.option("--model", type=FILE, required=True, help="A trained swap: its folder, or a .dfm or .onnx file.")
@click.option("--video", type=FILE, required=True, help="The clip of the source: whose performance is kept.")
@click.option("--out", "-o", type=FILE, required=True, metavar="VIDEO.mp4")
@click.option("--person", type=click.IntRange(min=1), default=1, show_default=True, help="1 is the most prominent.")
@click.option("--like", type=FILE, metavar="SET", help="Choose who is like the people of this face set, or nobody.")
@click.option("--head-and-shoulders", is_flag=True, help="Show the chosen person and nothing else of the clip.")
@click.option(
    "--mode", type=click.Choice(["overlay", "seamless", "histogram"]), default="overlay", show_default=True,
    help="How tones are fitted.",
)  # fmt: skip
@click.option("--mask", type=click.Choice(PARTS), default="whole", show_default=True, help="What is replaced.")
@click.option("--polygon", type=FILE, metavar="SET", help="With --mask polygon: a labelled set that has the outline.")
@click.option(
    "--mask-by", type=click.Choice(["drawn", "filmed", "both", "none"]), default="both", show_default=True,
    help="Which masks of the network cut it.",
)  # fmt: skip
@click.option("--occlusion", type=FILE, metavar="MASKS", help="Trained masks that keep hands, hair and glasses.")
@click.option("--erode", type=click.FloatRange(-25, 25), default=3.0, show_default=True, help="Percent of the crop.")
@click.option(
    "--blur", type=click.FloatRange(0, 50), default=10.0, show_default=True, help="Width of the soft edge, %."
)
@click.option(
    "--colour", type=click.Choice(["none", "rct", "lct", "mkl"]), default="rct", show_default=True,
    help="How colours are taken from the clip.",
)  # fmt: skip
@click.option("--sharpen", type=click.FloatRange(-1, 3), default=0.0, show_default=True, help="Below 0 softens.")
@click.option("--motion-blur", type=click.FloatRange(0, 1), default=0.4, show_default=True, help="Share of a frame.")
@click.option("--smooth", type=click.FloatRange(0, 2), default=0.3, show_default=True, help="Seconds of steadying.")
@click.option("--fade", type=click.FloatRange(0, 5), default=0.25, show_default=True, help="Seconds to come and go.")
@click.option("--any-pose", is_flag=True, help="Draw turned heads too where nothing was trained.")
@click.option("--preview", type=FILE, metavar="PNG", help="Frames before and after.")
@click.option("--coverage", type=FILE, metavar="PNG", help="Turns of the head over the clip, and those trained.")
@click.option("--made-by", metavar="NAME", help="Who makes it, for `swap log`; by default the user's name.")
@click.option("--device", default="cpu", show_default=True, help="Where the network runs, as PyTorch names it.")
def make(**given: Any) -> int:
    """Swap one person's face in a clip. The video carries its label, or there is none.

    Turned heads fade out where the model has no training. Sound and the times of frames are kept.
    """
    with native_notes_hidden():
        from core.faces.models import load_face_models  # noqa: PLC0415  (imports OpenCV and the engine)
        from core.services import demos_made  # noqa: PLC0415

        models = load_face_models()
    from core.settings import read_settings  # noqa: PLC0415

    settings = read_settings()
    options = _options(given)
    with _bar() as show:
        labelled = demos_made.make_demo(
            given["model"],
            given["video"],
            given["out"],
            options,
            made_by=given["made_by"] or user_name(),
            settings=settings,
            progress=show.progress,
            tell=show.sentence,
            models=models,
        )
    click.echo(f"Wrote {labelled.path}, demo {labelled.provenance.demo_id}.")
    for mark in labelled.provenance.existing_marks:
        click.echo(f"Kept from the clip: {mark}")
    return 0


def _options(given: dict[str, Any]) -> Any:
    """Return what was asked for as the service takes it.

    Raises:
        UsageError: options do not fit together.
    """
    from core.services import demo_options  # noqa: PLC0415

    if (given["mask"] == "polygon") != (given["polygon"] is not None):
        raise click.UsageError("--mask polygon and --polygon SET go together.")
    merge = demo_options.merge_options(
        mode=given["mode"],
        part=given["mask"],
        mask_source=given["mask_by"],
        polygon_set=given["polygon"],
        erode_share=given["erode"] / 100,
        blur_share=given["blur"] / 100,
        colour=given["colour"],
        sharpen=given["sharpen"],
        motion_blur=given["motion_blur"],
        smooth_s=given["smooth"],
        fade_s=given["fade"],
    )
    return demo_options.DemoOptions(
        merge=merge,
        person=given["person"],
        source_set=given["like"],
        masks=given["occlusion"],
        head_and_shoulders=given["head_and_shoulders"],
        ignore_coverage=given["any_pose"],
        preview=given["preview"],
        coverage=given["coverage"],
        device=given["device"],
    )


class _Shown:
    """Two bars, one for each pass over the clip, with frames a second."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}

    def progress(self, progress: Progressed) -> None:
        words = WORDS.get(progress.stage, progress.stage)
        now = time.monotonic()
        if words not in self._tasks:
            self._tasks[words] = self._bar.add_task(words, total=progress.total)
            self._began[words] = now
        passed_s = now - self._began[words]
        rate = f" {progress.done / passed_s:.1f} frames/s" if passed_s > 0.5 else ""
        self._bar.update(
            self._tasks[words], completed=progress.done, total=progress.total, description=f"{words}{rate}"
        )

    def sentence(self, sentence: str) -> None:
        """Say one sentence above the bars."""
        say(sentence)


@contextmanager
def _bar() -> Iterator[_Shown]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        yield _Shown(bar)
