"""Training from a collection of clips to a weight file, and what stops it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from core.errors import DatasetError, SettingsError, TrainingError
from core.services.training import read_config, train_pulse
from models.ppg_cnn import load_ppg_cnn
from models.train.ppg_cnn import PpgCnnConfig
from tests.synth.clips import Scene, even_times, write_scene

HEADER = "path\tlabel\tperson\tgenerator\tpair\tsplit\tsource\tnote\n"
TINY = PpgCnnConfig(omega=64, stride=16, channels=(2,), hidden=4, epochs=2)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One clip of three seconds with a face in each half. Do not change it."""
    root = tmp_path_factory.mktemp("collection")
    scene = Scene(width_px=640, height_px=240, face_px=120, centres=((0.25, 0.5), (0.75, 0.5)))
    write_scene(root / "pair.mp4", scene, even_times(25, 3), rate=Fraction(25))
    (root / "MANIFEST.tsv").write_text(HEADER + "pair.mp4\tside_by_side\tS1\tSwap:A\tS1\ttrain\twhere\t\n")
    return root


def test_a_collection_becomes_weights_and_is_watched_only_once(collection: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    out = tmp_path / "new" / "net.safetensors"
    written = train_pulse(
        collection, out, TINY, cache=tmp_path, tell=lambda what, done, of, _: told.append((what, done, of))
    )
    assert load_ppg_cnn(written).shape["channels"] == [2]
    assert told[-1] == ("training", 2, 2)
    assert ("watching faces", 2, 2) in told
    first = written.read_bytes()
    for kept in (tmp_path / "traces").iterdir():
        kept.chmod(0o444)
    assert train_pulse(collection, out, TINY, cache=tmp_path).read_bytes() == first


def test_clips_that_are_too_short_are_told(collection: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"8\.5 s"):
        train_pulse(collection, tmp_path / "net.safetensors", PpgCnnConfig(omega=256), cache=tmp_path)


def test_a_device_that_is_not_there_is_told_before_anything_is_watched(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="quantum"):
        train_pulse(tmp_path, tmp_path / "net.safetensors", PpgCnnConfig(device="quantum"), cache=tmp_path)


def test_options_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("epochs = 7\nseed = 5\nchannels = [4, 8]\n")
    config = read_config(path, {"seed": 6})
    assert (config.epochs, config.seed, config.channels) == (7, 6, (4, 8))
    assert config.omega == PpgCnnConfig().omega
    assert read_config(None, {}) == PpgCnnConfig()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("epoch = 3", "unknown key: epoch"), ("epochs = 0", "at least 1"), ("epochs =", "TOML")],
)
def test_a_wrong_config_is_told_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        read_config(path, {})
