"""`facepulse models`: the weight files, and the one that is fetched."""

from __future__ import annotations

import click


@click.group()
def models() -> None:
    """List the weights of the networks, or fetch those that no package carries."""


@models.command("list")
def list_weights() -> int:
    """List every weight file and whether it is there and whole.

    Exit status: 0 everything that is needed is there, 1 something is missing or altered.
    """
    from core.weights import weight_states  # noqa: PLC0415  (loads the networks' libraries)

    states = weight_states()
    for state in states:
        condition = "ok" if state.problem is None else ("problem" if state.needed else "not there, not needed")
        click.echo(f"{state.name}: {condition}")
        click.echo(f"    sha256 {state.sha256}\n    {state.licence}; trained on {state.data}")
        if state.problem is not None:
            click.echo(f"    {state.problem}")
    return int(any(state.needed and state.problem is not None for state in states))


@models.command()
def fetch() -> int:
    """Fetch the weights of FAN, the second aligner, through the face-alignment library."""
    from bot.terminal import answers  # noqa: PLC0415
    from core.weights import fetch_weights  # noqa: PLC0415

    with answers() as out:
        print(f"FAN's weights are at {fetch_weights()}", file=out)
    return 0
