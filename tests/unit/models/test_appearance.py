"""The appearance network: its ImageNet start, saving, and training that repeats itself and learns from pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models import efficientnet_lite
from models.appearance import (
    INPUT_PX,
    MAP_SIDE,
    AppearanceNet,
    appearance_scores,
    load_appearance,
    middle_of,
    save_appearance,
)
from models.efficientnet_lite import BackboneError, SameConv2d, imagenet_backbone
from models.train.appearance import AppearanceConfig, PairBatch, ResumeError, Step, pair_loss, train_appearance

NAN = float("nan")
SMALL = AppearanceConfig(steps=3, pairs=2, warm_up=1, learning_rate=1e-3, keep_every=1, averaging=0.5)


@pytest.fixture(scope="module")
def started() -> AppearanceNet:
    torch.manual_seed(0)
    return AppearanceNet(imagenet_backbone()).eval()


def pictures(count: int, seed: int = 0, side: int = INPUT_PX) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, side // 8, side // 8, 3))
    return np.repeat(np.repeat(coarse, 8, axis=1), 8, axis=2).astype(np.uint8)


def batches(first: int) -> Iterator[PairBatch]:
    """Fakes have a fine pattern in their middle."""
    for number in range(first, 1000):
        real = pictures(2, number)
        fake = real.copy()
        fake[:, 64:128:2, 64:128] = 255 - fake[:, 64:128:2, 64:128]
        where = np.zeros((2, MAP_SIDE, MAP_SIDE), np.float32)
        where[:, 4:8, 4:8] = 1
        yield PairBatch(real, fake, where, np.ones(2, np.float32), np.full(2, NAN, np.float32))


def test_the_backbone_fits_its_weight_file_exactly_and_halves_the_picture_five_times() -> None:
    network = imagenet_backbone().eval()
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(3.37e6, rel=0.01)
    with torch.inference_mode():
        middle, deep = network(torch.zeros(1, 3, 224, 224))
    assert middle.shape == (1, 112, 14, 14) and deep.shape == (1, 1280, 7, 7)


@pytest.mark.parametrize(("side", "kernel", "stride"), [(224, 3, 2), (225, 3, 2), (192, 5, 2), (13, 5, 1)])
def test_strided_convolutions_pad_as_tensorflow_does(side: int, kernel: int, stride: int) -> None:
    layer = SameConv2d(1, 1, kernel, stride)
    torch.nn.init.ones_(layer.weight)
    picture = torch.zeros(1, 1, side, side)
    picture[..., 0, 0] = 1
    answer = layer(picture)
    assert answer.shape[-1] == -(-side // stride)
    total = max((answer.shape[-1] - 1) * stride + kernel - side, 0)
    reached = -(-(total // 2 + 1) // stride)  # outputs that see the first pixel, along one side
    assert int((answer[0, 0, 0] > 0).sum()) == reached


def test_without_the_package_the_start_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda _: None)
    with pytest.raises(BackboneError, match="pip install"):
        imagenet_backbone()


def test_scores_come_one_a_picture_whatever_the_batch(started: AppearanceNet) -> None:
    crops = pictures(5, side=256)
    one, several = appearance_scores(started, crops, batch=5), appearance_scores(started, crops, batch=2)
    assert one.blending.shape == one.synthesis.shape == (5,)
    assert one.maps.shape == (5, MAP_SIDE, MAP_SIDE)
    assert np.allclose(one.blending, several.blending, atol=1e-4)
    assert appearance_scores(started, crops[:0]).blending.shape == (0,)


def test_only_the_middle_of_a_crop_is_looked_at(started: AppearanceNet) -> None:
    crops = pictures(1, side=256)
    assert middle_of(crops).shape == (1, INPUT_PX, INPUT_PX, 3)
    edged = crops.copy()
    edged[:, :40] = 0
    assert np.array_equal(appearance_scores(started, crops).blending, appearance_scores(started, edged).blending)


def test_saved_weights_answer_as_before_in_half_the_bytes(started: AppearanceNet, tmp_path: Path) -> None:
    path = save_appearance(started, tmp_path / "a.safetensors")
    assert path.stat().st_size < 8e6
    before, after = (appearance_scores(n, pictures(3, side=256)) for n in (started, load_appearance(path)))
    assert np.allclose(before.blending, after.blending, atol=0.02)
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_weights_that_do_not_fit_are_refused(started: AppearanceNet, tmp_path: Path) -> None:
    path = save_appearance(started, tmp_path / "a.safetensors")
    tensors = load_file(path)
    tensors.pop("whether.bias")
    save_file(tensors, path)
    with pytest.raises(ValueError, match="does not fit"):
        load_appearance(path)


def test_training_learns_to_put_a_fake_above_its_own_twin() -> None:
    told: list[Step] = []
    network = train_appearance(batches, replace(SMALL, steps=30, averaging=0.8), progress=told.append)
    batch = next(batches(900))
    framed = [np.zeros((2, 256, 256, 3), np.uint8) for _ in range(2)]
    for crops, inner in zip(framed, (batch.real, batch.fake), strict=True):
        middle_of(crops)[:] = inner
    real, fake = (appearance_scores(network, crops) for crops in framed)
    assert (fake.blending > real.blending).all()
    assert told[-1].loss < told[0].loss and told[-1].number == told[-1].of == 30
    assert fake.maps[:, 5:7, 5:7].mean() > fake.maps[:, :2].mean()


def test_a_resumed_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = train_appearance(batches, SMALL)
    checkpoint = tmp_path / "run.ck"

    def stop(step: Step) -> None:
        if step.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_appearance(batches, SMALL, progress=stop, checkpoint=checkpoint)
    resumed = train_appearance(batches, SMALL, checkpoint=checkpoint, resume=True)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.ck"
    train_appearance(batches, replace(SMALL, steps=1), checkpoint=checkpoint)
    with pytest.raises(ResumeError, match="another configuration"):
        train_appearance(batches, replace(SMALL, steps=1, seed=9), checkpoint=checkpoint, resume=True)
    checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(ResumeError, match="cannot be read"):
        train_appearance(batches, SMALL, checkpoint=checkpoint, resume=True)


def test_batches_that_end_too_early_are_an_error() -> None:
    with pytest.raises(ValueError, match="ended after 1 of 3"):
        train_appearance(lambda _: iter([next(batches(0))]), SMALL)


def test_what_is_not_known_counts_nothing_in_the_loss() -> None:
    batch = next(batches(0))
    unknown = replace(batch, blended=np.full(2, NAN, np.float32), replaced=np.full((2, 12, 12), NAN, np.float32))
    zeros, where = torch.zeros(4, 2), torch.zeros(4, 12, 12)
    better = zeros.clone()
    better[2:, 0] = 5
    assert float(pair_loss(better, where, batch, SMALL)) < float(pair_loss(zeros, where, batch, SMALL))
    assert float(pair_loss(better, where, unknown, SMALL)) == float(pair_loss(zeros, where, unknown, SMALL))


def test_the_ranking_looks_at_the_twin_and_not_at_the_level() -> None:
    batch = next(batches(0))
    only_ranks = {"ranking": 1000.0, "where": 0.0}
    right, wrong = torch.zeros(4, 2), torch.zeros(4, 2)
    right[2:, 0], wrong[:2, 0] = 2, 2
    where, config = torch.zeros(4, 12, 12), replace(SMALL, **only_ranks)
    assert float(pair_loss(right + 50, where, batch, config)) < float(pair_loss(wrong - 50, where, batch, config))


def test_a_batch_of_wrong_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        replace(next(batches(0)), blended=np.ones(3, np.float32))


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"pairs": 0}, {"learning_rate": 0.0}, {"averaging": 1.0}])
def test_a_configuration_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"at least|positive"):
        AppearanceConfig(**wrong)  # type: ignore[arg-type]
