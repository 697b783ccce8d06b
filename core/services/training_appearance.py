"""Train the appearance network on what people have: what `facepulse train appearance` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import DatasetError, OutputError, TrainingError
from core.evaluation.face_clips import read_face_clips
from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.material import clip_twins, given_pairs, main_faces, photo_faces, stranger_twins
from core.evaluation.forge.studio import studio_twins
from core.evaluation.forge.supply import Pool, Twins, supply
from core.faces import FaceModels, load_face_models
from core.services.training_config import read_training_config
from models.appearance import load_appearance, save_appearance
from models.efficientnet_lite import BackboneError
from models.face_autoencoder import Redrawer, load_autoencoder, save_autoencoder
from models.train.appearance import AppearanceConfig, PairBatch, ResumeError, Step, train_appearance
from models.train.face_autoencoder import AutoencoderConfig, train_autoencoder
from models.train.ppg_cnn import device_is_there

Tell = Callable[[str, int, int, str], None]
"""(what is being done, done, total, a remark): called as the work goes on."""
SHARES = {"photos": 0.25, "pairs": 0.25, "real clips": 0.2, "clip pairs": 0.25, "generated": 0.05, "own swaps": 0.2}
"""Of the training pairs, by material; what is not there leaves its share to the others."""


@dataclass(frozen=True, slots=True)
class Material:
    """Folders to train on; at least one of the first three.

    `photos` show real faces, `pairs` have a PAIRS.tsv, `clips` has a MANIFEST.tsv, `generated` are photos of faces that
    no camera took, `swaps` are trained swaps, each with a clip of its driver.
    """

    photos: Sequence[Path] = ()
    pairs: Sequence[Path] = ()
    clips: Path | None = None
    generated: Sequence[Path] = ()
    swaps: Sequence[tuple[Path, Path]] = ()


def read_config(path: Path | None, changes: dict[str, Any]) -> AppearanceConfig:
    """Return the configuration of a TOML file (keys are those of `AppearanceConfig`), with `changes` over it.

    Raises:
        SettingsError: the file cannot be read, or a key or value is not valid.
    """
    return read_training_config(AppearanceConfig(), path, changes)


def train_on(
    material: Material,
    out: Path,
    config: AppearanceConfig,
    *,
    checkpoint: Path,
    start: Path | None = None,
    resume: bool = False,
    autoencoder: AutoencoderConfig | None = None,
    tell: Tell | None = None,
) -> Path:
    """Train the appearance network and write its weights to `out`.

    First the autoencoder that draws faces for the forge is trained on the same real faces. It is kept beside the
    checkpoint (see `autoencoder_beside`) and taken from there the next time.

    Args:
        material: see there.
        checkpoint: written as the training goes on.
        start: weights to go on from; by default those of ImageNet.
        resume: go on from the checkpoint where there is one.
        autoencoder: how that one is trained; by default as `AutoencoderConfig` says, with the seed and device given.
        tell: see `Tell`.

    Raises:
        DatasetError: a folder has nothing to train on.
        ClipError: a clip of the collection or of a driver cannot be read.
        SwapModelError, ConsentError: a trained swap is damaged, or its target did not allow this.
        TrainingError: the device or the ImageNet weights are not there, or checkpoint or start do not fit.
        OutputError: the weights or the checkpoint cannot be written.
    """
    if not device_is_there(config.device):
        raise TrainingError(f"This machine has no device called {config.device} that PyTorch can use.")
    say = tell or (lambda *_: None)
    pools = pools_of(material, config.seed, say)

    drawing = autoencoder or drawing_config(config)

    def batches(first: int) -> Iterator[PairBatch]:
        for made in supply(pools, config.pairs, config.seed, first, redraw):
            yield PairBatch(made.real, made.fake, made.replaced, made.blended, made.synthetic)

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        redraw = _redrawer(pools, autoencoder_beside(checkpoint), drawing, say)
        network = train_appearance(
            batches,
            config,
            start=None if start is None else load_appearance(start),
            progress=lambda step: _tell_step(say, step),
            checkpoint=checkpoint,
            resume=resume,
        )
        return save_appearance(network, out)
    except (ResumeError, BackboneError, ValueError) as error:
        raise TrainingError(f"The training cannot go on: {error}.") from error
    except OSError as error:
        raise OutputError("The weights or the checkpoint cannot be written there.") from error


def drawing_config(config: AppearanceConfig, steps: int | None = None) -> AutoencoderConfig:
    """Return how the autoencoder of a training is trained: `steps` (by default its own), the rest as the training."""
    drawing = AutoencoderConfig(seed=config.seed, device=config.device)
    return drawing if steps is None else replace(drawing, steps=steps)


def autoencoder_beside(checkpoint: Path) -> Path:
    """Return where the autoencoder of a training is kept: removed, it is trained anew."""
    return checkpoint.with_name(f"{checkpoint.name}.autoencoder.safetensors")


def pools_of(material: Material, seed: int, say: Tell) -> list[Pool]:
    """Read all material and give each kind its share.

    Raises:
        DatasetError: a folder has nothing to train on, or there is no real face to forge from.
        ClipError: a clip of the collection or of a driver cannot be read.
        SwapModelError, ConsentError: a trained swap is damaged, or its target did not allow this.
    """
    models = load_face_models()

    def watch(what: str) -> Callable[[int, int], None]:
        return lambda done, total: say(what, done, total, "")

    own = _from_swaps(material.swaps, models, seed, watch("swapping"))  # first: what is missing is told at once
    photos = [face for folder in material.photos for face in photo_faces(folder, models, watch(folder.name))]
    given = [given_pairs(folder, models, watch(folder.name)) for folder in material.pairs]
    twins, filmed = _from_clips(material.clips, models, watch("watching clips"))
    photos += [face for _, faces in given for face in faces]
    reals = photos + filmed
    if len({face.person for face in reals}) < 2:
        raise DatasetError("To forge fakes, faces of at least two people are needed.")
    made = [face for folder in material.generated for face in photo_faces(folder, models, watch(folder.name))]
    pools = [
        Pool(SHARES["photos"], faces=photos),
        Pool(SHARES["pairs"], twins=[pair for pairs, _ in given for pair in pairs]),
        Pool(SHARES["real clips"], faces=filmed),
        Pool(SHARES["clip pairs"], twins=twins),
        Pool(SHARES["generated"], twins=stranger_twins(reals, made, seed)),
        Pool(SHARES["own swaps"], twins=own),
    ]
    return [pool for pool in pools if pool.faces or pool.twins]


def _redrawer(pools: Sequence[Pool], kept: Path, config: AutoencoderConfig, say: Tell) -> Redrawer:
    """The generator of the forge, trained on the real faces of all pools unless it is kept from before."""
    if not kept.exists():
        faces = [face.rgb for pool in pools for face in pool.faces]

        def tell(done: int, of: int, difference: float) -> None:
            say("training the autoencoder", done, of, f"difference {difference:.3f}")

        save_autoencoder(train_autoencoder(faces, config, tell), kept)
    return Redrawer(load_autoencoder(kept))


def _from_clips(
    root: Path | None, models: FaceModels, told: Callable[[int, int], None]
) -> tuple[list[Twins], list[SourceFace]]:
    """Pairs of side-by-side clips, and faces of real ones; only rows of the split `train`."""
    clips = [clip for clip in read_face_clips(root) if clip.split == "train"] if root is not None else []
    left = {clip.path: clip for clip in clips if clip.half == "left"}
    used = [clip for clip in clips if clip.half == "right" or (clip.half is None and not clip.fake)]
    twins, faces = list[Twins](), list[SourceFace]()
    for number, clip in enumerate(used):
        told(number, len(used))
        if clip.half == "right":
            new_twins, new_faces = clip_twins(left[clip.path], clip, models)
            twins += new_twins
            faces += new_faces
        else:
            faces += [one.face for one in main_faces(clip, models)[::3]]
    return twins, faces


def _from_swaps(
    swaps: Sequence[tuple[Path, Path]], models: FaceModels, seed: int, told: Callable[[int, int], None]
) -> list[Twins]:
    twins = list[Twins]()
    for number, (model, driver) in enumerate(swaps):
        told(number, len(swaps))
        twins += studio_twins(model, driver, models, seed + number)
    return twins


def _tell_step(say: Tell, step: Step) -> None:
    say("training", step.number, step.of, f"loss {step.loss:.3f}, twins ranked right {100 * step.ranked_right:.0f} %")
