"""A drawn face is laid over the filmed one, where it should be and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.faces.models import FaceModels, load_face_models
from core.faces.track import FaceTracker
from core.swap.masks import FacePart, polygon_weights
from core.swap.merger import MaskSource, MergeMode, MergeOptions, Merger
from core.types import FaceObservation, Frame
from tests.synth.clips import portrait
from tests.synth.drawers import KnownDrawer

PLAIN = MergeOptions(colour="none", motion_blur=0.0)


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


@pytest.fixture(scope="module")
def face(models) -> FaceObservation:
    return FaceTracker(models).step(Frame(0, 0.0, portrait()))[0]


def merged(options: MergeOptions, drawer: KnownDrawer, face: FaceObservation, rgb=None, **how) -> np.ndarray:
    rgb = portrait() if rgb is None else rgb
    merger = Merger(drawer, options, **{key: how.pop(key) for key in ("coverage", "visible") if key in how})
    return merger.merge(rgb, face.landmarks_px, face.yaw_deg, face.pitch_deg, **how)


def changed(rgb: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    return (rgb != (portrait() if before is None else before)).any(axis=2)


def red(picture: np.ndarray) -> np.ndarray:
    return np.full_like(picture, (220, 30, 30))


@pytest.mark.parametrize("mode", list(MergeMode))
@pytest.mark.parametrize("colour", ["none", "rct", "lct", "mkl"])
def test_the_same_face_merges_back_to_the_same_frame(face, mode, colour):
    drawer = KnownDrawer(size_px=224)
    out = merged(MergeOptions(mode=mode, colour=colour), drawer, face)
    difference = np.abs(out.astype(int) - portrait()).mean(axis=2)
    assert difference[changed(out)].mean() < 2.5
    assert difference.mean() < 0.2


def test_outside_of_the_mask_every_pixel_stays_bit_by_bit(face):
    out = merged(PLAIN, KnownDrawer(red), face)
    x0, y0, x1, y1 = face.box_xyxy_px + np.array([-8, -8, 8, 8])  # the mask's soft edge
    rows, columns = np.nonzero(changed(out))
    assert len(rows) > 4000
    assert rows.min() >= y0 and rows.max() <= y1
    assert columns.min() >= x0 and columns.max() <= x1
    assert not np.shares_memory(out, portrait())


def test_the_middle_of_the_face_shows_what_was_drawn(face):
    out = merged(PLAIN, KnownDrawer(red), face)
    x, y = face.landmarks_px[4].round().astype(int)  # tip of the nose
    np.testing.assert_allclose(out[y, x], (220, 30, 30), atol=2)


def test_a_pose_that_was_never_seen_in_training_leaves_the_frame_as_it_is(face):
    out = merged(PLAIN, KnownDrawer(red), face, coverage=lambda yaw, pitch: 0.0)
    np.testing.assert_array_equal(out, portrait())


def test_between_seen_and_unseen_the_face_fades(face):
    shares = []
    for seen in (0.1, 0.2, 0.3, 0.4):
        out = merged(PLAIN, KnownDrawer(red), face, coverage=lambda yaw, pitch, seen=seen: seen)
        shares.append(np.abs(out.astype(int) - portrait()).mean())
    assert shares[0] == 0
    assert all(np.diff(shares) > 0.1 * shares[-1])


def test_half_the_strength_is_half_the_change(face):
    whole = merged(PLAIN, KnownDrawer(red), face, strength=1.0).astype(float) - portrait()
    half = merged(PLAIN, KnownDrawer(red), face, strength=0.5).astype(float) - portrait()
    assert np.abs(half).sum() / np.abs(whole).sum() == pytest.approx(0.5, abs=0.01)


def test_a_hand_before_the_face_stays(face):
    def lower_half_hidden(picture):
        mask = np.ones(picture.shape[:2], np.float32)
        mask[64:] = 0
        return mask

    out = merged(PLAIN, KnownDrawer(red), face, visible=lower_half_hidden)
    mouth = face.landmarks_px[13].round().astype(int)
    brow = face.landmarks_px[9].round().astype(int)
    np.testing.assert_array_equal(out[mouth[1], mouth[0]], portrait()[mouth[1], mouth[0]])
    assert changed(out)[brow[1], brow[0]]


@pytest.mark.parametrize(
    ("part", "inside", "outside"),
    [
        (FacePart.MOUTH, 13, 4),
        (FacePart.NOSE, 4, 13),
        (FacePart.EYES, 159, 4),
        (FacePart.INNER, 4, 152),
        (FacePart.WHOLE, 4, None),
    ],
)
def test_only_the_part_that_was_chosen_is_replaced(face, part, inside, outside):
    out = changed(
        merged(MergeOptions(part=part, colour="none", erode_share=0.0, blur_share=0.02), KnownDrawer(red), face)
    )
    x, y = face.landmarks_px[inside].round().astype(int)
    assert out[y, x]
    if outside is not None:
        x, y = face.landmarks_px[outside].round().astype(int)
        assert not out[y, x]


def test_a_drawn_polygon_is_what_is_replaced(face):
    points = face.landmarks_px[[234, 4, 152]]  # the right cheek
    options = MergeOptions(
        part=FacePart.POLYGON, polygons=(polygon_weights(points, face.landmarks_px),), colour="none", blur_share=0.02
    )
    out = changed(merged(options, KnownDrawer(red), face))
    x, y = points.mean(axis=0).round().astype(int)
    assert out[y, x]
    x, y = face.landmarks_px[454].round().astype(int)
    assert not out[y, x]


def test_the_masks_of_the_network_cut_the_face_as_asked(face):
    left = np.zeros((128, 128), np.float32)
    left[:, :64] = 1
    nose = face.landmarks_px[4]

    def right_side_changed(source: MaskSource) -> bool:
        options = MergeOptions(mask_source=source, colour="none", blur_share=0.02)
        out = changed(merged(options, KnownDrawer(red, mask=left), face))
        return bool(out[int(nose[1]), int(nose[0]) + 12])

    assert right_side_changed(MaskSource.NONE)
    assert not right_side_changed(MaskSource.DRAWN)
    assert not right_side_changed(MaskSource.BOTH)


@pytest.mark.parametrize("colour", ["rct", "lct", "mkl"])
def test_colours_are_taken_from_the_frame(face, colour):
    def bluish(picture):
        return np.clip(picture * np.array([0.6, 0.8, 1.2]), 0, 255).astype(np.uint8)

    def off_by(options):
        out = merged(options, KnownDrawer(bluish, size_px=160), face)
        return np.abs(out.astype(int) - portrait()).mean(axis=2)[changed(out)].mean()

    assert off_by(MergeOptions(colour=colour)) < 0.35 * off_by(MergeOptions(colour="none"))


@pytest.mark.parametrize("mode", [MergeMode.SEAMLESS, MergeMode.HISTOGRAM])
def test_tones_are_fitted_by_seamless_and_histogram(face, mode):
    def darker(picture):
        return (picture * 0.6).astype(np.uint8)

    def off_by(options):
        out = merged(options, KnownDrawer(darker, size_px=160), face)
        return np.abs(out.astype(int) - portrait()).mean(axis=2)[changed(out)].mean()

    assert off_by(MergeOptions(mode=mode, colour="none")) < 0.5 * off_by(MergeOptions(colour="none"))


def test_a_seamless_edge_has_the_frames_own_colours(face):
    def edge_step(mode):
        out = merged(MergeOptions(mode=mode, colour="none", blur_share=0.0), KnownDrawer(red), face).astype(float)
        touched = cv2.erode(changed(out).astype(np.uint8), np.ones((5, 5)))
        ring = (cv2.dilate(touched, np.ones((3, 3))) > 0) & (touched == 0)
        return np.abs(out - portrait()).mean(axis=2)[ring].mean()

    assert edge_step(MergeMode.SEAMLESS) < 0.4 * edge_step(MergeMode.OVERLAY)


def test_sharpening_sharpens_and_softening_softens(face):
    def spread(sharpen):
        out = merged(MergeOptions(colour="none", sharpen=sharpen), KnownDrawer(size_px=160), face)
        return cv2.Laplacian(out, cv2.CV_64F)[changed(out)].var()

    assert spread(1.0) > 1.1 * spread(0.0) > 1.1 * spread(-0.8)


def test_motion_blurs_along_its_way_only(face):
    def stripes(picture):
        out = np.zeros_like(picture)
        out[:, ::8] = 255
        out[:, 1::8] = 255
        return out

    options = MergeOptions(colour="none", motion_blur=0.5)
    still = merged(options, KnownDrawer(stripes), face)
    across = merged(options, KnownDrawer(stripes), face, motion_px=(24.0, 0.0))
    along = merged(options, KnownDrawer(stripes), face, motion_px=(0.0, 24.0))
    x, y = face.landmarks_px[4].round().astype(int)

    def contrast(picture):
        return picture[y - 10 : y + 10, x - 12 : x + 12].astype(float).std()

    assert contrast(across) < 0.4 * contrast(still)
    assert contrast(along) > 0.8 * contrast(still)


@pytest.mark.parametrize("shift", [(-200, 0), (0, -90), (240, 0), (0, 420), (600, 0)])
def test_a_face_that_leaves_the_frame_is_replaced_as_far_as_it_is_seen(face, shift):
    moved = cv2.warpAffine(portrait(), np.array([[1.0, 0, shift[0]], [0, 1, shift[1]]]), (512, 512))
    out = Merger(KnownDrawer(red), MergeOptions()).merge(moved, face.landmarks_px + shift, 0.0, 0.0)
    assert out.shape == moved.shape
    nose = (face.landmarks_px[4] + shift).round().astype(int)
    if (nose >= 0).all() and (nose < 512).all():
        assert changed(out, moved)[nose[1], nose[0]]
    else:
        assert changed(out, moved).mean() < 0.05


def test_the_alignment_may_be_steadier_than_the_mask(face):
    drawer = KnownDrawer()
    merged(PLAIN, drawer, face, aligned_by_px=face.landmarks_px + np.array([5.0, 0.0]))
    merged(PLAIN, drawer, face)
    assert not np.array_equal(drawer.seen[0], drawer.seen[1])
    out = merged(PLAIN, KnownDrawer(red), face, aligned_by_px=face.landmarks_px + np.array([5.0, 0.0]))
    middle = np.argwhere(changed(out)).mean(axis=0)
    expected = np.argwhere(changed(merged(PLAIN, KnownDrawer(red), face))).mean(axis=0)
    np.testing.assert_allclose(middle, expected, atol=0.7)


def test_options_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="polygon"):
        MergeOptions(part=FacePart.POLYGON)
    with pytest.raises(ValueError, match="coverage"):
        MergeOptions(coverage_none=0.5, coverage_full=0.4)
