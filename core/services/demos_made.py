"""Making one demo: a clip, a trained swap, and out comes a labelled video, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DemoError, LabelError, OutputError, SwapModelError, UnreadLabelError
from core.faces.models import FaceModels
from core.report.output import require_writable, write_files
from core.services.clock import Clock, utc_now
from core.services.demo_notes import NotedDemo, note
from core.services.demo_options import DemoOptions
from core.services.demo_pictures import PREVIEW_TILES, coverage_picture, preview_strip
from core.settings import Settings, VideoLimits
from core.swap.caption import MIN_SIDE_PX
from core.swap.certificate import open_signer
from core.swap.consent import require_allowed, require_consent
from core.swap.face_set import load_face_set, read_picture
from core.swap.framing import head_and_shoulders, whole_frame
from core.swap.identity import Identity, identity_present, load_identity
from core.swap.label import LabelledVideo, new_demo_id, read_marks, write_labelled
from core.swap.merge import (
    MergedPair,
    Merger,
    Visible,
    full_size,
    merged_pairs,
    watch,
)
from core.swap.model import SwapModel, load_model
from core.swap.person import Choose, largest, like, middle_of, number
from core.swap.poses import TrainedPoses, trained_poses
from core.swap.watch import Watched
from core.types import FaceSet, MergedFrame, ProgressCallback, Provenance
from core.video.audio import read_audio

FALLBACK_RATE = Fraction(25)
BESIDE_S = 0.2
"""A face that is seen for less beside another may be none."""
ALREADY = "The video is face-swap demo {id} itself; demos are made of what was filmed."
NOT_DRAWN = "In no frame could the face be drawn: the head is turned to where the model has no training."
NOT_ALONE = "The video shows another face as well, whose person was not declared to consent."
MOST_TRIES = 3
"""How often a demo is written whose label does not read (`python -m benchmarks.label_ids`: 1 of 2,000 short ones)."""
FACES_COMPARED = 24
"""Of a face set, when the person is looked for who is like it."""


def make_demo(
    model_path: Path,
    video: Path,
    out: Path,
    options: DemoOptions,
    *,
    made_by: str,
    settings: Settings,
    progress: ProgressCallback = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    limits: VideoLimits | None = None,
    models: FaceModels | None = None,
    clock: Clock = utc_now,
) -> LabelledVideo:
    """Swap a person's face in a clip and write it with its label; when anything fails or is stopped, nothing is left.

    Args:
        model_path: a trained swap: its folder, or a .dfm or .onnx file.
        video: the clip of the source, the driver.
        out: the MP4 to write.
        options: how.
        made_by: who makes it, as the log says; the label itself names nobody.
        settings: limits, data folder and certificate.
        progress: told of every frame; what it raises ends the work.
        tell: told in sentences what else somebody should know, such as sound that was left out.
        limits: of the clip; by default those of the settings at full size.
        models: what finds faces; loaded where it is not given.
        clock: the time.

    Raises:
        ConsentError: the person shown, or the person of `options.source_set`, did not allow `options.scopes`.
        SwapModelError: the model cannot be read, or nobody in the clip can be chosen.
        DemoError: somebody else is seen in a clip that shall show one person, the clip is a demo itself, or in no frame
            of it the face could be drawn.
        ClipError: the clip cannot be read.
        LabelError: the label could not be written; there is no video.
        OutputError: something cannot be written.
    """
    model = load_model(model_path, options.device)
    for scope in options.scopes:
        require_allowed(model.about.target_consent, scope)
    _require_places(video, out, options)
    visible = _visible(options.masks, model)
    limits = limits or full_size(settings.video)
    choose = _choose(options)
    poses = None if options.ignore_coverage else trained_poses(model_path)
    if poses is None and not options.ignore_coverage:
        tell("How far the head may turn is not known for this model, so every pose is drawn.")
    watched = watch(video, limits, progress, models)
    existing = read_marks(video)
    if existing.demo_ids:
        raise DemoError(ALREADY.format(id=existing.demo_ids[0]))
    chosen = _chosen(watched, choose, options)
    sound = read_audio(video, limits)
    if sound.told is not None:
        tell(sound.told)
    merger = Merger(model, options.merge, coverage=None if poses is None else poses.at, visible=visible)
    framing = head_and_shoulders if options.head_and_shoulders else whole_frame
    signer = open_signer(settings.data_dir, settings.signing_cert, settings.signing_key)

    def made(demo_id: str) -> LabelledVideo:
        made_from = Provenance(demo_id, model.about, watched.clip.sha256, made_by, clock(), existing.sentences())
        shown = _Kept(len(watched.times_s))
        labelled = write_labelled(
            shown.passing(merged_pairs(watched, merger, chosen, limits, progress, framing=framing)),
            out,
            made_from,
            rate=watched.clip.video.frame_rate or FALLBACK_RATE,
            audio=sound.track,
            signer=signer,
            driver=video,
        )
        with _all_or_nothing(labelled) as there:
            _write_pictures(labelled, options, shown, there, watched=watched, chosen=chosen, poses=poses)
            if options.log:
                note(settings.data_dir, _note_of(labelled))
        return labelled

    return _until_read(made)


def _until_read(made: Callable[[str], LabelledVideo]) -> LabelledVideo:
    """Make a demo, and again with another id while its label does not read: pictures hide the marks of some ids."""
    for _ in range(MOST_TRIES - 1):
        with suppress(UnreadLabelError):
            return made(new_demo_id())
    return made(new_demo_id())


@dataclass(slots=True)
class _Kept:
    """A few of the frames that pass, evenly spread, and how much of the face was replaced in each."""

    frames: int
    pairs: list[MergedPair] = field(default_factory=list)
    strengths: list[float] = field(default_factory=list)

    def passing(self, pairs: Iterator[MergedPair]) -> Iterator[MergedFrame]:
        """Yield the merged frames, keeping some.

        Raises:
            DemoError: at the end, when there was no face in any of them: what was only filmed is not called a swap.
        """
        wanted = {round((place + 0.5) * self.frames / PREVIEW_TILES - 0.5) for place in range(PREVIEW_TILES)}
        for index, pair in enumerate(pairs):
            self.strengths.append(pair.strength)
            if index in wanted:
                self.pairs.append(pair)
            yield pair.merged
        if not any(self.strengths):
            raise DemoError(NOT_DRAWN)


@contextmanager
def _all_or_nothing(labelled: LabelledVideo) -> Iterator[list[Path]]:
    """Give a list for what is written beside a video; when the block fails, all of it goes, and the video too."""
    there = [labelled.path]
    try:
        yield there
    except BaseException:
        for path in there:
            with suppress(OSError):
                path.unlink()
        raise


def _write_pictures(
    labelled: LabelledVideo,
    options: DemoOptions,
    shown: _Kept,
    there: list[Path],
    *,
    watched: Watched,
    chosen: frozenset[int],
    poses: TrainedPoses | None,
) -> None:
    """Write the pictures that were asked for, and add each to `there` once it is."""

    def write(path: Path, content: bytes) -> None:
        write_files(path.parent, {path.name: content})
        there.append(path)

    if options.preview is not None:
        write(options.preview, preview_strip(shown.pairs, labelled.provenance.demo_id))
    if options.coverage is not None:
        write(options.coverage, coverage_picture(watched, chosen, shown.strengths, poses, options.merge))


def _note_of(labelled: LabelledVideo) -> NotedDemo:
    told = labelled.provenance
    return NotedDemo(told.demo_id, told.made_by, told.made_at, told.swap, told.driver_sha256, labelled.sha256)


def _require_alone(watched: Watched, chosen: frozenset[int]) -> None:
    """Refuse a clip in which somebody else is seen beside the chosen person, and not only for a moment."""
    times_s = np.concatenate([watched.track(number).times_s for number in chosen])
    for track in watched.tracks:
        together_s = np.intersect1d(track.times_s, times_s) if track.id not in chosen else np.zeros(0)
        if together_s.size and together_s[-1] - together_s[0] >= BESIDE_S:
            raise DemoError(NOT_ALONE)


def _require_places(video: Path, out: Path, options: DemoOptions) -> None:
    """See that everything can be written, each to a place of its own, and that the clip would not be replaced."""
    taken = {video.resolve(): "the clip that it is made from"}
    for path in (out, options.preview, options.coverage):
        if path is None:
            continue
        require_writable(path.parent)
        if path.is_dir():
            raise OutputError(f"{path} is a folder; name a file.")
        if path.resolve() in taken:
            raise OutputError(f"The demo would replace {taken[path.resolve()]}; name another file.")
        taken[path.resolve()] = "what else is written"


def _chosen(watched: Watched, choose: Choose, options: DemoOptions) -> frozenset[int]:
    """Whose face is replaced, in a clip of which a demo can be made."""
    _require_size(watched, options)
    chosen = choose(watched)
    if options.alone:
        _require_alone(watched, chosen)
    return chosen


def _require_size(watched: Watched, options: DemoOptions) -> None:
    if min(watched.size) < MIN_SIDE_PX and not options.head_and_shoulders:
        raise LabelError(f"The picture is too small for the label: each side has at least {MIN_SIDE_PX} pixels.")


def _choose(options: DemoOptions) -> Choose:
    """What chooses the person; their other appearances in the clip are found where people can be told apart."""
    if options.source_set is not None:
        face_set = load_face_set(options.source_set)
        for scope in options.scopes:
            require_consent(face_set, scope)
        identity = load_identity()
        return like(middle_of(_some_faces(face_set), identity.embed), identity.embed)
    identity_here: Identity | None = load_identity() if identity_present() else None
    embed = None if identity_here is None else identity_here.embed
    return largest(embed) if options.person == 1 else number(options.person, embed)


def _some_faces(face_set: FaceSet) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    step = max(len(face_set.faces) // FACES_COMPARED, 1)
    for face in face_set.faces[::step]:
        yield read_picture(face_set, face), face.landmarks_px


def _visible(masks: Path | None, model: SwapModel) -> Visible | None:
    """What sees hands and hair before the face, where masks were trained.

    Raises:
        SwapModelError: they were trained on faces that are cut otherwise.
    """
    if masks is None:
        return None
    from core.swap.occlusion import load_occlusion  # noqa: PLC0415  (imports PyTorch)

    occlusion = load_occlusion(masks)
    if occlusion.face_type is not model.about.face_type:
        kinds = f"{occlusion.face_type.value} and {model.about.face_type.value}"
        raise SwapModelError(f"The masks and the model were trained on faces that are cut otherwise: {kinds}.")
    return occlusion.visible
