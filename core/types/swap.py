"""Swaps: whose faces may be used, what was trained on them, and what a finished demo must carry.

*Source* is the person who was filmed and whose performance is kept (the driver); *target* is the person whose face is
shown. DeepFaceLab calls these two *dst* and *src*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types.checks import frozen_array, require
from core.types.faces import MESH_POINTS

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_DEMO_ID = re.compile(r"[0-9a-f]{8}\Z")


class FaceType(StrEnum):
    """How much of a head a crop shows: brows to chin, the face to the hairline, or the face with forehead and hair."""

    HALF = "half"
    FULL = "full"
    WHOLE = "whole"


class ConsentScope(StrEnum):
    """What a person allowed: a network to be trained on their face, demos with it, and showing these in Discord."""

    TRAINING = "training"
    DEMOS = "demos"
    DISCORD = "discord"


class ConsentBasis(StrEnum):
    """Why the faces may be used: the person said so, nobody is shown, or the picture is in the public domain."""

    PERSON = "person"
    RENDERED = "rendered"
    PUBLIC_DOMAIN = "public_domain"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """Who allowed what, how and when; without it nothing is trained.

    `how` says in words where the consent can be found (a form, a message, a licence). `adult` is what whoever wrote
    the record declares: a program cannot see it.
    """

    person: str
    how: str
    given_at: datetime
    scope: frozenset[ConsentScope]
    basis: ConsentBasis = ConsentBasis.PERSON
    adult: bool = True
    recorded_by: str = ""

    def __post_init__(self) -> None:
        require(bool(self.person.strip()), "a consent names the person")
        require(bool(self.how.strip()), "a consent says how it was given")
        require(self.given_at.tzinfo is not None, "a consent's time has a time zone")
        require(bool(self.scope), "a consent allows something")
        require(self.adult, "faces of minors are not used")

    def allows(self, scope: ConsentScope) -> bool:
        """Whether this was allowed."""
        return scope in self.scope


@dataclass(frozen=True, slots=True)
class SwapFace:
    """One aligned face of a set, without its picture.

    `landmarks_px` (468, 2) are in pixels of the crop, `frame_to_crop` (2, 3) maps pixels of the whole frame to those of
    the crop. Angles as in `FaceObservation`. `sharpness` is the spread of the crop's Laplacian, `face_px` the larger
    side of the face in its frame. `sha256` is that of the picture's file, empty while it has none.
    """

    name: str
    source: str
    frame_index: int
    time_s: float
    landmarks_px: NDArray[np.float32]
    frame_to_crop: NDArray[np.float32]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    sharpness: float
    face_px: float
    sha256: str = ""

    def __post_init__(self) -> None:
        landmarks = frozen_array("landmarks_px", self.landmarks_px, (MESH_POINTS, 2), np.float32)
        object.__setattr__(self, "landmarks_px", landmarks)
        object.__setattr__(self, "frame_to_crop", frozen_array("frame_to_crop", self.frame_to_crop, (2, 3), np.float32))


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Aligned faces of one person in a folder. `id` is the first 16 digits of `sha256`, which is over all pictures.

    `consent` is None until a record was written.
    """

    path: Path
    sha256: str
    face_type: FaceType
    size_px: int
    faces: tuple[SwapFace, ...]
    consent: ConsentRecord | None

    def __post_init__(self) -> None:
        require(_SHA256.match(self.sha256) is not None, "sha256 is 64 hexadecimal digits")
        require(96 <= self.size_px <= 512, "faces of a set have 96 to 512 px")

    @property
    def id(self) -> str:
        """A name that changes with the pictures."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class TrainedSwap:
    """A trained network and what it came from; ids are those of the face sets."""

    weights_sha256: str
    source_id: str
    target_id: str
    steps: int
    architecture: str
    size_px: int
    face_type: FaceType
    target_consent: ConsentRecord

    def __post_init__(self) -> None:
        require(_SHA256.match(self.weights_sha256) is not None, "sha256 is 64 hexadecimal digits")
        require(self.steps >= 0, "steps are not negative")


@dataclass(frozen=True, slots=True)
class DrawnFaces:
    """What a swap network answers to B aligned faces: the target's face (B, S, S, 3) uint8 and where it is.

    `mask` (B, S, S) float32 in 0..1 is the drawn face's, `source_mask` the one that it sees in the source's picture.
    """

    rgb: NDArray[np.uint8]
    mask: NDArray[np.float32]
    source_mask: NDArray[np.float32]

    def __post_init__(self) -> None:
        b, s = self.rgb.shape[:2]
        object.__setattr__(self, "rgb", frozen_array("rgb", self.rgb, (b, s, s, 3), np.uint8))
        for name in ("mask", "source_mask"):
            object.__setattr__(self, name, frozen_array(name, getattr(self, name), (b, s, s), np.float32))


@dataclass(frozen=True, slots=True)
class MergedFrame:
    """One picture (H, W, 3) uint8 of a swapped clip, not labelled yet; `swapped_xyxy_px` (F, 4) are the drawn faces."""

    time_s: float
    rgb: NDArray[np.uint8]
    swapped_xyxy_px: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rgb", frozen_array("rgb", self.rgb, (None, None, 3), np.uint8))
        boxes = frozen_array("swapped_xyxy_px", self.swapped_xyxy_px, (None, 4), np.float32)
        object.__setattr__(self, "swapped_xyxy_px", boxes)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a demo came from. `demo_id` is 8 hexadecimal digits, the watermark's payload.

    Its marks say all of it but `made_by`, which is for the log, and the name of a person who is not public.
    `existing_marks` are sentences about marks that the driver clip already had; they are kept and listed.
    """

    demo_id: str
    swap: TrainedSwap
    driver_sha256: str
    made_by: str
    made_at: datetime
    existing_marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(_DEMO_ID.match(self.demo_id) is not None, "a demo's id is 8 hexadecimal digits")
        require(_SHA256.match(self.driver_sha256) is not None, "sha256 is 64 hexadecimal digits")
        require(self.made_at.tzinfo is not None, "a demo's time has a time zone")
