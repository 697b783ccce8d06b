"""Masks learn from a few faces what hides a face, with known truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.errors import ConsentError, FaceSetError, SwapModelError
from core.swap.face_set import load_face_set
from core.swap.mask_labels import Outline, drawn_outlines, painted, read_labels, write_label
from core.swap.masks import FacePart, carried, part_mask
from core.swap.material import person
from core.swap.occluders import KINDS, hidden
from core.swap.occlusion import load_occlusion
from core.swap.occlusion_training import (
    apply_masks,
    batch_of,
    iou,
    labelled_faces,
    train_masks,
)
from core.types import FaceSet, FaceType
from models.occlusion import OcclusionNet, load_occlusion_net, weights_of
from models.train.occlusion import OcclusionConfig, train_occlusion
from tests.synth.face_sets import consent, face, write_set
from tests.synth.swaps import face_set

UPPER_HALF = Outline("exclude", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)))
QUICK = OcclusionConfig(steps=3, faces=2)


@pytest.fixture
def labelled(tmp_path) -> FaceSet:
    made = face_set(tmp_path / "set", "Source")
    for one in made.faces:
        write_label(made.path, one.name, ())
    return made


def test_labels_come_back_as_they_were_written(tmp_path):
    made = face_set(tmp_path / "set")
    name = made.faces[2].name
    write_label(made.path, name, (UPPER_HALF,))
    write_label(made.path, made.faces[0].name, ())
    assert read_labels(made.path) == {name: (UPPER_HALF,), made.faces[0].name: ()}
    write_label(made.path, name, None)
    assert read_labels(made.path) == {made.faces[0].name: ()}
    assert not list(made.path.glob(".*.new"))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Outline("include", ((0.0, 0.0), (1.0, 1.0))),
        lambda: Outline("include", ((0.0, 0.0), (1.0, 1.0), (float("nan"), 0.0))),
        lambda: Outline("include", ((0.0, 0.0), (1.0, 1.0), (7.0, 0.0))),
        lambda: Outline("other", ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0))),
    ],
)
def test_outlines_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match=r"outline|corners"):
        wrong()


def test_labels_go_only_to_pictures(tmp_path):
    made = face_set(tmp_path / "set")
    with pytest.raises(ValueError, match="name"):
        write_label(made.path, "../elsewhere.png", ())


def test_damaged_labels_are_told(tmp_path):
    made = face_set(tmp_path / "set")
    (made.path / "mask-labels.json").write_text('{"labels": {"000000.png": [{"kind": "include"}]}}')
    with pytest.raises(FaceSetError, match="damaged"):
        read_labels(made.path)


def test_what_was_drawn_out_is_taken_from_the_face_and_what_was_drawn_in_is_the_face():
    one = face()
    whole = painted(one, (), 96, 96)
    upper_out = painted(one, (UPPER_HALF,), 96, 96)
    np.testing.assert_allclose(whole, part_mask(FacePart.WHOLE, one.landmarks_px, 96), atol=0.01)
    assert upper_out[:47].max() == 0
    np.testing.assert_array_equal(upper_out[50:], whole[50:])
    square = Outline("include", ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)))
    only = painted(one, (square,), 96, 192)
    assert only.sum() == pytest.approx(96**2, rel=0.05)
    both = painted(one, (square, UPPER_HALF), 96, 96)
    assert both.sum() == pytest.approx(48 * 24, rel=0.1)


def test_an_outline_of_a_set_can_be_carried_to_any_face(labelled):
    square = Outline("include", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)))
    write_label(labelled.path, labelled.faces[3].name, (square,))
    (weights,) = drawn_outlines(labelled)
    np.testing.assert_allclose(
        carried(weights, labelled.faces[3].landmarks_px), np.array(square.corners) * 96, atol=1e-4
    )
    write_label(labelled.path, labelled.faces[3].name, ())
    with pytest.raises(FaceSetError, match="No outline"):
        drawn_outlines(labelled)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_thing_hides_some_of_the_face_and_differs_each_time(kind):
    rng = np.random.default_rng(3)
    landmarks = face(size_px=128).landmarks_px
    near = part_mask(FacePart.WHOLE, landmarks, 128) > 0.5
    shapes = [KINDS[kind](128, landmarks, rng) for _ in range(12)]
    shares = [float((shape > 0.5)[near].mean()) for shape in shapes]
    assert sum(share > 0.003 for share in shares) >= 9
    assert max(shares) < 0.95
    assert all(shape.shape == (128, 128) and shape.min() >= 0 and shape.max() <= 1 for shape in shapes)
    assert not np.array_equal(shapes[0], shapes[1])


def test_what_is_hidden_looks_different_and_the_rest_stays_a_face():
    rng = np.random.default_rng(5)
    landmarks = face(size_px=128).landmarks_px
    rgb = np.full((128, 128, 3), (200, 150, 120), np.uint8)
    other = rng.integers(0, 255, (128, 128, 3)).astype(np.uint8)
    visible = part_mask(FacePart.WHOLE, landmarks, 128)
    before = rgb.copy()
    out, seen = hidden(rgb, visible, landmarks, rng, other)
    np.testing.assert_array_equal(rgb, before)
    assert (seen <= visible).all()
    assert (seen < visible - 0.5).any()
    assert out.shape == rgb.shape and out.dtype == np.uint8


def test_batches_are_the_same_for_equal_seeds(labelled):
    faces = labelled_faces([labelled])
    one, again, other = (batch_of(faces, QUICK, step) for step in (4, 4, 5))
    assert 0.1 < one[2].mean() < 0.9
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    assert not np.array_equal(one[0], other[0])
    assert one[0].shape == (2, 128, 128, 3) and one[1].dtype == np.float32


def bright_is_hidden(step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grey faces with a white square before them."""
    rng = np.random.default_rng(step)
    pictures = rng.integers(60, 140, (4, 32, 32, 3)).astype(np.uint8)
    seen = np.ones((4, 32, 32), np.float32)
    for number in range(4):
        y, x = rng.integers(0, 20, 2)
        pictures[number, y : y + 12, x : x + 12] = 250
        seen[number, y : y + 12, x : x + 12] = 0
    return pictures, seen, np.ones_like(seen)


