"""`facepulse swap live`: swap the face in front of a camera, labelled, as it is filmed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.terminal import user_name

if TYPE_CHECKING:
    from bot.live_outputs import Output
    from core.services.live_swaps import LiveState
    from core.types import TrainedSwap

TELL_EVERY_S = 1.0


@click.command("live")
@click.option(
    "--model", type=click.Path(path_type=Path), required=True, help="Folder of a trained swap, or a .dfm file."
)
@click.option("--camera", default="0", show_default=True, help="Number or device of a camera, or a file as a camera.")
@click.option("--to", "where", type=click.Choice(["page", "window", "virtual"]), default="page", show_default=True)
@click.option("--virtual-device", default="/dev/video10", show_default=True, help="Of v4l2loopback, for --to virtual.")
@click.option("--size", metavar="WIDTHxHEIGHT", default="640x480", show_default=True, help="Asked of a camera.")
@click.option("--port", type=click.IntRange(0, 65535), default=8091, show_default=True, help="Of the page.")
@click.option("--everybody", is_flag=True, help="Swap every face, not only the largest.")
@click.option("--repeat", is_flag=True, help="Begin a file again at its end.")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="End after so long.")
@click.option("--made-by", metavar="NAME", help="Who shows it, for `swap log`; by default the user's name.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
def live(
    *,
    model: Path,
    camera: str,
    where: str,
    virtual_device: str,
    size: str,
    port: int,
    everybody: bool,
    repeat: bool,
    seconds: float | None,
    made_by: str | None,
    device: str,
) -> int:
    """Swap the face in front of a camera and show it with its label in every picture.

    No picture is kept; that there was a demo, and of whom, is noted for `swap log`. The frame rate is told here and
    beside the picture; what the machine is too slow for is passed over, so that the picture is never late. Ctrl-C
    ends it.
    """
    from bot.bootstrap import read_settings  # noqa: PLC0415
    from core.services import live_swaps  # noqa: PLC0415  (imports the networks)
    from core.services.clock import utc_now  # noqa: PLC0415
    from core.services.demo_notes import NotedDemo, note  # noqa: PLC0415

    options = live_swaps.LiveOptions(size_px=_size(size), repeat=repeat, everybody=everybody, device=device)
    settings, told = read_settings(), _Teller()

    def log(demo_id: str, swap: TrainedSwap) -> None:
        note(settings.data_dir, NotedDemo(demo_id, made_by or user_name(), utc_now(), swap))

    with live_swaps.live_session(model, camera, options, settings.video, log=log) as session:
        with _output(where, virtual_device, port, model.name, session.demo_id) as output:
            click.echo(f"Demo {session.demo_id}{_place(output)}. Ctrl-C ends it.", err=True)
            ends_s = None if seconds is None else time.monotonic() + seconds
            try:
                for picture, state in session:
                    if not output.show(picture.rgb, picture.time_s, state) or _is_over(ends_s):
                        break
                    told.tell(state)
            except KeyboardInterrupt:  # the usual end
                pass
        told.finish()
    return 0


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and 0 < int(width) <= 7680 and 0 < int(height) <= 4320):
        raise click.BadParameter("a size is written like 640x480", param_hint="--size")
    return int(width), int(height)


def _output(where: str, virtual_device: str, port: int, model_name: str, demo_id: str) -> Output:
    from bot import live_outputs  # noqa: PLC0415
    from bot.web.live import LivePage  # noqa: PLC0415

    if where == "window":
        return live_outputs.WindowOutput(f"Facepulse demo {demo_id}")
    if where == "virtual":
        return live_outputs.VirtualCameraOutput(virtual_device)
    return live_outputs.PageOutput(LivePage("127.0.0.1", port, model_name, demo_id))


def _place(output: Output) -> str:
    address = getattr(output, "address", "")
    return f": {address}" if address else ""


def _is_over(ends_s: float | None) -> bool:
    return ends_s is not None and time.monotonic() >= ends_s


class _Teller:
    """One line on standard error that says how it goes, written over itself on a terminal."""

    def __init__(self) -> None:
        self._told_s = -TELL_EVERY_S
        self._last = ""

    def tell(self, state: LiveState) -> None:
        """Say it, at most once a second."""
        stages = ", ".join(f"{name} {1000 * taken:.0f} ms" for name, taken in state.timings_s.items())
        self._last = f"{state.rate_hz:4.1f} pictures/s, {state.missed} passed over ({stages})"
        if time.monotonic() - self._told_s < TELL_EVERY_S:
            return
        self._told_s = time.monotonic()
        if sys.stderr.isatty():
            click.echo(f"\r{self._last:<78}", nl=False, err=True)

    def finish(self) -> None:
        """Say it a last time."""
        if self._last:
            click.echo(("\r" if sys.stderr.isatty() else "") + self._last, err=True)
