"""The pulse CNN: shapes, saving, training that repeats itself and goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.ppg_cnn import PpgCnn, fake_probabilities, load_ppg_cnn, save_ppg_cnn
from models.train.ppg_cnn import Epoch, PpgCnnConfig, ResumeError, train_ppg_cnn

SMALL = PpgCnnConfig(omega=64, channels=(4, 8), hidden=8, dropout=0.2, epochs=4, batch=8, learning_rate=5e-3)


def maps_and_labels(seed: int = 0, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Maps of one common wave (real) and of 32 waves of their own (fake)."""
    rng = np.random.default_rng(seed)
    fake = np.arange(count) % 2 == 1
    time = np.arange(64) / 30
    phase = rng.uniform(0, 6.28, (count, 1, 1)) + fake[:, None, None] * rng.uniform(0, 6.28, (count, 64, 1))
    waves = np.sin(2 * np.pi * 1.2 * time + phase)
    return np.rint(127.5 * (1 + waves)).astype(np.uint8), fake


@pytest.mark.parametrize("omega", [64, 128, 256])
def test_one_network_takes_every_length_of_segment(omega: int) -> None:
    maps = np.random.default_rng(0).integers(0, 256, (5, 64, omega), dtype=np.uint8)
    probabilities = fake_probabilities(PpgCnn(), maps, batch=2)
    assert probabilities.shape == (5,)
    assert np.all((probabilities > 0) & (probabilities < 1))


def test_no_maps_give_no_probabilities() -> None:
    assert fake_probabilities(PpgCnn(), np.zeros((0, 64, 128), np.uint8)).shape == (0,)


def test_it_learns_whether_the_cells_beat_together() -> None:
    maps, fake = maps_and_labels()
    network = train_ppg_cnn(maps, fake, replace(SMALL, epochs=12))
    unseen, truth = maps_and_labels(seed=1)
    assert np.mean((fake_probabilities(network, unseen) > 0.5) == truth) > 0.9


def test_equal_seeds_give_equal_networks_and_others_others() -> None:
    maps, fake = maps_and_labels()
    before = torch.random.get_rng_state()
    one, same, other = (train_ppg_cnn(maps, fake, replace(SMALL, epochs=1, seed=s)) for s in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(fake_probabilities(one, maps), fake_probabilities(same, maps))
    assert not np.array_equal(fake_probabilities(one, maps), fake_probabilities(other, maps))


def test_an_interrupted_run_ends_as_the_whole_run_does(tmp_path: Path) -> None:
    maps, fake = maps_and_labels()
    whole = train_ppg_cnn(maps, fake, SMALL)
    kept = tmp_path / "run.pt"

    class StoppedError(Exception):
        pass

    def stop(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        train_ppg_cnn(maps, fake, SMALL, checkpoint=kept, progress=stop)
    told: list[int] = []
    resumed = train_ppg_cnn(
        maps, fake, SMALL, checkpoint=kept, resume=True, progress=lambda epoch: told.append(epoch.number)
    )
    assert told == [3, 4]
    assert np.array_equal(fake_probabilities(whole, maps), fake_probabilities(resumed, maps))


def test_a_checkpoint_of_another_config_is_refused(tmp_path: Path) -> None:
    maps, fake = maps_and_labels()
    kept = tmp_path / "run.pt"
    train_ppg_cnn(maps, fake, replace(SMALL, epochs=1), checkpoint=kept)
    with pytest.raises(ResumeError, match="another configuration"):
        train_ppg_cnn(maps, fake, replace(SMALL, seed=9), checkpoint=kept, resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    maps, fake = maps_and_labels()
    kept = tmp_path / "run.pt"
    kept.write_bytes(b"not a checkpoint")
    with pytest.raises(ResumeError, match="cannot be read"):
        train_ppg_cnn(maps, fake, SMALL, checkpoint=kept, resume=True)


def test_weights_decide_what_counts() -> None:
    maps, fake = maps_and_labels()
    upside_down = np.concatenate([fake, ~fake])
    weights = np.concatenate([np.ones(len(fake)), np.full(len(fake), 1e-6)])
    network = train_ppg_cnn(np.concatenate([maps, maps]), upside_down, replace(SMALL, epochs=10), weights=weights)
    assert np.mean((fake_probabilities(network, maps) > 0.5) == fake) > 0.9


def test_training_wants_a_label_for_each_map() -> None:
    maps, fake = maps_and_labels()
    with pytest.raises(ValueError, match="label"):
        train_ppg_cnn(maps, fake[:-1], SMALL)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"dropout": 1.0}, {"channels": ()}, {"learning_rate": 0.0}])
def test_a_config_is_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at least|learning rate"):
        replace(SMALL, **wrong)


def test_a_saved_network_answers_alike(tmp_path: Path) -> None:
    maps, _ = maps_and_labels()
    network = PpgCnn((4, 8), 8, 0.3)
    loaded = load_ppg_cnn(save_ppg_cnn(network, tmp_path / "net.safetensors"))
    assert loaded.shape == network.shape
    assert np.array_equal(fake_probabilities(loaded, maps), fake_probabilities(network, maps))


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    path = save_ppg_cnn(PpgCnn((4, 8), 8), tmp_path / "net.safetensors")
    tensors = load_file(path)
    save_file(tensors, path)
    with pytest.raises(ValueError, match="shape"):
        load_ppg_cnn(path)
    tensors.pop("head.1.bias")
    save_file(tensors, path, metadata={"shape": '{"channels": [4, 8], "dropout": 0.5, "hidden": 8}'})
    with pytest.raises(ValueError, match="fit"):
        load_ppg_cnn(path)