def test_a_network_learns_what_hides():
    losses: list[float] = []
    network = train_occlusion(
        bright_is_hidden, OcclusionConfig(steps=45, learning_rate=6e-3), lambda step, loss: losses.append(loss)
    )
    assert np.mean(losses[-5:]) < 0.3 * np.mean(losses[:5])
    import torch

    pictures, seen, _ = bright_is_hidden(10_000)
    with torch.inference_mode():
        found = network(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255).numpy() > 0
    assert iou(found, seen > 0.5) > 0.9
    assert iou(~found, seen < 0.5) > 0.7


def test_what_does_not_count_teaches_nothing():
    def elsewhere_wrong(step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pictures, seen, counts = bright_is_hidden(step)
        counts[:, 16:] = 0
        seen[:, 16:] = 1
        return pictures, seen, counts

    def elsewhere_other(step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pictures, seen, counts = elsewhere_wrong(step)
        seen[:, 16:] = 0
        return pictures, seen, counts

    one, other = (
        train_occlusion(make, OcclusionConfig(steps=2)).state_dict() for make in (elsewhere_wrong, elsewhere_other)
    )
    for name, value in one.items():
        np.testing.assert_array_equal(value.numpy(), other[name].numpy())


def test_masks_are_trained_measured_and_kept_in_one_file(labelled, tmp_path):
    steps: list[int] = []
    made = train_masks(
        [labelled], tmp_path / "masks" / "mine.safetensors", QUICK, lambda step, loss: steps.append(step)
    )
    assert steps == [1, 2, 3]
    assert made.faces == 6 and made.quality is not None
    assert made.quality.faces == 2 and 0 <= made.quality.visible_iou <= 1 and 0 < made.quality.untrained < 1
    occlusion = load_occlusion(made.path)
    assert occlusion.face_type is FaceType.FULL
    seen = occlusion.visible(np.zeros((200, 200, 3), np.uint8))
    assert seen.shape == (200, 200) and seen.dtype == np.float32
    assert [path.name for path in made.path.parent.iterdir()] == ["mine.safetensors"]


def test_the_same_training_makes_the_same_masks(labelled, tmp_path):
    one, again = (train_masks([labelled], tmp_path / name, QUICK).path.read_bytes() for name in ("a", "b"))
    assert one == again


def test_without_consent_no_masks_are_trained(tmp_path):
    made = face_set(tmp_path / "set", with_consent=False)
    write_label(made.path, made.faces[0].name, ())
    with pytest.raises(ConsentError):
        labelled_faces([made])


def test_too_few_labels_are_told(tmp_path):
    made = face_set(tmp_path / "set")
    with pytest.raises(FaceSetError, match="0 faces are labelled"):
        labelled_faces([made])


def test_sets_that_are_cut_differently_are_not_mixed(labelled, tmp_path):
    other = write_set(tmp_path / "other", face_type=FaceType.WHOLE, record=consent())
    with pytest.raises(FaceSetError, match="one kind"):
        labelled_faces([labelled, load_face_set(other.path)])


def test_applied_masks_are_what_training_leaves_out(labelled, tmp_path):
    by_hand = labelled.faces[1]
    write_label(labelled.path, by_hand.name, (UPPER_HALF,))
    before = person(labelled, 64).mask
    masks = load_occlusion(train_masks([labelled], tmp_path / "masks", QUICK).path)
    for one in labelled.faces[2:]:
        write_label(labelled.path, one.name, None)
    assert apply_masks(labelled, masks) == len(labelled.faces)
    written = cv2.imread(str(labelled.path / "masks" / by_hand.name), cv2.IMREAD_GRAYSCALE)
    assert written.shape == (96, 96) and written[:46].max() == 0 and written[60, 48] == 255
    after = person(labelled, 64).mask
    assert (after <= before).all()
    assert after[1, :30].max() == 0 < before[1, :30].max()


def test_masks_of_another_cut_are_not_applied(labelled, tmp_path):
    other = load_face_set(write_set(tmp_path / "other", face_type=FaceType.WHOLE, record=consent()).path)
    masks = load_occlusion(train_masks([labelled], tmp_path / "masks", QUICK).path)
    with pytest.raises(SwapModelError, match="full and whole"):
        apply_masks(other, masks)


def test_a_file_that_holds_no_masks_is_told(tmp_path):
    with pytest.raises(SwapModelError, match="no trained masks"):
        load_occlusion(tmp_path / "nothing")
    (tmp_path / "odd").write_bytes(b"odd")
    with pytest.raises(SwapModelError, match="damaged"):
        load_occlusion(tmp_path / "odd")


def test_weights_come_back_with_their_words(tmp_path):
    network = OcclusionNet().eval()
    (tmp_path / "file").write_bytes(weights_of(network, {"face_type": "full"}))
    again, words = load_occlusion_net(tmp_path / "file")
    assert words == {"face_type": "full"}
    for name, value in network.state_dict().items():
        np.testing.assert_allclose(again.state_dict()[name].numpy(), value.numpy(), atol=2e-3)
