"""From folders of photos, pairs and clips to weights of the appearance network, and what stops it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import DatasetError, SettingsError, TrainingError
from core.evaluation.forge import studio
from core.evaluation.forge.material import given_pairs, photo_faces
from core.faces import load_face_models
from core.services.training_appearance import SHARES, Material, autoencoder_beside, pools_of, read_config, train_on
from models.appearance import appearance_scores, load_appearance
from models.train.appearance import AppearanceConfig
from models.train.face_autoencoder import AutoencoderConfig
from tests.synth.clips import Scene, even_times, portrait, write_scene
from tests.synth.drawers import KnownDrawer

HEADER = "path\tlabel\tperson\tgenerator\tpair\tsplit\tsource\tnote\n"
TINY = AppearanceConfig(steps=2, pairs=2, warm_up=1)


def keep(path: Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.ascontiguousarray(rgb[..., ::-1]))


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos, a pair, a photo without a face, and one side-by-side clip. Do not change it."""
    root = tmp_path_factory.mktemp("material")
    face = portrait()[:300, 80:380]
    keep(root / "photos" / "one.png", face)
    keep(root / "photos" / "two.png", face[:, ::-1])
    keep(root / "photos" / "wall.png", np.full((200, 200, 3), 90, np.uint8))
    fake = face.copy()
    fake[80:160, 100:190] = cv2.GaussianBlur(fake[80:160, 100:190], (0, 0), 5) // 2
    keep(root / "pairs" / "real" / "a.png", face)
    keep(root / "pairs" / "fake" / "b.png", fake)
    (root / "pairs" / "PAIRS.tsv").write_text("real\tfake\na.png\tb.png\na.png\tmissing.png\n")
    scene = Scene(width_px=640, height_px=240, face_px=120, centres=((0.25, 0.5), (0.75, 0.5)))
    (root / "clips").mkdir()
    write_scene(root / "clips" / "pair.mp4", scene, even_times(25, 1), rate=Fraction(25))
    (root / "clips" / "MANIFEST.tsv").write_text(HEADER + "pair.mp4\tside_by_side\tS1\tSwap:A\tS1\ttrain\twhere\t\n")
    return root


def test_material_of_every_kind_becomes_weights_that_answer(collected: Path, tmp_path: Path) -> None:
    material = Material([collected / "photos"], [collected / "pairs"], collected / "clips", [collected / "photos"])
    told: list[tuple[str, int, int]] = []
    out = train_on(
        material,
        tmp_path / "new" / "net.safetensors",
        TINY,
        checkpoint=tmp_path / "run.ck",
        autoencoder=AutoencoderConfig(steps=2, faces=2, side_px=32),
        tell=lambda what, done, of, _: told.append((what, done, of)),
    )
    assert told[-1] == ("training", 2, 2) and ("training the autoencoder", 2, 2) in told
    assert len(appearance_scores(load_appearance(out), np.zeros((1, 256, 256, 3), np.uint8)).blending) == 1


def test_an_autoencoder_that_was_kept_is_not_trained_again(collected: Path, tmp_path: Path) -> None:
    def train(name: str) -> list[str]:
        told: list[str] = []
        train_on(
            Material([collected / "photos"]),
            tmp_path / f"{name}.safetensors",
            AppearanceConfig(steps=1, pairs=1, warm_up=1),
            checkpoint=tmp_path / "run.ck",
            autoencoder=AutoencoderConfig(steps=1, faces=1, side_px=16),
            tell=lambda what, *_: told.append(what),
        )
        return told

    assert "training the autoencoder" in train("first")
    assert "training the autoencoder" not in train("second")
    autoencoder_beside(tmp_path / "run.ck").write_bytes(b"altered")
    with pytest.raises(TrainingError, match="autoencoder"):
        train("third")


def test_every_kind_of_material_is_used(collected: Path) -> None:
    material = Material([collected / "photos"], [collected / "pairs"], collected / "clips", [collected / "photos"])
    pools = pools_of(material, 0, lambda *_: None)
    assert len(pools) == 5
    assert len(pools[0].faces) == 3  # two photos and the real side of the pair
    of_clips = pools[3].twins
    assert of_clips and not of_clips[0].same_pixels


def test_a_trained_swap_with_its_driver_is_material_of_its_own(
    collected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "load_model", lambda _: KnownDrawer(np.flip))
    monkeypatch.setattr(studio, "trained_poses", lambda _: None)
    scene = Scene(width_px=320, height_px=240, face_px=120)
    driver = write_scene(tmp_path / "driver.mp4", scene, even_times(25, 0.4), rate=Fraction(25))
    told: list[str] = []
    pools = pools_of(
        Material([collected / "photos"], swaps=[(tmp_path / "a.dfm", driver)] * 2),
        0,
        lambda what, *_: told.append(what),
    )
    assert told[0] == "swapping"
    assert [len(pool.twins) for pool in pools] == [0, 20]
    assert pools[1].share == SHARES["own swaps"] and not any(twins.coded for twins in pools[1].twins)


def test_photos_without_a_face_are_left_out_and_a_folder_without_any_is_an_error(
    collected: Path, tmp_path: Path
) -> None:
    models = load_face_models()
    assert {face.person for face in photo_faces(collected / "photos", models)} == {"one", "two"}
    keep(tmp_path / "wall.png", np.full((200, 200, 3), 90, np.uint8))
    with pytest.raises(DatasetError, match="no photo"):
        photo_faces(tmp_path, models)


def test_a_pair_that_hardly_differs_is_left_out(collected: Path, tmp_path: Path) -> None:
    face = portrait()[:300, 80:380]
    keep(tmp_path / "real" / "a.png", face)
    keep(tmp_path / "fake" / "a.png", face + (face < 255))
    (tmp_path / "PAIRS.tsv").write_text("real\tfake\na.png\ta.png\n")
    with pytest.raises(DatasetError, match="No pair"):
        given_pairs(tmp_path, load_face_models())
    twins, _ = given_pairs(collected / "pairs", load_face_models())
    assert len(twins) == 1 and twins[0].real.shape == (256, 256, 3)


def test_one_person_is_too_few_to_forge_from(tmp_path: Path) -> None:
    keep(tmp_path / "only.png", portrait()[:300, 80:380])
    with pytest.raises(DatasetError, match="two people"):
        pools_of(Material([tmp_path]), 0, lambda *_: None)


def test_what_is_missing_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="quantum"):
        train_on(Material(), tmp_path / "n", AppearanceConfig(device="quantum"), checkpoint=tmp_path / "c")
    with pytest.raises(DatasetError, match=r"PAIRS\.tsv"):
        given_pairs(tmp_path, load_face_models())


def test_options_win_over_the_file_and_unknown_keys_are_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("steps = 7\nseed = 5\n")
    config = read_config(path, {"seed": 6})
    assert (config.steps, config.seed, config.pairs) == (7, 6, AppearanceConfig().pairs)
    path.write_text("epochs = 3\n")
    with pytest.raises(SettingsError, match="epochs"):
        read_config(path, {})
    path.write_text("steps = 0\n")
    with pytest.raises(SettingsError, match="at least 1"):
        read_config(path, {})
