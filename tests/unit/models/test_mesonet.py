from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.mesonet import Meso4, load_meso4, real_probabilities


@pytest.fixture
def network() -> Meso4:
    torch.manual_seed(0)
    return Meso4().eval()


def tensors(network: Meso4) -> dict[str, torch.Tensor]:
    return {name: value for name, value in network.state_dict().items() if "num_batches" not in name}


def test_the_network_has_as_many_parameters_as_published(network: Meso4) -> None:
    # Afchar et al. give 27 977 trainable parameters for Meso-4
    assert sum(p.numel() for p in network.parameters()) == 27_977


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_weights_in_either_form_give_the_same_answers(network: Meso4, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"meso.{suffix}"
    if suffix == "npz":
        np.savez(path, **{name: value.numpy() for name, value in tensors(network).items()})
    else:
        save_file(tensors(network), path)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3), dtype=np.uint8)

    found = real_probabilities(load_meso4(path), pictures)

    assert found == pytest.approx(real_probabilities(network, pictures))
    assert found[0] != found[1]


def test_a_file_that_lacks_an_array_or_is_no_weights_is_refused(network: Meso4, tmp_path: Path) -> None:
    save_file({k: v for k, v in tensors(network).items() if k != "bn3.running_var"}, tmp_path / "less.safetensors")
    (tmp_path / "not.safetensors").write_bytes(b"no")

    for name in ("less.safetensors", "not.safetensors", "absent.npz"):
        with pytest.raises(ValueError, match="does not hold the arrays of Meso-4"):
            load_meso4(tmp_path / name)
