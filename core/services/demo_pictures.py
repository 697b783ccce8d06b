"""Pictures beside a demo: a strip of frames before and after, and which turns of the head were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from core.errors import UnreadLabelError
from core.report.style import FACE_COLOURS, FAINT_INK, INK, TEXT_PT, add_panel, new_figure, to_png
from core.swap.credentials import title
from core.swap.label import labelled_frame
from core.swap.merge import MergedPair, MergeOptions
from core.swap.metadata import png_saying
from core.swap.poses import TrainedPoses
from core.swap.smooth import eased
from core.swap.watch import Watched
from core.types import MergedFrame
from core.watermark import MarkReader, embed

PREVIEW_TILES = 4
TILE_PX = 480
"""The shorter side of a tile: the caption leaves most of the face to see."""
GAP_PX = 6
PAPER_GREY = 250
MOST_YAW_DEG = 90.0
YAW_STEP_DEG = 2.5
COLUMNS = 400
UNTRAINED, PARTLY, TRAINED = "#E8B9A0", "#F3E3C0", "#DCEBE4"


def preview_strip(pairs: Sequence[MergedPair], demo_id: str) -> bytes:
    """Return a PNG: filmed frames above, the same with the face drawn anew below, these labelled as the video is.

    The whole strip is marked once more, so that it is known when it was scaled down, as a check does, and not cut up.

    Raises:
        UnreadLabelError: the marks cannot be read back.
    """
    tiles = [(_tile(pair.filmed), _labelled(pair, demo_id)) for pair in pairs]
    above, below = (_row([tile[which] for tile in tiles]) for which in (0, 1))
    gap = np.full((GAP_PX, above.shape[1], 3), PAPER_GREY, np.uint8)
    strip = embed(np.vstack([gap, above, gap, below, gap]), demo_id)
    marks = MarkReader()
    marks.add(strip)
    if marks.read().tiles != demo_id:
        raise UnreadLabelError("The label could not be read back from the preview, so it was not kept.")
    return png_saying(png(strip), title(demo_id))


def png(rgb: NDArray[np.uint8]) -> bytes:
    """Return a picture (H, W, 3) as PNG."""
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def _tile(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = TILE_PX / min(rgb.shape[:2])
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def _labelled(pair: MergedPair, demo_id: str) -> NDArray[np.uint8]:
    tile = _tile(pair.merged.rgb)
    scale = np.float32(TILE_PX / min(pair.merged.rgb.shape[:2]))
    return labelled_frame(MergedFrame(pair.merged.time_s, tile, pair.merged.swapped_xyxy_px * scale), demo_id)


def _row(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((tiles[0].shape[0], GAP_PX, 3), PAPER_GREY, np.uint8)
    parts = [gap]
    for tile in tiles:
        parts += [tile, gap]
    return np.hstack(parts)


def coverage_picture(
    watched: Watched,
    chosen: frozenset[int],
    strengths: Sequence[float],
    poses: TrainedPoses | None,
    options: MergeOptions,
) -> bytes:
    """Return a PNG: the head's turn over the clip before the turns that were trained, and how much was drawn.

    Args:
        watched: the clip.
        chosen: ids of the tracks of the person.
        strengths: how much of the face was replaced in each frame, 0..1.
        poses: what was trained; None where it is not known.
        options: between which coverages a face fades.
    """
    figure = new_figure(1100, 610)
    turn = add_panel(figure, (90, 62, 980, 330), "Turn of the head, and the turns that were trained")
    seconds = float(watched.times_s[-1]) if len(watched.times_s) > 1 else 1.0
    if poses is not None:
        _trained(turn, watched, chosen, poses, options)
    drawn_at = np.asarray(strengths) > 0
    for track_id in sorted(chosen):
        track = watched.track(track_id)
        drawn = drawn_at[track.frame_indices]
        turn.plot(track.times_s, track.yaw_deg, color=FAINT_INK, linewidth=1.2, linestyle=(0, (2, 2)))
        turn.plot(track.times_s, np.where(drawn, track.yaw_deg, np.nan), color=INK, linewidth=2.2)
    turn.set_ylim(-MOST_YAW_DEG, MOST_YAW_DEG)
    turn.set_yticks([-90, -45, 0, 45, 90], ["90° right", "45°", "frontal", "45°", "90° left"])
    turn.set_xlim(0, seconds)
    _key(turn, known=poses is not None)
    share = add_panel(figure, (90, 475, 980, 70), "How much of the face was drawn")
    share.fill_between(watched.times_s[: len(strengths)], 0, strengths, color=FACE_COLOURS[0], linewidth=0)
    share.set_ylim(0, 1.02)
    share.set_yticks([0, 1], ["none", "all"])
    share.set_xlim(0, seconds)
    share.set_xlabel("seconds", color=FAINT_INK, fontsize=TEXT_PT)
    return to_png(figure)


def _trained(axes: Axes, watched: Watched, chosen: frozenset[int], poses: TrainedPoses, options: MergeOptions) -> None:
    """Paint for each moment, at the pitch that the head has then, which turns were trained."""
    tracks = [watched.track(track_id) for track_id in sorted(chosen)]
    times, pitch = (np.concatenate([getattr(track, name) for track in tracks]) for name in ("times_s", "pitch_deg"))
    order = np.argsort(times)
    moments = np.linspace(0, float(watched.times_s[-1]), min(COLUMNS, max(len(watched.times_s), 2)))
    pitches = np.interp(moments, times[order], pitch[order])
    yaws = np.arange(-MOST_YAW_DEG + YAW_STEP_DEG / 2, MOST_YAW_DEG, YAW_STEP_DEG)
    known: dict[int, NDArray[np.float64]] = {}
    columns = []
    for value in pitches:
        place = round(float(value))
        if place not in known:
            shares = [eased(poses.at(yaw, place), options.coverage_none, options.coverage_full) for yaw in yaws]
            known[place] = np.digitize(shares, (1e-6, 1 - 1e-6)).astype(np.float64)
        columns.append(known[place])
    extent = (0.0, float(watched.times_s[-1]), -MOST_YAW_DEG, MOST_YAW_DEG)
    colours: Any = ListedColormap([UNTRAINED, PARTLY, TRAINED])
    axes.imshow(
        np.stack(columns, axis=1), origin="lower", extent=extent, aspect="auto", cmap=colours, vmin=0, vmax=2,
        interpolation="nearest",
    )  # fmt: skip


def _key(axes: Axes, *, known: bool) -> None:
    axes.plot([], [], label="drawn", color=INK, linewidth=2.2)
    axes.plot([], [], label="not drawn", color=FAINT_INK, linestyle=(0, (2, 2)))
    if known:
        for words, colour in (("trained", TRAINED), ("hardly", PARTLY), ("never trained", UNTRAINED)):
            axes.fill_between([], [], color=colour, label=words)
    axes.legend(loc="upper right", ncols=5, fontsize=TEXT_PT - 1.5, frameon=True, framealpha=0.9, labelcolor=INK)
