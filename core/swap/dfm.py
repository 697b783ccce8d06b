"""A swap network in a .dfm file, the layout of DeepFaceLive: ONNX, run by onnxruntime.

One input `in_face:0` (1 or B, H, W, 3), BGR in 0..1; outputs `out_face_mask:0` (the face that is seen), and
`out_celeb_face:0` with `out_celeb_face_mask:0` (the one that is drawn), as wide as the input. Beside NAME.dfm lies
NAME.dfm.json, which says what was trained and with whose consent; a file from elsewhere needs one that `adopt` wrote
for it, and without it is not run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConsentError, OutputError, SwapModelError
from core.onnx import onnxruntime
from core.swap.model import SwapModel, checked, joined
from core.swap.saved import replace, trained_swap_json, trained_swap_of
from core.types import ConsentRecord, DrawnFaces, FaceType, TrainedSwap

FORMAT = 1
ELSEWHERE = "elsewhere"
"""In place of the ids of face sets that are not here."""
EXPORTED = "facepulse"
"""The property of a network that `core.swap.export` wrote: its record is the one that was written with it."""
INPUT = "in_face"
SOURCE_MASK, DRAWN, DRAWN_MASK = OUTPUTS = ("out_face_mask", "out_celeb_face", "out_celeb_face_mask")


def load_dfm(path: Path, threads: int = 0) -> SwapModel:
    """Return the swap in a .dfm or .onnx file.

    Args:
        path: the file; `about_path(path)` is beside it.
        threads: that onnxruntime may use; 0 leaves it to onnxruntime.

    Raises:
        ConsentError: there is no record beside it, or it is of another file.
        SwapModelError: the file is no such network.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SwapModelError(f"The swap network {path.name} cannot be read.") from error
    about = read_about(path, hashlib.sha256(content).hexdigest())
    return Dfm(_session(content, path.name, threads), about, path.name)


def adopt(path: Path, consent: ConsentRecord, face_type: FaceType) -> TrainedSwap:
    """Write the record of a file that was trained elsewhere, and return what it says.

    Args:
        path: the file; a record beside it is replaced.
        consent: that of the person whom the network draws.
        face_type: how much of the head its faces show; DeepFaceLab calls `whole` WF and `full` F.

    Raises:
        ConsentError: Facepulse exported the file: who allowed what is known, and nobody's to declare anew.
        SwapModelError: the file cannot be read, or is no such network.
        OutputError: the record cannot be written.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SwapModelError(f"The swap network {path.name} cannot be read.") from error
    session = _session(content, path.name, threads=1)
    if EXPORTED in session.get_modelmeta().custom_metadata_map:
        raise ConsentError(f"{path.name} was exported by Facepulse, which wrote its record beside it; export it again.")
    side = session.get_inputs()[0].shape[-2]
    about = TrainedSwap(
        weights_sha256=hashlib.sha256(content).hexdigest(),
        source_id=ELSEWHERE,
        target_id=ELSEWHERE,
        steps=0,
        architecture="dfm",
        size_px=side if isinstance(side, int) else 0,
        face_type=face_type,
        target_consent=consent,
    )
    Dfm(session, about, path.name)
    try:
        replace(about_path(path), about_json(about, {}))
    except OSError as error:
        raise OutputError(f"The record of {path.name} cannot be written beside it.") from error
    return about


def _session(content: bytes, name: str, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base of their own
        raise SwapModelError(f"{name} is no ONNX network that can be run.") from error


class Dfm:
    """A network in DeepFaceLive's layout as a `SwapModel`."""

    def __init__(self, session: Any, about: TrainedSwap, name: str) -> None:
        """Take an onnxruntime session.

        Raises:
            SwapModelError: its inputs or outputs are others, or it draws faces of another size than `about` says.
        """
        self.about = about
        self._session = session
        inputs = {_plain(one.name): one for one in session.get_inputs()}
        outputs = {_plain(one.name): one.name for one in session.get_outputs()}
        if set(inputs) != {INPUT} or set(outputs) != set(OUTPUTS):
            raise SwapModelError(f"{name} is no swap network in the layout of a DFM file with one input.")
        self._input = inputs[INPUT]
        self._outputs = [outputs[output] for output in OUTPUTS]
        batch, *size = self._input.shape
        if size != [about.size_px, about.size_px, 3]:
            raise SwapModelError(f"{name} does not take faces of {about.size_px} px, as the record beside it says.")
        self._one_by_one = batch == 1

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        """As `SwapModel` promises."""
        size = self.about.size_px
        given = checked(faces, size)[..., ::-1].astype(np.float32) / np.float32(255)
        step = 1 if self._one_by_one else 16
        return joined([self._drawn(given[at : at + step]) for at in range(0, len(given), step)], size)

    def _drawn(self, given: NDArray[np.float32]) -> DrawnFaces:
        source_mask, face, mask = self._session.run(self._outputs, {self._input.name: np.ascontiguousarray(given)})
        rgb = np.rint(255 * np.clip(face[..., ::-1], 0, 1)).astype(np.uint8)
        flat = (np.clip(one, 0, 1).reshape(rgb.shape[:3]).astype(np.float32) for one in (mask, source_mask))
        return DrawnFaces(np.ascontiguousarray(rgb), *flat)


def about_path(path: Path) -> Path:
    """Return where the record of a .dfm file is."""
    return path.with_name(f"{path.name}.json")


def about_json(about: TrainedSwap, made_from: Mapping[str, Any]) -> bytes:
    """Return the content of the record of a file; `about.weights_sha256` is that of the file itself."""
    values = {"format": FORMAT, "about": trained_swap_json(about), "made_from": dict(made_from)}
    return json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n"


def read_about(path: Path, sha256: str) -> TrainedSwap:
    """Return what the record beside a .dfm file says, when it is this file's.

    Raises:
        ConsentError: there is none, it cannot be read, or it is of another file.
    """
    beside = about_path(path)
    try:
        values = json.loads(beside.read_text(encoding="utf-8"))
        about = trained_swap_of(values["about"])
        known = values["format"] == FORMAT
    except FileNotFoundError as error:
        raise ConsentError(
            f"No consent of the person in {path.name} is on record: {beside.name} is missing beside it."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConsentError(f"The consent record {beside.name} cannot be read.") from error
    if not known or about.weights_sha256 != sha256:
        raise ConsentError(f"The consent record {beside.name} was written for another file.")
    return about


def _plain(name: str) -> str:
    return name.split(":", 1)[0]
