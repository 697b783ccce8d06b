"""`facepulse swap train`: train a face swap on two sets of faces."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from bot.terminal import printable, say

if TYPE_CHECKING:
    from core.services.swap_training import Step

LINE_EVERY = 500
"""Iterations between two lines where there is no terminal to draw a bar on."""


@click.command()
@click.option("--source", type=click.Path(path_type=Path), required=True, metavar="SET", help="Who was filmed.")
@click.option("--target", type=click.Path(path_type=Path), required=True, metavar="SET", help="Who will be shown.")
@click.option("--out", "-o", "model", type=click.Path(path_type=Path), required=True, metavar="MODEL")
@click.option("--preset", type=click.Choice(["quick", "medium", "large"]), help="Where to start from: quick.")
@click.option("--architecture", type=click.Choice(["df", "liae"]))
@click.option("--size", "size_px", type=click.IntRange(64, 256), help="Side of the drawn faces.")
@click.option("--iterations", type=click.IntRange(min=1), help="In all, those of earlier runs counted in.")
@click.option("--batch", "faces", type=click.IntRange(min=1), help="Faces of each person in an iteration.")
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True))
@click.option("--colours", type=click.Choice(["none", "rct", "lct", "mkl"]), help="Gives the target the source's.")
@click.option("--mirror/--no-mirror", default=None, help="Show faces mirrored as well.")
@click.option("--uniform-yaw/--no-uniform-yaw", default=None, help="Show rare turns of the head as often.")
@click.option("--critic", type=click.FloatRange(min=0), help="Weight of a critic that asks for texture; 0 is none.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE.toml", help="Any value, over the preset's.")
@click.option("--seed", type=click.IntRange(min=0))
@click.option("--device", type=click.Choice(["cpu", "cuda"]))
@click.option("--save-every", type=click.IntRange(min=1), metavar="N", help="By default every five minutes.")
@click.option("--preview-every", type=click.IntRange(min=1), metavar="N")
@click.option("--backup-every", type=click.IntRange(min=1), metavar="N")
@click.option("--backups", type=click.IntRange(min=0), help="How many stay.")
@click.option("--restore", type=click.IntRange(min=0), metavar="N", help="Go on from the backup of N iterations.")
@click.option("--page", is_flag=True, help="Show the preview on a local page while it trains.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="Of that page.")
def train(
    *,
    source: Path,
    target: Path,
    model: Path,
    preset: Any,
    config: Path | None,
    restore: int | None,
    page: bool,
    port: int,
    **options: Any,
) -> int:
    """Train a swap on two face sets with consent, and go on with it when it is run again.

    Ctrl-C saves and ends. MODEL/preview.png shows how far it is; the source's performance with the target's face is
    its fifth column.
    """
    from core.services import swap_training as training  # noqa: PLC0415  (imports PyTorch)

    changes = {name: value for name, value in options.items() if value is not None}
    if restore is not None:
        training.restore_backup(model, restore)
    plan = training.read_plan(model, preset, config, changes)
    with ExitStack() as stack:
        if page:
            from bot.web.training_page import served  # noqa: PLC0415  (imports aiohttp)

            say(f"The preview is at {stack.enter_context(served(model, port))}.")
        tell = stack.enter_context(_progress(plan.iterations))
        stop = stack.enter_context(_stop_wished())
        about = training.train_swap(source, target, model, plan, progress=tell, stop=stop)
    done = "Trained" if about.steps >= plan.iterations else "Stopped and saved; run it again to go on:"
    click.echo(f"{done} {about.steps} iterations in {printable(str(model))}.")
    return 0


@contextmanager
def _stop_wished() -> Iterator[Any]:
    """Yield what says whether Ctrl-C or a request to end came; the second Ctrl-C ends at once, as it always does."""
    wished = False

    def wish(number: int, _frame: FrameType | None) -> None:
        nonlocal wished
        wished = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say("Stopping after this iteration; press Ctrl-C again to end without saving." if number == 2 else "Stopping.")

    before = [(number, signal.signal(number, wish)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield lambda: wished
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _progress(iterations: int) -> Iterator[Any]:
    """Yield what shows a step: a bar on a terminal, elsewhere a line every so many iterations."""
    if not sys.stderr.isatty():
        yield _line
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (BarColumn(bar_width=28), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("reading faces", total=iterations)

        def show(step: Step) -> None:
            bar.update(task, completed=step.number, description=_words(step))

        yield show


def _line(step: Step) -> None:
    if step.number % LINE_EVERY == 0 or step.number == step.of:
        say(f"{step.number}/{step.of} {_words(step)}")


def _words(step: Step) -> str:
    return f"{step.per_s:.1f} it/s · source {step.losses.source:.3f} · target {step.losses.target:.3f}"
