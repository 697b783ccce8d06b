"""A swap as a .dfm file: it draws what the trained network draws, and only with a record of consent beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.cli import run
from core.errors import ConsentError, SwapModelError
from core.onnx import onnxruntime
from core.swap.consent import write_consent
from core.swap.dfm import about_json, about_path, load_dfm
from core.swap.export import export
from core.swap.face_set import load_face_set
from core.swap.model import load_model
from core.swap.saved import sha256
from core.swap.training import train
from core.types import ConsentScope, FaceType, TrainedSwap
from models import swap_export
from models.swap_autoencoder import SwapAutoencoder, SwapShape
from models.swap_export import to_onnx
from tests.synth.face_sets import consent
from tests.synth.swaps import face_set, tiny_plan

FACES = np.random.default_rng(1).integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swap")
    source, target = face_set(folder / "source", "Source"), face_set(folder / "target", "Target")
    train(source, target, folder / "model", tiny_plan(3))
    return folder / "model"


@pytest.fixture
def file(trained: Path, tmp_path: Path) -> Path:
    export(trained, tmp_path / "her.dfm")
    return tmp_path / "her.dfm"


@pytest.mark.parametrize("architecture", ["df", "liae"])
def test_onnx_draws_what_pytorch_draws(architecture: str) -> None:
    network = SwapAutoencoder(SwapShape(architecture, 64, 8, 16, 8, 4)).eval()
    session = onnxruntime.InferenceSession(to_onnx(network), providers=["CPUExecutionProvider"])
    bgr = np.random.default_rng(2).random((2, 64, 64, 3), np.float32)
    with torch.inference_mode():
        drawn = network.swapped(torch.from_numpy(bgr[..., ::-1].copy()).permute(0, 3, 1, 2))
    source_mask, face, mask = session.run(list(swap_export.OUTPUTS), {swap_export.INPUT: bgr})
    assert (face.shape, mask.shape) == ((2, 64, 64, 3), (2, 64, 64, 1))
    assert np.abs(face[..., ::-1] - drawn.rgb.permute(0, 2, 3, 1).numpy()).max() < 1e-3
    assert np.abs(mask[..., 0] - drawn.mask[:, 0].numpy()).max() < 1e-3
    assert np.abs(source_mask[..., 0] - drawn.source_mask[:, 0].numpy()).max() < 1e-3


def test_an_exported_swap_draws_as_the_trained_one(trained: Path, file: Path) -> None:
    by_network, by_file = load_model(trained), load_model(file)
    one, other = by_network.draw(FACES), by_file.draw(FACES)
    assert np.abs(one.rgb.astype(int) - other.rgb).max() <= 1
    assert np.allclose(one.mask, other.mask, atol=1e-3)
    assert np.allclose(one.source_mask, other.source_mask, atol=1e-3)
    assert by_file.about == replace(by_network.about, weights_sha256=sha256(file.read_bytes()))


def test_names_and_sizes_are_those_that_deepfacelive_reads(file: Path) -> None:
    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    assert (given.name, given.shape[1:]) == ("in_face:0", [64, 64, 3])
    assert {one.name for one in session.get_outputs()} == {
        "out_face_mask:0",
        "out_celeb_face:0",
        "out_celeb_face_mask:0",
    }


def test_a_file_without_a_record_is_not_run(file: Path) -> None:
    about_path(file).unlink()
    with pytest.raises(ConsentError, match="missing beside it"):
        load_dfm(file)


def test_the_record_of_another_file_does_not_count(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.dfm"
    other.write_bytes(file.read_bytes() + b"\0")
    about_path(other).write_bytes(about_path(file).read_bytes())
    with pytest.raises(ConsentError, match="another file"):
        load_dfm(other)


def test_a_record_without_consent_is_none(file: Path) -> None:
    values = json.loads(about_path(file).read_text())
    values["about"]["target_consent"]["adult"] = False
    about_path(file).write_text(json.dumps(values))
    with pytest.raises(ConsentError, match="cannot be read"):
        load_dfm(file)


@pytest.mark.parametrize("content", [b"", b"no network at all"])
def test_what_is_no_network_is_one_sentence(file: Path, content: bytes) -> None:
    write_with_record(file, content)
    with pytest.raises(SwapModelError, match="no ONNX network"):
        load_dfm(file)


def test_a_network_of_another_layout_is_refused(trained: Path, file: Path) -> None:
    content = file.read_bytes().replace(b"out_celeb_face:0", b"out_other_face:0")
    write_with_record(file, content)
    with pytest.raises(SwapModelError, match="layout"):
        load_dfm(file)


def test_faces_of_another_size_are_refused(trained: Path, file: Path) -> None:
    for model in (load_model(trained), load_model(file)):
        with pytest.raises(SwapModelError, match="64 px"):
            model.draw(np.zeros((1, 96, 96, 3), np.uint8))


def test_no_faces_are_drawn_as_none(trained: Path, file: Path) -> None:
    for model in (load_model(trained), load_model(file)):
        assert model.draw(np.zeros((0, 64, 64, 3), np.uint8)).rgb.shape == (0, 64, 64, 3)


def test_a_missing_package_is_one_sentence(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(SwapModelError, match="pip install"):
        export(trained, tmp_path / "her.dfm")
    assert not list(tmp_path.glob("*.dfm*"))


def test_nothing_is_exported_without_consent_to_demos(trained: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    sets = (face_set(tmp_path / "source", "Source"), face_set(tmp_path / "target", "Target"))
    write_consent(sets[1].path, consent("Target", frozenset({ConsentScope.TRAINING})))
    train(sets[0], load_face_set(sets[1].path), model, tiny_plan(1))
    with pytest.raises(ConsentError, match="Target did not allow that demos"):
        export(model, tmp_path / "her.dfm")
    assert not list(tmp_path.glob("*.dfm*"))


def test_the_network_itself_says_where_it_is_from_and_on_what_conditions_but_names_nobody(file: Path) -> None:
    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    words = session.get_modelmeta().custom_metadata_map
    assert "made by AI" in words["facepulse"]
    assert words["facepulse.consent"] == "demos, discord, training"
    assert words["facepulse.target_set"] == load_dfm(file).about.target_id
    assert "Target" not in " ".join(words.values())


def test_what_was_exported_here_is_not_declared_to_be_somebody_elses(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = about_path(file).read_bytes()
    asked = ["swap", "adopt", str(file), "--person", "Her", "--how", "a form", "--scope", "demos", "--adult"]
    assert run(asked) == 1
    assert "exported by Facepulse" in capsys.readouterr().err
    assert about_path(file).read_bytes() == record


def test_a_file_from_elsewhere_is_run_once_its_person_consented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "her.dfm"
    file.write_bytes(to_onnx(SwapAutoencoder(SwapShape("df", 64, 8, 16, 8, 4)).eval()))
    asked = ["swap", "adopt", str(file), "--person", "Her", "--how", "a form", "--scope", "demos"]
    assert run(asked) == 1
    assert "--adult" in capsys.readouterr().err
    with pytest.raises(ConsentError):
        load_dfm(file)
    assert run([*asked, "--adult", "--type", "full"]) == 0
    assert "draws Her at 64 px, who allowed: demos" in capsys.readouterr().out
    about = load_dfm(file).about
    assert (about.face_type, about.target_consent.scope) == (FaceType.FULL, {ConsentScope.DEMOS})


def test_what_is_no_network_is_not_adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "her.dfm").write_bytes(b"no network")
    asked = ["swap", "adopt", str(tmp_path / "her.dfm"), "--person", "Her", "--how", "a form", "--scope", "demos"]
    assert run([*asked, "--adult"]) == 1
    assert "no ONNX network" in capsys.readouterr().err
    assert not about_path(tmp_path / "her.dfm").exists()


def write_with_record(file: Path, content: bytes) -> None:
    about: TrainedSwap = load_dfm(file).about
    file.write_bytes(content)
    about_path(file).write_bytes(about_json(replace(about, weights_sha256=sha256(content)), {}))
