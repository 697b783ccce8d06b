from __future__ import annotations

import io
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

from core.report import curves, figures, panels, style
from core.report.figures import evidence_picture, named_faces, report_figures
from core.types import Analysis, VerdictLabel
from tests.synth.analyses import WHY_NO_PULSE, make_analysis
from tests.synth.clips import pulse_wave


def empty_axes() -> Axes:
    return style.add_panel(style.new_figure(1000, 320), (150, 45, 820, 215), "A title")


def words_on(axes: Axes) -> str:
    return " ".join(text.get_text() for text in axes.findobj(Text)).replace("\n", " ")


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize("label", list(VerdictLabel))
@pytest.mark.parametrize(("faces", "bpm"), [(0, None), (1, 72.0), (2, None), (5, 60.0)])
def test_every_analysis_has_a_picture_of_the_promised_size(label: VerdictLabel, faces: int, bpm: float | None) -> None:
    height = 900 if bpm is not None else figures.SHORT_PX
    assert picture(evidence_picture(make_analysis(label=label, faces=faces, bpm=bpm))).size == (1200, height)


def test_the_face_that_the_verdict_is_about_is_drawn() -> None:
    analysis = make_analysis(faces=3)
    faces = named_faces(analysis)
    verdict = replace(analysis.report.verdict, reasons=("Face B: signs of manipulation.", "Face A: can't tell."))
    about = figures.deciding_face(faces, verdict)
    assert about is not None
    assert about.name == "Face B"
    assert figures.deciding_face(faces, analysis.report.verdict) is faces[0]
    assert figures.deciding_face((), verdict) is None


@pytest.mark.parametrize("bpm", [48.0, 72.0, 109.0, 150.0])
def test_the_spectrum_peaks_at_the_pulse(bpm: float) -> None:
    times_s = np.arange(0, 30, 1 / 29.97)
    rates, power = curves.spectrum(pulse_wave(times_s, bpm), 29.97)
    assert rates[np.argmax(power)] == pytest.approx(bpm, abs=1.0)
    assert power.max() == pytest.approx(1.0)


def test_the_marked_peak_is_the_reading_and_is_labelled_with_it() -> None:
    axes = empty_axes()
    panels.draw_spectrum(axes, named_faces(make_analysis(bpm=84.0))[0])
    assert "84 beats a minute" in words_on(axes)


def test_the_map_of_a_face_marks_its_rate_on_the_scale_of_rates() -> None:
    axes = empty_axes()
    panels.draw_ppg_map(axes, named_faces(make_analysis(bpm=120.0))[0])
    ticks = dict(zip([label.get_text() for label in axes.get_xticklabels()], axes.get_xticks(), strict=True))
    mark = axes.lines[-1].get_xdata()
    assert np.asarray(mark) == pytest.approx([ticks["120"]] * 2)
    assert "4.3 s from left to right" in axes.get_xlabel()


def test_a_face_without_a_pulse_is_told_in_words_in_place_of_curves() -> None:
    face = named_faces(make_analysis(bpm=None))[0]
    for draw in (panels.draw_pulse, panels.draw_spectrum, panels.draw_ppg_map):
        axes = empty_axes()
        draw(axes, face)
        assert WHY_NO_PULSE in words_on(axes)
        assert not axes.lines and not axes.images


def test_a_signal_that_was_not_read_is_drawn_with_the_reason_and_no_peak() -> None:
    face = named_faces(make_analysis(bpm=70.0))[0]
    unread = replace(face.material.reading, bpm=None, abstained_because=WHY_NO_PULSE)
    unsure = replace(face, material=replace(face.material, reading=unread))
    wave, rates = empty_axes(), empty_axes()
    panels.draw_pulse(wave, unsure)
    panels.draw_spectrum(rates, unsure)
    assert WHY_NO_PULSE in words_on(wave) and wave.lines
    assert "No rate could be read" in words_on(rates) and "70 beats" not in words_on(rates)


def test_a_pulse_is_drawn_by_named_region_and_mean_without_the_numbered_cells() -> None:
    axes = empty_axes()
    panels.draw_pulse(axes, named_faces(make_analysis())[0])
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows == ["mean", "right cheek", "left cheek", "forehead"]


