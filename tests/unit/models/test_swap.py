"""The swap network and its trainer: shapes, ways through the network, losses, optimisers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from models.swap_autoencoder import Drawn, SwapAutoencoder, SwapShape
from models.train.optimisers import AdaBelief
from models.train.swap import (
    DivergedError,
    PersonBatch,
    SwapBatch,
    SwapConfig,
    SwapTrainer,
    dissimilarity,
    person_loss,
    resolved_precision,
)
from models.train.swap import _Person as Asked

RNG = np.random.default_rng(3)


def person_batch(size: int = 64, faces: int = 2, mean: int = 128) -> PersonBatch:
    picture = np.clip(RNG.normal(mean, 20, (faces, size, size, 3)), 0, 255).astype(np.uint8)
    mask = np.zeros((faces, size, size), np.uint8)
    mask[:, size // 4 : -size // 4, size // 4 : -size // 4] = 255
    return PersonBatch(picture, picture, mask, np.zeros_like(mask))


@pytest.mark.parametrize("architecture", ["df", "liae"])
@pytest.mark.parametrize("size", [64, 96, 256])
def test_every_size_is_drawn_at_that_size(architecture: str, size: int) -> None:
    network = SwapAutoencoder(SwapShape(architecture, size, 4, 16, 2, 1)).eval()
    pictures = torch.rand(2, 3, size, size)
    with torch.inference_mode():
        source, target = network(pictures, pictures[:1])
        swapped = network.swapped(pictures)
    assert source.rgb.shape == swapped.rgb.shape == (2, 3, size, size)
    assert target.mask.shape == (1, 1, size, size)
    assert swapped.source_mask.shape == (2, 1, size, size)
    assert float(swapped.rgb.min()) >= 0 and float(swapped.rgb.max()) <= 1


@pytest.mark.parametrize("architecture", ["df", "liae"])
def test_the_swap_goes_the_targets_way_through_the_network(architecture: str) -> None:
    network = SwapAutoencoder(SwapShape(architecture, 64, 4, 16, 4, 2)).eval()
    pictures = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        as_source, as_target = network(pictures, pictures)
        swapped = network.swapped(pictures)
    assert torch.allclose(swapped.rgb, as_target.rgb, atol=1e-6)
    assert torch.allclose(swapped.mask, as_target.mask, atol=1e-6)
    assert torch.allclose(swapped.source_mask, as_source.mask, atol=1e-6)
    assert not torch.allclose(as_source.rgb, as_target.rgb, atol=1e-3)


@pytest.mark.parametrize("architecture", ["df", "liae"])
def test_a_new_network_answers_to_what_it_sees_without_a_chequerboard(architecture: str) -> None:
    network = SwapAutoencoder(SwapShape(architecture, 64, 8, 32, 8, 4)).eval()
    inter = network.inter if architecture == "df" else network.inter_both
    with torch.inference_mode():
        codes = inter(network.encoder(torch.rand(6, 3, 64, 64)))
    blocks = codes.unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2))
    assert torch.equal(blocks[..., :1, :, :1].expand_as(blocks), blocks)
    assert 0.3 < float(codes.square().mean().sqrt()) < 3


def test_the_learning_rate_warms_up_and_falls() -> None:
    config = SwapConfig(learning_rate=1.0, warm_up=10, rate_half=1000)
    assert [round(config.rate_at(step), 2) for step in (0, 9, 1000, 3000)] == [0.1, 0.99, 0.5, 0.25]


@pytest.mark.parametrize("values", [("df", 72), ("df", 176), ("df", 32), ("df", 288), ("gan", 64)])
def test_shapes_that_cannot_be_drawn_are_refused(values: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match=r"architecture|size_px"):
        SwapShape(*values)


def test_equal_pictures_are_alike_and_opposite_ones_are_not() -> None:
    picture = torch.rand(1, 3, 48, 48)
    assert float(dissimilarity(picture, picture, 5).abs().max()) < 1e-5
    assert float(dissimilarity(picture, 1 - picture, 5).mean()) > 0.7


def test_what_matters_most_costs_most() -> None:
    batch = person_batch()
    batch.priority[:, 16:24, 16:24] = 255
    asked = Asked.of(batch, torch.device("cpu"))
    losses = {}
    for name, rows in (("eye", slice(16, 24)), ("cheek", slice(32, 40)), ("outside", slice(0, 8))):
        rgb = asked.asked.clone()
        rgb[..., rows, rows] += 0.2
        losses[name] = float(person_loss(Drawn(rgb, asked.mask), asked, SwapConfig()))
    assert losses["eye"] > losses["cheek"] > losses["outside"] > 0


@pytest.mark.parametrize("changes", [{}, {"optimiser": "adabelief"}, {"critic": 0.05, "critic_from": 0}])
def test_training_lowers_the_loss(changes: dict[str, object]) -> None:
    config = SwapConfig(learning_rate=3e-3, warm_up=0, structure=0, **changes)
    trainer = SwapTrainer(SwapShape("df", 64, 8, 16, 4, 2), config)
    batch = SwapBatch(person_batch(mean=60), person_batch(mean=190))
    losses = [trainer.step(batch) for _ in range(25)]
    assert losses[-1].source < 0.8 * losses[0].source
    assert losses[-1].target < 0.8 * losses[0].target


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    trainer = SwapTrainer(SwapShape("df", 64, 4, 16, 4, 2), SwapConfig())
    with torch.no_grad():
        next(trainer.network.parameters()).fill_(math.nan)
    before = trainer.weights()
    with pytest.raises(DivergedError, match="step 1"):
        trainer.step(SwapBatch(person_batch(), person_batch()))
    assert trainer.steps == 0
    assert all(torch.equal(value, before[name]) for name, value in trainer.weights().items())


def test_a_state_of_another_network_is_refused() -> None:
    small, large = (SwapTrainer(SwapShape("df", 64, wide, 16, 4, 2), SwapConfig()) for wide in (4, 8))
    with pytest.raises(ValueError, match="not of this network"):
        large.restore(1, small.state(), small.weights())


def test_adabelief_finds_the_minimum_of_a_valley() -> None:
    point = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    optimiser = AdaBelief([point], 0.1)
    for _ in range(300):
        optimiser.zero_grad()
        (point[0] ** 2 + 20 * point[1] ** 2).backward()
        optimiser.step()
    assert float(point.detach().abs().max()) < 0.05


def test_rate_dropout_leaves_its_share_of_the_weights() -> None:
    torch.manual_seed(0)
    weights = torch.nn.Parameter(torch.ones(10_000))
    optimiser = AdaBelief([weights], 0.1, rate_dropout=0.3)
    weights.sum().backward()
    optimiser.step()
    assert 0.28 < float((weights.detach() == 1).float().mean()) < 0.32


def test_a_wished_precision_is_taken_and_auto_is_one_that_can_be_computed() -> None:
    assert resolved_precision("float32", "cpu") == "float32"
    assert resolved_precision("auto", "cuda") == "bfloat16"
    assert resolved_precision("auto", "cpu") in ("float32", "bfloat16")
