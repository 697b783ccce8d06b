"""The autoencoder of the forge: learns to draw faces, draws the same from the same, and its file is checked."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.face_autoencoder import (
    DECODERS,
    FaceAutoencoder,
    Redrawer,
    drawn_anew,
    load_autoencoder,
    save_autoencoder,
)
from models.train.face_autoencoder import AutoencoderConfig, train_autoencoder

SMALL = AutoencoderConfig(steps=36, faces=3, side_px=32, learning_rate=3e-3)


def some_faces(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    noise = [rng.uniform(0, 255, (128, 128, 3)).astype(np.float32) for _ in range(count)]
    soft = [cv2.GaussianBlur(one, (0, 0), 16) for one in noise]
    return [np.clip(128 + 14 * (one - 127), 0, 255).astype(np.uint8) for one in soft]


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("side", [32, 96])
def test_a_drawn_picture_is_as_large_as_the_one_given(decoder: str, side: int) -> None:
    picture = np.full((side, side, 3), 90, np.uint8)
    assert drawn_anew(FaceAutoencoder().eval(), picture, decoder).shape == picture.shape


def test_training_brings_drawn_pictures_nearer_to_those_given() -> None:
    told: list[float] = []
    bright = [face // 4 + np.uint8(190) for face in some_faces(4)]
    network = train_autoencoder(bright, SMALL, lambda _, __, difference: told.append(difference))
    assert len(told) == SMALL.steps
    assert np.mean(told[-6:]) < 0.8 * np.mean(told[:6])
    assert not network.training


def test_equal_configs_train_equal_networks() -> None:
    config = AutoencoderConfig(steps=4, faces=2, side_px=32, critic_from=0.5)
    one, same = (train_autoencoder(some_faces(3), config).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], same[name]) for name in one)


def test_variants_draw_apart_and_each_draws_the_same_from_the_same() -> None:
    torch.manual_seed(0)
    redraw, picture = Redrawer(FaceAutoencoder(), count=4, spread=0.5), some_faces(1)[0][:32, :32]
    drawn = [redraw(picture, np.random.default_rng(seed)).tobytes() for seed in range(12)]
    assert len(set(drawn)) > 4
    assert redraw(picture, np.random.default_rng(3)).tobytes() == drawn[3]


def test_saved_weights_draw_as_before_and_altered_ones_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network, picture = FaceAutoencoder().eval(), some_faces(1)[0][:32, :32]
    again = load_autoencoder(save_autoencoder(network, tmp_path / "a.safetensors"))
    apart = drawn_anew(again, picture, "shuffled").astype(int) - drawn_anew(network, picture, "shuffled")
    assert np.abs(apart).max() <= 1
    (tmp_path / "a.safetensors").write_bytes(b"altered")
    with pytest.raises(ValueError, match="does not fit"):
        load_autoencoder(tmp_path / "a.safetensors")


def test_a_side_that_the_network_cannot_halve_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        AutoencoderConfig(side_px=100)
