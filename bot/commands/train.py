"""`facepulse train`: train networks on clips that are already on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def told() -> Iterator[Callable[[str, int, int, str], None]]:
    """Yield what a training tells of itself (what, done, total, a remark): a bar for each kind of work.

    The bars are on standard error, as all progress is, and stay there where nobody sees them move.
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, TaskID  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int, remark: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total, description=f"{what} {remark}".strip())

        yield tell


@click.group()
def train() -> None:
    """Train a network on a collection of clips; see the cards of the models for what they were trained on."""


@train.command("pulse")
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Folder with MANIFEST.tsv and the clips it names."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="NAME.safetensors")
@click.option("--cache", type=click.Path(path_type=Path), required=True, help="Keeps seen faces and the checkpoint.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE.toml", help="Values over the defaults.")
@click.option("--omega", type=click.Choice(["64", "128", "256"]), help="Samples at 30 Hz in one map.")
@click.option("--epochs", type=click.IntRange(min=1))
@click.option("--seed", type=click.IntRange(min=0))
@click.option("--device", type=click.Choice(["cpu", "cuda"]))
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the cache.")
def train_pulse(
    *,
    data: Path,
    out: Path,
    cache: Path,
    config: Path | None,
    omega: str | None,
    epochs: int | None,
    seed: int | None,
    device: str | None,
    resume: bool,
) -> int:
    """Train the pulse CNN on side-by-side clips: left half filmed, right half swapped.

    Options win over the configuration file. Interrupted, it goes on with --resume and ends as it would have.
    """
    from core.services import training  # noqa: PLC0415  (imports PyTorch: only when something is trained)

    given = {"omega": None if omega is None else int(omega), "epochs": epochs, "seed": seed, "device": device}
    chosen = training.read_config(config, {name: value for name, value in given.items() if value is not None})
    with told() as tell:
        written = training.train_pulse(data, out, chosen, cache=cache, resume=resume, tell=tell)
    click.echo(f"Wrote {written}.")
    return 0


@train.command("reader")
@click.option("--photos", type=click.Path(path_type=Path), required=True, help="Folder of photographs of faces.")
@click.option("--data", type=click.Path(path_type=Path), help="Recordings with a finger sensor, for the last steps.")
@click.option("--dataset", default="ubfc-rppg", show_default=True, help="Layout of the recordings.")
@click.option("--leave-out", multiple=True, metavar="SUBJECT", help="Not trained on; may be given again.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="NAME.safetensors")
@click.option("--cache", type=click.Path(path_type=Path), required=True, help="Keeps traces and checkpoints.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE.toml", help="Values over the defaults.")
@click.option("--clips", type=click.IntRange(min=1), help="Faces to render.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps on rendered faces.")
@click.option("--seed", type=click.IntRange(min=0))
@click.option("--resume", is_flag=True, help="Go on from the checkpoints in the cache.")
def train_reader(
    *,
    photos: Path,
    data: Path | None,
    dataset: str,
    leave_out: tuple[str, ...],
    out: Path,
    cache: Path,
    config: Path | None,
    clips: int | None,
    steps: int | None,
    seed: int | None,
    resume: bool,
) -> int:
    """Train the pulse reader on faces rendered with a known pulse, and on recordings if there are any.

    For a leave-one-subject-out test run it once for each --leave-out with the same cache and --resume: the steps on
    rendered faces are then done once.
    """
    from core.services import reader_training as training  # noqa: PLC0415  (imports PyTorch)

    given = {"clips": clips, "steps": steps, "seed": seed}
    recipe = training.read_recipe(config, {name: value for name, value in given.items() if value is not None})
    people = None if data is None else training.People(data, dataset, leave_out)
    with told() as tell:
        written = training.train_reader(photos, out, recipe, cache=cache, people=people, resume=resume, tell=tell)
    click.echo(f"Wrote {written}.")
    return 0


@train.command("fusion")
@click.argument("scores", type=click.Path(path_type=Path), metavar="SCORES.tsv")
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, metavar="FUSION.json")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def train_fusion(*, scores: Path, out: Path, seed: int) -> int:
    """Fit how detector scores become one probability, and from where on a verdict is given.

    SCORES.tsv has one line for each face and detector (clip, label, person, generator, detector, version, score,
    quality). The scores must come from detectors that had not seen the person, or every figure flatters.
    """
    from core.services import fusion  # noqa: PLC0415  (imports scipy: only when something is fitted)

    calibration = fusion.train_fusion(scores, out, seed=seed)
    click.echo(fusion.summary(calibration))
    click.echo(f"Wrote {out}.")
    return 0


@train.command("appearance")
@click.option("--photos", type=click.Path(path_type=Path), multiple=True, help="Folder of photos of real faces.")
@click.option("--pairs", type=click.Path(path_type=Path), multiple=True, help="Folder with PAIRS.tsv, real/ and fake/.")
@click.option("--clips", type=click.Path(path_type=Path), help="Folder with MANIFEST.tsv and the clips it names.")
@click.option("--generated", type=click.Path(path_type=Path), multiple=True, help="Folder of wholly generated faces.")
@click.option(
    "--swap",
    type=click.Path(path_type=Path),
    nargs=2,
    multiple=True,
    metavar="MODEL DRIVER",
    help="A trained swap and a clip of its driver. Those of `quick` teach nothing (docs/research/0012).",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="NAME.safetensors")
@click.option("--checkpoint", type=click.Path(path_type=Path), required=True, help="Written as the training goes on.")
@click.option("--start", type=click.Path(path_type=Path), help="Weights to go on from, in place of ImageNet's.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE.toml", help="Values over the defaults.")
@click.option("--steps", type=click.IntRange(min=1))
@click.option(
    "--autoencoder-steps",
    type=click.IntRange(min=1),
    help="Of the drawing network that is trained first.",
)
@click.option("--seed", type=click.IntRange(min=0))
@click.option("--device", type=click.Choice(["cpu", "cuda"]))
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
def train_appearance(
    *,
    photos: tuple[Path, ...],
    pairs: tuple[Path, ...],
    clips: Path | None,
    generated: tuple[Path, ...],
    swap: tuple[tuple[Path, Path], ...],
    out: Path,
    checkpoint: Path,
    start: Path | None,
    config: Path | None,
    steps: int | None,
    autoencoder_steps: int | None,
    seed: int | None,
    device: str | None,
    resume: bool,
) -> int:
    """Train the appearance network on real faces and on fakes that are forged from them as it goes.

    At least one of --photos, --pairs and --clips. Options win over the configuration file. Interrupted, it goes on
    with --resume and ends as it would have.
    """
    from core.services import training_appearance as training  # noqa: PLC0415  (imports PyTorch)

    if not (photos or pairs or clips):
        raise click.UsageError("Give at least one of --photos, --pairs and --clips.")
    given = {"steps": steps, "seed": seed, "device": device}
    chosen = training.read_config(config, {name: value for name, value in given.items() if value is not None})
    material = training.Material(photos, pairs, clips, generated, swap)
    with told() as tell:
        written = training.train_on(
            material,
            out,
            chosen,
            checkpoint=checkpoint,
            start=start,
            resume=resume,
            autoencoder=training.drawing_config(chosen, autoencoder_steps),
            tell=tell,
        )
    click.echo(f"Wrote {written}.")
    return 0
