"""The maps on the face show what the cells do, at the place where the cells are."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.faces.pose import canonical_mesh
from core.faces.regions import REGION_NAMES
from core.report.figures import named_faces, regional_png, report_figures
from core.report.regional import regional_maps
from core.signals.pulse import pulse_signal
from core.signals.resample import even_trace
from core.types import AlignedFaces, Analysis, FaceTrack, RoiTrace
from tests.synth.analyses import make_analysis
from tests.synth.clips import portrait
from tests.synth.traces import Skin, skin_trace

SIDE_PX = 256


def filmed(drawn_together: bool = False, size_px: float = 240.0) -> Analysis:
    """A face whose cells have noise of their own, or in common."""
    analysis = make_analysis()
    face = analysis.faces[0]
    times = face.trace.times_s
    trace = skin_trace(Skin(pulse=0.004, noise=0.0015), times, region_names=REGION_NAMES)
    if drawn_together:
        common = np.random.default_rng(1).normal(size=(1, len(times), 3))
        trace = replace(trace, rgb=trace.rgb * (1 + 0.03 * common))
    even = even_trace(trace)
    mesh = canonical_mesh()[:, :2]
    unit = (mesh - mesh.mean(axis=0)) / np.ptp(mesh[:, 1])
    landmarks = np.repeat((300 + size_px * unit)[None], len(times), axis=0)
    box = np.tile(np.array([0, 0, size_px, size_px], np.float32), (len(times), 1))
    scale = 0.6 * SIDE_PX / size_px
    matrix = np.array([[scale, 0, SIDE_PX / 2 - 300 * scale], [0, scale, SIDE_PX / 2 - 300 * scale]])
    changed = replace(
        face,
        video=replace(face.video, bit_rate_kbps=4000.0),
        track=moved(face.track, landmarks, box),
        trace=trace,
        pulse=pulse_signal(even, "POS"),
        crops=AlignedFaces(
            0, times[:3], np.repeat(portrait()[None, :SIDE_PX, :SIDE_PX], 3, 0), np.repeat(matrix[None], 3, 0)
        ),
    )
    return replace(analysis, faces=(changed,))


def moved(track: FaceTrack, landmarks: np.ndarray, boxes: np.ndarray) -> FaceTrack:
    return replace(track, landmarks_px=landmarks, boxes_xyxy_px=boxes)


def test_cells_drawn_together_have_a_higher_map_than_filmed_ones() -> None:
    real, swapped = (regional_maps(filmed(together).faces[0]) for together in (False, True))
    assert real is not None and swapped is not None
    assert swapped.mean_agreement > real.mean_agreement + 0.2


def test_the_cells_lie_in_the_middle_of_the_picture_between_eyes_and_mouth() -> None:
    maps = regional_maps(filmed().faces[0])
    assert maps is not None
    cells = np.concatenate([outline for name, outline in maps.outlines.items() if name.startswith("cell_")])
    assert abs(cells[:, 0].mean() - SIDE_PX / 2) < 0.05 * SIDE_PX
    assert maps.outlines["forehead"][:, 1].max() < cells[:, 1].min()


def test_a_region_without_pulse_is_less_clear_than_the_others() -> None:
    analysis = filmed()
    face = analysis.faces[0]
    still = skin_trace(Skin(bpm=None, noise=0.0015), face.trace.times_s, seed=9, region_names=REGION_NAMES)
    rgb = np.array(face.trace.rgb)
    rgb[0] = still.rgb[0]
    trace = RoiTrace(0, REGION_NAMES, face.trace.times_s, rgb, face.trace.pixels, face.trace.clipped)
    maps = regional_maps(replace(face, trace=trace, pulse=pulse_signal(even_trace(trace), "POS")))
    assert maps is not None
    assert maps.strength_db["forehead"] < maps.strength_db["left_cheek"] - 6


@pytest.mark.parametrize("size_px", [80.0, 240.0])
def test_the_caption_compares_only_where_the_clip_allows_it(size_px: float) -> None:
    drawn = regional_png(named_faces(filmed(size_px=size_px))[0])
    assert drawn is not None
    words, png = drawn
    assert ("filmed faces have about" in words) == (size_px > 100)
    assert ("the face is only 80 px" in words) == (size_px < 100)
    assert Image.open(io.BytesIO(png)).size == (1250, 612)


def test_the_caption_says_at_which_rate_the_pulse_is_drawn_or_that_none_was_read() -> None:
    analysis = filmed()
    face = analysis.faces[0]
    read = replace(face, reading=replace(face.reading, bpm=71.6, abstained_because=None))
    unread = replace(face, reading=replace(face.reading, bpm=None, abstained_because="no pulse found above the noise"))
    drawn = [regional_png(named_faces(replace(analysis, faces=(one,)))[0]) for one in (read, unread)]
    captions = [words for words, _ in (picture for picture in drawn if picture is not None)]
    assert captions[0].endswith("The pulse is drawn at 72 beats a minute.")
    assert captions[1].endswith("No pulse was read, so its map may show noise.")


def test_the_report_has_the_map_of_a_face_with_pictures_and_none_without() -> None:
    names = [[figure.file_name for figure in report_figures(a)] for a in (filmed(), make_analysis())]
    assert "face-a-regional.png" in names[0]
    assert "face-a-regional.png" not in names[1]
