"""The figures of a finished analysis as PNG bytes: data in, pictures out, nothing written.

Every figure says in words what it shows; where there is nothing to draw it says why.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle

from core.detectors.appearance import appearance_map
from core.report import panels, style
from core.report.panels import NamedFace
from core.report.regional import agreement_words, draw_agreement, draw_strength, regional_maps, strength_words
from core.report.words import VERDICT_WORDS, face_names, likelihood_words
from core.types import Analysis, KeyFrame, Verdict, VerdictLabel

MAX_DRAWN_FACES = 3
PAGE_SCALE = 1.25
WIDTH_PX = 1000
PICTURE_PX = (1200, 900)
BAND_PX = 140
"""Height of the verdict's band in the picture."""
SHORT_PX = 570
"""Height of the picture where there is no pulse to draw: empty space says nothing."""
RATE_TITLE = "How strongly each rate beats"


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A figure of the page: `file_name` to store it under, `alt` what it shows in words, `png` its bytes."""

    file_name: str
    alt: str
    png: bytes


def named_faces(analysis: Analysis) -> tuple[NamedFace, ...]:
    """Return the faces of an analysis with their names, in the order of the report."""
    names = face_names(analysis.report)
    places = {track: position for position, track in enumerate(names)}
    known = sorted((face for face in analysis.faces if face.track.id in places), key=lambda face: places[face.track.id])
    return tuple(NamedFace(names[face.track.id], places[face.track.id], face) for face in known)


def report_figures(analysis: Analysis) -> tuple[PictureFile, ...]:
    """Return every figure of the page, key frames first; at most `MAX_DRAWN_FACES` faces are drawn one by one."""
    faces = named_faces(analysis)
    pictures = [PictureFile("key-frames.png", _key_frames_alt(faces), key_frames_png(analysis.key_frames, faces))]
    for face in faces[:MAX_DRAWN_FACES]:
        pictures += _face_figures(face)
    if faces:
        pictures.append(PictureFile("head-turns.png", "Which way each face is turned over time.", yaw_png(faces)))
    return tuple(pictures)


def _face_figures(face: NamedFace) -> list[PictureFile]:
    tag, read = face.name.lower().replace(" ", "-"), _read(face)
    figures = [PictureFile(f"{tag}-pulse.png", f"Blood-flow signal of {face.name} by region. {read}", pulse_png(face))]
    if face.material.pulse is not None:
        figures += [
            PictureFile(
                f"{tag}-spectrum.png", f"How strongly each rate beats in {face.name}. {read}", spectrum_png(face)
            ),
            PictureFile(f"{tag}-map.png", f"Blood flow in 32 places of {face.name} over time.", ppg_map_png(face)),
        ]
    if (regional := regional_png(face)) is not None:
        figures.append(PictureFile(f"{tag}-regional.png", *regional))
    if (blending := blending_png(face)) is not None:
        alt = f"Where signs of blending are strongest in {face.name}."
        figures.append(PictureFile(f"{tag}-blending.png", alt, blending))
    return figures


def key_frames_png(frames: Sequence[KeyFrame], faces: Sequence[NamedFace]) -> bytes:
    """Return pictures from the clip with the faces boxed and named."""
    figure = style.new_figure(WIDTH_PX, 300)
    axes = style.add_panel(figure, (30, 45, WIDTH_PX - 60, 245), "Pictures from the clip")
    panels.draw_key_frames(axes, frames, _face_marks(faces))
    return style.to_png(figure, PAGE_SCALE)


def pulse_png(face: NamedFace) -> bytes:
    """Return the pulse of one face over time, region by region."""
    title = f"Blood-flow signal of {face.name}, by region"
    height_px = 200 if face.material.pulse is None else 320
    return _page_figure(title, lambda axes: panels.draw_pulse(axes, face), height_px)


def spectrum_png(face: NamedFace) -> bytes:
    """Return how strong each rate is in the pulse of one face."""
    return _page_figure(f"How strongly each rate beats in {face.name}", lambda axes: panels.draw_spectrum(axes, face))


def ppg_map_png(face: NamedFace) -> bytes:
    """Return the PPG map of one face as a picture."""
    return _page_figure(
        f"Blood flow in 32 places of {face.name} (PPG map)", lambda axes: panels.draw_ppg_map(axes, face)
    )


def regional_png(face: NamedFace) -> tuple[str, bytes] | None:
    """Return what the maps on one face show in words, and their picture; None where there is nothing to map."""
    maps = regional_maps(face.material)
    if maps is None:
        return None
    figure, words = style.new_figure(WIDTH_PX, 490), agreement_words(face, maps)
    if maps.strength_db:
        words = f"{words} {strength_words(face)}"
    draw_agreement(style.add_panel(figure, (30, 45, 420, 360), f"{face.name}: which places change together"), maps)
    if maps.strength_db:
        draw_strength(style.add_panel(figure, (510, 45, 420, 360), "How clear the pulse is in each place"), maps)
    figure.text(
        0.03, 0.125, "\n".join(textwrap.wrap(words, 105)), va="top", fontsize=style.TEXT_PT + 1, color=style.INK
    )
    return words, style.to_png(figure, PAGE_SCALE)


def blending_png(face: NamedFace) -> bytes | None:
    """Return where signs of blending are strongest in one face; None where its appearance could not be judged."""
    found = appearance_map(face.material)
    if found is None:
        return None
    figure = style.new_figure(WIDTH_PX, 420)
    title = f"Where signs of blending are strongest in {face.name}"
    panels.draw_blending(style.add_panel(figure, (150, 45, WIDTH_PX - 180, 330), title), *found)
    return style.to_png(figure, PAGE_SCALE)


def yaw_png(faces: Sequence[NamedFace]) -> bytes:
    """Return which way each face is turned over time."""
    return _page_figure("Which way the head is turned", lambda axes: panels.draw_yaw(axes, faces), height_px=260)


def pulse_plot(analysis: Analysis) -> bytes:
    """Return one PNG with the pulse of the most prominent face: over time and by rate, or why there is none."""
    faces = named_faces(analysis)
    figure = style.new_figure(WIDTH_PX, 620)
    above = style.add_panel(figure, (150, 45, WIDTH_PX - 180, 215), _pulse_title(faces))
    if not faces:
        style.say_instead(above, panels.NO_FACE)
        return style.to_png(figure, PAGE_SCALE)
    panels.draw_pulse(above, faces[0])
    if faces[0].material.pulse is not None:
        panels.draw_spectrum(style.add_panel(figure, (150, 365, WIDTH_PX - 180, 185), RATE_TITLE), faces[0])
    return style.to_png(figure, PAGE_SCALE)


def _pulse_title(faces: Sequence[NamedFace]) -> str:
    return f"Blood-flow signal of {faces[0].name}, by region" if faces else "Blood flow"


def evidence_picture(analysis: Analysis) -> bytes:
    """Return one PNG for a chat: verdict, pictures, and the pulse of the face that the verdict is about.

    It is 1200 pixels wide and 900 high, or `SHORT_PX` where there is no pulse to draw.
    """
    faces = named_faces(analysis)
    face = deciding_face(faces, analysis.report.verdict)
    has_pulse = face is not None and face.material.pulse is not None
    width_px, height_px = PICTURE_PX[0], PICTURE_PX[1] if has_pulse else SHORT_PX
    figure = style.new_figure(width_px, height_px)
    _draw_verdict_band(figure, analysis, height_px)
    blending = None if face is None else appearance_map(face.material)
    frames_px = width_px - 72 - (0 if blending is None else 290)
    frames_axes = style.add_panel(figure, (36, 192, frames_px, 228), "Pictures from the clip")
    panels.draw_key_frames(frames_axes, analysis.key_frames, _face_marks(faces))
    if blending is not None:
        panels.draw_blending(style.add_panel(figure, (930, 192, 234, 214), "Signs of blending"), *blending)
    if face is not None and has_pulse:
        _draw_face_panels(figure, face)
    else:
        why = panels.NO_FACE if face is None else panels.no_pulse_words(face)
        style.say_instead(style.add_panel(figure, (36, 478, width_px - 72, 50), "Blood flow"), why, characters=110)
    note = "Screening aid: says what was measured, proves nothing."
    others = "" if face is None or len(faces) < 2 else f"{len(faces)} faces found; {face.name} is drawn. "
    figure.text(0.03, 11 / height_px, others + note, fontsize=style.TEXT_PT, color=style.FAINT_INK)
    return style.to_png(figure)


def deciding_face(faces: Sequence[NamedFace], verdict: Verdict) -> NamedFace | None:
    """Return the face that the first reason of a verdict names, else the most prominent; None without faces."""
    named = (face for face in faces if verdict.reasons[0].startswith((f"{face.name}:", f"{face.name} ")))
    return next(named, faces[0] if faces else None)


def _page_figure(title: str, draw: Callable[[Axes], None], height_px: int = 320) -> bytes:
    figure = style.new_figure(WIDTH_PX, height_px)
    draw(style.add_panel(figure, (150, 45, WIDTH_PX - 180, height_px - 105), title))
    return style.to_png(figure, PAGE_SCALE)


def _draw_face_panels(figure: Figure, face: NamedFace) -> None:
    pulse = style.add_panel(figure, (130, 478, 490, 140), f"Blood-flow signal of {face.name}, by region")
    panels.draw_pulse(pulse, face)
    rate = style.add_panel(figure, (690, 478, 474, 140), RATE_TITLE)
    panels.draw_spectrum(rate, face)
    flow = style.add_panel(figure, (130, 706, 1034, 114), f"Blood flow in 32 places of {face.name}")
    panels.draw_ppg_map(flow, face)


def _draw_verdict_band(figure: Figure, analysis: Analysis, height_px: int) -> None:
    verdict = analysis.report.verdict
    words = VERDICT_WORDS[verdict.label]
    axes = figure.add_axes((0, 1 - BAND_PX / height_px, 1, BAND_PX / height_px))
    axes.set_xlim(0, 1200)
    axes.set_ylim(0, BAND_PX)
    style.hide_axis(axes)
    axes.add_patch(Rectangle((0, 0), 1200, BAND_PX, facecolor=words.colour, lw=0))
    draw_icon(axes, verdict.label, (78, 70), 40)
    axes.text(144, 92, words.title, color="white", fontsize=27, fontweight="bold", va="center")
    likelihood = _likelihood(verdict)
    told = " ".join(verdict.reasons[:2])
    reason = "\n".join(textwrap.wrap(told, 105, max_lines=2, placeholder=" …"))
    axes.text(144, 38, reason, color="white", fontsize=13, va="center", linespacing=1.35)
    axes.text(1170, 92, likelihood, color="white", fontsize=14, va="center", ha="right")


def draw_icon(axes: Axes, label: VerdictLabel, centre: tuple[float, float], radius: float) -> None:
    """Draw the shape of a verdict in white: warning triangle, tick in a circle, question mark, diamond with an i."""
    x, y = centre
    sign: dict[str, Any] = {"color": VERDICT_WORDS[label].colour, "ha": "center", "va": "center", "fontweight": "bold"}
    if label is VerdictLabel.LIKELY_FAKE:
        corners = [(x, y + radius), (x - radius, y - 0.75 * radius), (x + radius, y - 0.75 * radius)]
        axes.add_patch(Polygon(corners, facecolor="white", edgecolor="white", lw=6, joinstyle="round"))
        axes.text(x, y - 0.18 * radius, "!", fontsize=radius * 0.85, **sign)
    elif label is VerdictLabel.DECLARED_SYNTHETIC:
        corners = [(x, y + radius), (x + radius, y), (x, y - radius), (x - radius, y)]
        axes.add_patch(Polygon(corners, facecolor="white", edgecolor="white", lw=6, joinstyle="round"))
        axes.text(x, y - 0.03 * radius, "AI", fontsize=radius * 0.5, **sign)
    else:
        axes.add_patch(Circle(centre, radius, facecolor="white"))
        if label is VerdictLabel.LIKELY_REAL:
            axes.plot(
                [x - 0.45 * radius, x - 0.1 * radius, x + 0.5 * radius],
                [y - 0.02 * radius, y - 0.38 * radius, y + 0.4 * radius],
                color=VERDICT_WORDS[label].colour,
                lw=radius / 6,
                solid_capstyle="round",
                solid_joinstyle="round",
            )
        else:
            axes.text(x, y - 0.05 * radius, "?", fontsize=radius, **sign)


def _likelihood(verdict: Verdict) -> str:
    """Say how likely a fake is, but not beside "Can't tell", where it would be read as an accusation."""
    if verdict.probability_fake is None or verdict.label is VerdictLabel.INCONCLUSIVE:
        return ""
    return f"likelihood of manipulation {likelihood_words(verdict.probability_fake)}"


def _face_marks(faces: Sequence[NamedFace]) -> dict[int, tuple[str, str]]:
    return {face.material.track.id: (face.name, face.colour) for face in faces}


def _read(face: NamedFace) -> str:
    bpm = face.material.reading.bpm
    return panels.no_pulse_words(face) if bpm is None else f"The peak is at {bpm:.0f} beats a minute."


def _key_frames_alt(faces: Sequence[NamedFace]) -> str:
    names = ", ".join(face.name for face in faces)
    return f"Pictures from the clip with boxes around {names}." if names else "Pictures from the clip; no face found."
