"""Write a trained swap as a .dfm file, with the record of whose consent it was trained with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.errors import OutputError, SwapModelError
from core.swap import saved
from core.swap.consent import require_allowed
from core.swap.dfm import EXPORTED, about_json, about_path
from core.types import ConsentScope, TrainedSwap
from models.swap_autoencoder import load_swap
from models.swap_export import ExportError, to_onnx

CONDITIONS = (
    "Draws the face of a person who allowed what facepulse.consent says. Show nothing that it draws without saying "
    "that it was made by AI; programs other than Facepulse do not say so by themselves."
)


def export(model: Path, out: Path) -> TrainedSwap:
    """Write the swap in the folder `model` to `out` (NAME.dfm) and NAME.dfm.json, and return what was written.

    The record is written first: the network is never there without it. The network itself says where it comes from and
    on what conditions, since whatever else runs it looks at no record and writes no label.

    Raises:
        ConsentError: the person shown did not allow demos.
        SwapModelError: there is no trained swap, it is damaged, or the package that writes ONNX is missing.
        OutputError: the files cannot be written.
    """
    before = saved.read_saved(model)
    if before is None:
        raise SwapModelError(f"There is no trained swap in {model}: `facepulse swap train` makes one.")
    require_allowed(before.about.target_consent, ConsentScope.DEMOS)
    try:
        network = load_swap(before.values["shape"], before.content(saved.WEIGHTS))
        content = to_onnx(network, {EXPORTED: CONDITIONS, **_origin(before.about)})
    except ExportError as error:
        raise SwapModelError(
            "Writing ONNX needs the package onnx: `python -m pip install -c constraints.txt onnx` brings it."
        ) from error
    except (ValueError, KeyError) as error:
        raise SwapModelError(f"The trained swap {model} is damaged.") from error
    about = replace(before.about, weights_sha256=saved.sha256(content))
    made_from = {"weights_sha256": before.about.weights_sha256, "sets": before.values["sets"]}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        saved.replace(about_path(out), about_json(about, made_from))
        saved.replace(out, content)
    except OSError as error:
        raise OutputError(f"The network cannot be written to {out}.") from error
    return about


def _origin(about: TrainedSwap) -> dict[str, str]:
    """What the network was trained on, without names of people: they are in the record beside it."""
    return {
        "facepulse.weights_sha256": about.weights_sha256,
        "facepulse.source_set": about.source_id,
        "facepulse.target_set": about.target_id,
        "facepulse.consent": ", ".join(sorted(about.target_consent.scope)),
    }
