"""`facepulse swap mask`: label a few faces, train masks on them, apply these to a set."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)


@click.group()
def mask() -> None:
    """Keep hands, hair and glasses in front: label a few faces, train on them, use what was learned.

    `facepulse swap make --occlusion MASKS` uses trained masks while merging.
    """


@mask.command("label")
@click.argument("face_set", type=FOLDER, metavar="SET")
@click.option("--port", type=click.IntRange(0, 65535), default=8091, show_default=True)
def label(face_set: Path, port: int) -> int:
    """Label faces of SET on a local page, until Ctrl-C. Each label is saved at once."""
    from bot.web.masks_page import served  # noqa: PLC0415  (loads aiohttp)

    async def serve() -> None:
        async with served(face_set, port) as address:
            click.echo(f"Open {address} and draw; Ctrl-C ends.")
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:  # the way out of this command
        click.echo(f"The labels are in {face_set}.")
    return 0


@mask.command("train")
@click.argument("face_sets", type=FOLDER, metavar="SET...", nargs=-1, required=True)
@click.option("--out", "-o", type=FOLDER, required=True, metavar="MASKS.safetensors")
@click.option("--steps", type=click.IntRange(min=1), default=1500, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
def train(*, face_sets: tuple[Path, ...], out: Path, steps: int, seed: int, device: str) -> int:
    """Train masks on the labelled faces of one or more sets; minutes on a processor."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from core.services import swap_masks  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task("training", total=steps)

        def tell(step: int, loss: float) -> None:
            bar.update(task, completed=step, description=f"training, loss {loss:.3f}")

        made = swap_masks.train(face_sets, out, steps=steps, seed=seed, device=device, progress=tell)
    click.echo(f"Wrote {made.path}, trained on {made.faces} faces.")
    if made.quality is None:
        click.echo("Too few faces are labelled to hold any out, so how good they are is not known.")
        return 0
    quality = made.quality
    click.echo(
        f"On {quality.faces} other faces with {quality.trials} things drawn before them: {quality.visible_iou:.2f} "
        f"overlap of what is seen ({quality.untrained:.2f} without masks), {quality.hidden_iou:.2f} of what hides."
    )
    return 0


@mask.command("apply")
@click.argument("face_set", type=FOLDER, metavar="SET")
@click.argument("masks", type=FOLDER, metavar="MASKS")
def apply(face_set: Path, masks: Path) -> int:
    """Write beside each picture of SET what hides its face, so that training leaves it out."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from core.services import swap_masks  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task("masks", total=None)
        count = swap_masks.apply(face_set, masks, lambda done, total: bar.update(task, completed=done, total=total))
    click.echo(f"Wrote {count} masks into {face_set}.")
    return 0