def test_missing_samples_do_not_stop_a_figure() -> None:
    face = named_faces(make_analysis())[0]
    assert face.material.pulse is not None
    values = face.material.pulse.values.copy()
    values[0] = np.nan
    values[1, :40] = np.nan
    holed = replace(face.material, pulse=replace(face.material.pulse, values=values))
    assert figures.pulse_png(replace(face, material=holed))


def test_a_long_pulse_is_drawn_around_its_clearest_window_only() -> None:
    axes = empty_axes()
    panels.draw_pulse(axes, named_faces(make_analysis(duration_s=60))[0])
    shown = axes.lines[0].get_xdata()
    assert np.ptp(np.asarray(shown)) <= curves.SHOWN_PULSE_S


def test_boxes_carry_the_names_of_the_report_and_unknown_faces_none() -> None:
    analysis = make_analysis(faces=2)
    axes = empty_axes()
    panels.draw_key_frames(axes, analysis.key_frames, {0: ("Face A", "#0072B2")})
    assert "Face A" in words_on(axes)
    assert "Face B" not in words_on(axes)


def test_an_upright_clip_gets_more_pictures_than_a_wide_one_which_gets_two() -> None:
    analysis = make_analysis()

    def shown(shape: tuple[int, int]) -> int:
        frames = [replace(f, rgb=np.zeros((*shape, 3), np.uint8), boxes_xyxy_px={}) for f in analysis.key_frames]
        axes = empty_axes()
        panels.draw_key_frames(axes, frames, {})
        return len(axes.images)

    assert shown((100, 400)) == 2
    assert shown((240, 100)) == 4


def test_names_of_figure_files_tell_the_faces_apart_and_nobody_is_drawn_without_end() -> None:
    names = [figure.file_name for figure in report_figures(make_analysis(faces=5))]
    assert len(names) == len(set(names)) == 2 + 3 * figures.MAX_DRAWN_FACES
    assert {"key-frames.png", "face-a-pulse.png", "face-b-map.png", "head-turns.png"} <= set(names)


def test_every_figure_has_words_for_people_who_do_not_see_it() -> None:
    alts = [figure.alt for figure in report_figures(make_analysis(bpm=66.0))]
    assert all(alts)
    assert any("66 beats a minute" in alt for alt in alts)


def test_no_global_state_of_the_plotting_library_is_touched() -> None:
    evidence_picture(make_analysis())
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_drawing_leaves_the_analysis_as_it_was() -> None:
    analysis = make_analysis()
    before = _fingerprint(analysis)
    report_figures(analysis)
    evidence_picture(analysis)
    assert _fingerprint(analysis) == before


def _fingerprint(analysis: Analysis) -> bytes:
    face = analysis.faces[0]
    assert face.pulse is not None and face.ppg_map is not None
    return face.pulse.values.tobytes() + face.ppg_map.tobytes() + analysis.key_frames[0].rgb.tobytes()


def test_blending_is_coloured_where_it_is_and_nowhere_else() -> None:
    under = np.full((192, 192, 3), 120, np.uint8)
    where = np.zeros((12, 12))
    where[8:10, 4:8] = 1.0
    axes = empty_axes()
    panels.draw_blending(axes, where, under)
    shown = np.asarray(axes.images[1].get_alpha())
    assert shown[8 * 16 + 8 : 10 * 16 - 8, 5 * 16 : 7 * 16].min() > 0.5
    assert shown[: 6 * 16].max() == 0
    assert "coloured where signs are" in words_on(axes)


def test_a_face_without_signs_of_blending_stays_uncoloured_and_says_so() -> None:
    axes = empty_axes()
    panels.draw_blending(axes, np.full((12, 12), 0.45), np.full((192, 192, 3), 120, np.uint8))
    assert np.asarray(axes.images[1].get_alpha()).max() == 0
    assert "no part stands out" in words_on(axes)


def test_a_face_whose_appearance_was_judged_has_a_map_on_page_and_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    found = np.full((12, 12), 0.9), np.full((192, 192, 3), 120, np.uint8)
    monkeypatch.setattr(figures, "appearance_map", lambda _: found)
    one = make_analysis()
    assert any("blending" in figure.file_name for figure in report_figures(one))
    marked = picture(evidence_picture(one))
    monkeypatch.setattr(figures, "appearance_map", lambda _: None)
    assert not any("blending" in figure.file_name for figure in report_figures(one))
    assert marked.size == (1200, 900) and marked.tobytes() != picture(evidence_picture(one)).tobytes()
