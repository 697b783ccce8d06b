"""What each figure draws, on axes that are handed in: pure of files, sizes and order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from core.report.curves import SPECTRUM_BPM, mean_wave, pulse_rows, shown_stretch, spectrum, to_unit, with_gaps
from core.report.style import (
    FAINT_INK,
    GRID,
    INK,
    PAPER,
    TEXT_PT,
    face_colour,
    hide_axis,
    label_x,
    say,
    say_instead,
)
from core.signals.ppg_map import HIGHEST_HZ, RATE_HZ
from core.types import FaceMaterial, KeyFrame

MAP_TICKS_BPM = (0, 60, 120, 180, 240, 300)
MAP_FROM = 0.7
"""Below this nothing is coloured: nine of ten real faces stay below it all over."""
NO_FACE = "No face was found in this clip, so there is no blood flow to show."


@dataclass(frozen=True, slots=True)
class NamedFace:
    """A face with the name and the place that it has in the report."""

    name: str
    position: int
    material: FaceMaterial

    @property
    def colour(self) -> str:
        """The colour of this face in every figure."""
        return face_colour(self.position)


def no_pulse_words(face: NamedFace) -> str:
    """Return why no pulse is drawn for a face, as a sentence."""
    why = face.material.reading.abstained_because or "there was too little to go by"
    return f"No pulse could be read from {face.name}: {why.rstrip('.')}."


def draw_pulse(axes: Axes, face: NamedFace) -> None:
    """Draw the pulse of the named regions and their mean, one row each; faint with the reason when it was not read."""
    pulse = face.material.pulse
    if pulse is None:
        say_instead(axes, no_pulse_words(face))
        return
    read = face.material.reading.bpm is not None
    shown = shown_stretch(pulse, face.material.reading)
    rows = pulse_rows(pulse)
    for row, (name, values) in enumerate(reversed(rows)):
        is_mean = name == "mean"
        colour = (face.colour if is_mean else INK) if read else "#B8C0CA"
        axes.plot(
            pulse.times_s[shown],
            row + 0.38 * to_unit(values[shown]),
            color=colour,
            lw=2.2 if is_mean else 1.3,
            zorder=3,
        )
    axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name, _ in reversed(rows)], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.75, len(rows) - 0.25)
    axes.margins(x=0.01)
    axes.grid(axis="x", color=GRID, zorder=0)
    label_x(axes, "seconds in the clip")
    if not read:
        say(axes, no_pulse_words(face), characters=44)


def draw_spectrum(axes: Axes, face: NamedFace) -> None:
    """Draw how strong each rate is in the mean pulse, the peak marked with its beats a minute."""
    pulse, reading = face.material.pulse, face.material.reading
    if pulse is None:
        say_instead(axes, no_pulse_words(face))
        return
    bpm, power = spectrum(mean_wave(pulse), pulse.rate_hz)
    colour = face.colour if reading.bpm is not None else "#B8C0CA"
    axes.fill_between(bpm, power, color=colour, alpha=0.18, lw=0, zorder=2)
    axes.plot(bpm, power, color=colour, lw=1.8, zorder=3)
    axes.set_xlim(*SPECTRUM_BPM)
    axes.set_ylim(0, 1.3 if reading.bpm is not None else 1.6)
    axes.set_yticks([])
    axes.grid(axis="x", color=GRID, zorder=0)
    label_x(axes, "beats a minute")
    if reading.bpm is None:
        say(axes, "No rate could be read.", height=0.86)
        return
    _mark_peak(axes, reading.bpm, float(np.interp(reading.bpm, bpm, power)), colour)


def _mark_peak(axes: Axes, bpm: float, height: float, colour: str) -> None:
    right_half = bpm > np.mean(SPECTRUM_BPM)
    axes.plot([bpm, bpm], [0, height], color=colour, lw=1.2, ls=(0, (4, 3)), zorder=4)
    axes.plot([bpm], [height], marker="v", ms=10, color=INK, zorder=5)
    axes.annotate(
        f"{bpm:.0f} beats a minute",
        (bpm, height),
        xytext=(-10 if right_half else 10, 10),
        textcoords="offset points",
        ha="right" if right_half else "left",
        fontsize=TEXT_PT + 1,
        color=INK,
        fontweight="bold",
        zorder=6,
    )


def draw_ppg_map(axes: Axes, face: NamedFace) -> None:
    """Draw the PPG map: signals of 32 places in the upper half, their spectra in the lower."""
    ppg_map = face.material.ppg_map
    if ppg_map is None:
        say_instead(axes, f"There is no map of {face.name}: {_why_no_map(face)}.")
        return
    axes.imshow(ppg_map, cmap="cividis", aspect="auto", interpolation="nearest", vmin=0, vmax=255)
    rows, columns = ppg_map.shape
    axes.axhline(rows / 2 - 0.5, color=PAPER, lw=3)
    a_beat = (columns - 1) / (60 * HIGHEST_HZ)  # columns of one beat a minute
    axes.set_xticks([bpm * a_beat for bpm in MAP_TICKS_BPM], [str(bpm) for bpm in MAP_TICKS_BPM])
    axes.set_yticks([rows / 4, rows * 3 / 4], ["32 places\nover time", "the same,\nby rate"], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    if (bpm := face.material.reading.bpm) is not None:
        axes.plot([bpm * a_beat] * 2, [rows / 2, rows - 0.5], color=PAPER, lw=1.4, ls=(0, (4, 3)))
    label_x(axes, f"above: {columns / RATE_HZ:.1f} s from left to right  ·  below: beats a minute")


def _why_no_map(face: NamedFace) -> str:
    return (face.material.reading.abstained_because or "too few frames show it well").rstrip(".")


def draw_blending(axes: Axes, where: NDArray[np.float64], under: NDArray[np.uint8]) -> None:
    """Draw where signs of blending are: `where` (n, n) in 0..1 over the picture `under` (S, S, 3).

    The colour begins at `MAP_FROM` and is full at 1, the same for every clip: a face without signs stays as it is.
    """
    hide_axis(axes)
    side = under.shape[0]
    small = Image.fromarray(where.astype(np.float32))
    smooth = np.clip(np.asarray(small.resize((side, side), Image.Resampling.BICUBIC)), 0, 1)
    strength = np.clip((smooth - MAP_FROM) / (1 - MAP_FROM), 0, 1)
    axes.imshow(under, interpolation="bilinear")
    axes.imshow(np.where(strength > 0, strength, np.nan), cmap="plasma", vmin=0, vmax=1, alpha=0.65 * (strength > 0))
    nowhere = strength.max() == 0
    label_x(axes, "no part stands out" if nowhere else "coloured where signs are")


def draw_yaw(axes: Axes, faces: Sequence[NamedFace]) -> None:
    """Draw which way each face is turned over time."""
    if not faces:
        say_instead(axes, NO_FACE)
        return
    widest = 45.0
    for face in faces:
        track = face.material.track
        times_s, yaw_deg = with_gaps(track.times_s, track.yaw_deg.astype(np.float64))
        axes.plot(times_s, yaw_deg, color=face.colour, lw=2, zorder=3, label=face.name)
        widest = max(widest, float(np.abs(track.yaw_deg).max()) * 1.1)
    axes.set_ylim(-widest, widest)
    axes.set_yticks([-30, 0, 30], ["30° to the left", "to the camera", "30° to the right"], color=INK)
    axes.grid(axis="y", color=GRID, zorder=0)
    axes.margins(x=0.01)
    label_x(axes, "seconds in the clip")
    if len(faces) > 1:
        axes.legend(loc="upper right", ncols=3, fontsize=TEXT_PT, frameon=False, labelcolor=INK)


def draw_key_frames(axes: Axes, frames: Sequence[KeyFrame], names: Mapping[int, tuple[str, str]]) -> None:
    """Draw pictures side by side with their times and the boxes of their faces.

    Args:
        axes: where; as many pictures are drawn as fit at full height, spread over the clip.
        frames: the pictures, in order.
        names: name and colour of each face, by track number; other boxes are left out.
    """
    hide_axis(axes)
    if not frames:
        say_instead(axes, "No picture of this clip was kept.")
        return
    extent = axes.get_window_extent()
    room = extent.width / extent.height
    height_px = round(extent.height * 1.5)
    left, gap, caption = 0.0, 0.04, 0.12
    for frame in _that_fit(frames, room * (1 + caption), gap):
        width = frame.rgb.shape[1] / frame.rgb.shape[0]
        axes.imshow(_shrunk(frame.rgb, height_px), extent=(left, left + width, 0, 1), interpolation="bilinear")
        for track, box in frame.boxes_xyxy_px.items():
            if track in names:
                x0, y0, x1, y1 = (side / frame.rgb.shape[0] for side in box)
                _draw_box(axes, (left + x0, 1 - y1, left + x1, 1 - y0), *names[track])
        when = f"{frame.time_s:.1f} s"
        axes.text(left + width / 2, -0.03, when, ha="center", va="top", fontsize=TEXT_PT, color=FAINT_INK)
        left += width + gap
    axes.set_xlim(0, max(left - gap, room * (1 + caption)))
    axes.set_ylim(-caption, 1)
    axes.set_anchor("NW")


def _that_fit(frames: Sequence[KeyFrame], room: float, gap: float) -> list[KeyFrame]:
    """Return the frames that fit into `room` (widths in units of the height), spread evenly; two if there are two."""
    width = frames[0].rgb.shape[1] / frames[0].rgb.shape[0]
    fitting = int((room + gap + 1e-6) // (width + gap))
    count = min(max(fitting, 2), len(frames))
    return [frames[round(i)] for i in np.linspace(0, len(frames) - 1, count)]


def _draw_box(axes: Axes, box: tuple[float, float, float, float], name: str, colour: str) -> None:
    """Draw a box (left, bottom, right, top in axes units) and its name under it."""
    left, bottom, right, top = box
    for edge, width in (("white", 4.2), (colour, 2.2)):
        axes.add_patch(
            Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=edge, lw=width, clip_on=True)
        )
    axes.text(
        (left + right) / 2,
        max(bottom - 0.02, 0.1),
        name,
        ha="center",
        va="top",
        fontsize=TEXT_PT,
        color="white",
        fontweight="bold",
        bbox={"boxstyle": "round,pad=0.22", "facecolor": colour, "edgecolor": "white", "lw": 0.8},
    )


def _shrunk(rgb: NDArray[np.uint8], height_px: int) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    if height <= height_px:
        return rgb
    size = (max(1, round(width * height_px / height)), height_px)
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
