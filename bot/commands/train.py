"""`facepulse train`: train networks on clips that are already on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click


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
    from rich.progress import Progress, TaskID  # noqa: PLC0415

    from core.services import training  # noqa: PLC0415  (imports PyTorch: only when something is trained)

    given = {"omega": None if omega is None else int(omega), "epochs": epochs, "seed": seed, "device": device}
    chosen = training.read_config(config, {name: value for name, value in given.items() if value is not None})
    with Progress(transient=not sys.stderr.isatty()) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int, remark: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total, description=f"{what} {remark}".strip())

        written = training.train_pulse(data, out, chosen, cache=cache, resume=resume, tell=tell)
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
