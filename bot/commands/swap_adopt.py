"""`facepulse swap adopt`: record the consent for a swap that was trained elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from bot.terminal import printable


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="NAME.dfm")
@click.option("--person", required=True, help="Whom the network draws.")
@click.option("--how", required=True, help="How they consented, and where that can be found.")
@click.option(
    "--scope",
    type=click.Choice(["training", "demos", "discord"]),
    multiple=True,
    required=True,
    help="What is allowed.",
)
@click.option(
    "--basis", type=click.Choice(["person", "rendered", "public_domain"]), default="person", show_default=True
)
@click.option("--type", "kind", type=click.Choice(["half", "full", "whole"]), default="whole", show_default=True)
@click.option("--recorded-by", default="", help="Who writes this down.")
@click.option("--adult", is_flag=True, help="Declares that the person is of age: faces of minors are not used.")
def adopt(
    *,
    file: Path,
    person: str,
    how: str,
    scope: tuple[str, ...],
    basis: str,
    kind: str,
    recorded_by: str,
    adult: bool,
) -> int:
    """Record who is drawn by a DFM file from elsewhere and what they allowed: without it the file is not run.

    The record lies beside the file as NAME.dfm.json and holds for this file alone.
    """
    from core.services.swap_files import adopt_file  # noqa: PLC0415  (loads onnxruntime)
    from core.types import ConsentBasis, ConsentScope, FaceType  # noqa: PLC0415

    about = adopt_file(
        file,
        face_type=FaceType(kind),
        person=person,
        how=how,
        scope=[ConsentScope(one) for one in scope],
        basis=ConsentBasis(basis),
        adult=adult,
        recorded_by=recorded_by,
    )
    allowed = ", ".join(sorted(about.target_consent.scope))
    click.echo(f"{printable(file.name)} draws {printable(person)} at {about.size_px} px, who allowed: {allowed}.")
    return 0
