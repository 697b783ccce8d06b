"""`facepulse swap export`: a trained swap as a file that DeepFaceLive reads."""

from __future__ import annotations

from pathlib import Path

import click

from bot.terminal import printable


@click.command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL")
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, metavar="NAME.dfm")
def export(model: Path, out: Path) -> int:
    """Write a trained swap as ONNX with DeepFaceLive's names, and beside it whose consent it was trained with.

    Facepulse runs such a file only with NAME.dfm.json beside it.
    """
    if out.suffix.lower() not in (".dfm", ".onnx"):
        raise click.BadParameter("The file is called NAME.dfm or NAME.onnx.", param_hint="--out")
    from core.services import swap_training  # noqa: PLC0415  (imports PyTorch)

    about = swap_training.export_swap(model, out)
    click.echo(f"Wrote {printable(str(out))}: {about.architecture}, {about.size_px} px, {about.steps} iterations.")
    return 0
