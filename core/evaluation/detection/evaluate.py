"""The whole evaluation: clips in, scores, table and plot in a folder out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import OutputError
from core.evaluation.datasets.labelled import Collection, LabelledClip
from core.evaluation.detection.leave_out import leave_one_generator_out, scored_face
from core.evaluation.detection.markdown import to_markdown
from core.evaluation.detection.plot import reliability_png
from core.evaluation.detection.records import ScoreBook
from core.evaluation.detection.run import ByClip, Measure, Tell, run
from core.evaluation.detection.table import Bootstrap, build_table
from core.evaluation.detection.units import Unit, clip_rows, units_of
from core.evaluation.detection.variants import ORIGINAL, in_order
from core.evaluation.score_table import write_scores
from core.report.output import require_writable, write_files
from core.verdict import Calibration

SCORES, FACES, CLIPS = "scores.jsonl", "faces.tsv", "clips.tsv"
TABLE, PAGE, PLOT = "table.json", "table.md", "reliability.png"


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured and how. `split` is only told; `limit` files are drawn by the seed, None takes all.

    `calibration` concludes from the evidence in place of the one that Facepulse comes with. `ignore_labels` concludes
    as if no file said of itself that it is synthetic; it asks for a calibration.
    """

    split: str = "all"
    variants: tuple[str, ...] = ()
    limit: int | None = None
    jobs: int = 1
    resume: bool = False
    leave_one_out: bool = False
    calibration: Calibration | None = None
    ignore_labels: bool = False
    bootstrap: Bootstrap = field(default_factory=Bootstrap)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out: the files' folder, and the table in plain values."""

    folder: Path
    table: dict[str, Any]


def evaluate(
    collection: Collection,
    out: Path,
    options: Options,
    measure: Measure,
    *,
    versions: str,
    peers: Mapping[str, Mapping[str, float]] | None = None,
    tell: Tell | None = None,
) -> Evaluation:
    """Measure clips and write scores.jsonl, clips.tsv, faces.tsv, table.json, table.md and reliability.png into `out`.

    The same clips, versions and seed give the same table, however often the work was stopped and in whatever order
    the processes were done.

    Args:
        collection: what to measure.
        out: made if need be; scores that are there are used with `options.resume` and refused without.
        options: see there.
        measure: one task -> its record.
        versions: of everything that a score depends on; records of others are measured again.
        peers: scores of other methods, by method and clip id.
        tell: about progress.

    Raises:
        DatasetError: a generator cannot be left out.
        OutputError: `out` cannot be written, or holds scores and `resume` was not asked for.
    """
    require_writable(out)
    if (out / SCORES).exists() and not options.resume:
        raise OutputError("The folder for the answers holds scores already: go on with --resume, or choose another.")
    clips = limited(collection.clips, options.limit, options.bootstrap.seed)
    book = ScoreBook(out / SCORES)
    try:
        records = run(clips, options.variants, book, measure, versions=versions, jobs=options.jobs, tell=tell)
    finally:
        book.close()
    shown = unlabelled(records) if options.ignore_labels else records
    units = units_of(clips, tuple(in_order(options.variants)), shown, peers or {}, options.calibration)
    table = {"about": _about(collection, options, versions, records), **_figures(units, options)}
    write_files(
        out,
        {
            CLIPS: clip_rows(units).encode(),
            TABLE: (json.dumps(_finite(table), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
            PAGE: to_markdown(table).encode(),
            PLOT: reliability_png(table["methods"]),
        },
    )
    seen = (unit for unit in units if unit.variant == ORIGINAL and unit.face is not None)
    write_scores((scored_face(unit) for unit in seen), out / FACES)
    return Evaluation(out, table)


def unlabelled(records: ByClip) -> ByClip:
    """Return the records without what files declare of themselves: their answers have to be concluded anew."""
    return {
        key: replace(
            record, clip_evidence=tuple(e for e in record.clip_evidence if not e.declares_synthetic), answers={}
        )
        for key, record in records.items()
    }


def limited(clips: tuple[LabelledClip, ...], limit: int | None, seed: int) -> tuple[LabelledClip, ...]:
    """Return the clips of `limit` files, reals and fakes by turns, drawn by the seed; in the order given."""
    paths = list(dict.fromkeys(clip.path for clip in clips))
    if limit is None or limit >= len(paths):
        return clips
    has_real = {clip.path for clip in clips if not clip.fake}
    shuffled = [paths[i] for i in np.random.default_rng(seed).permutation(len(paths))]
    kinds = ([p for p in shuffled if p in has_real], [p for p in shuffled if p not in has_real])
    by_turns = sorted((place, kind, path) for kind, of_kind in enumerate(kinds) for place, path in enumerate(of_kind))
    kept = {path for _, _, path in by_turns[:limit]}
    return tuple(clip for clip in clips if clip.path in kept)


def _figures(units: tuple[Unit, ...], options: Options) -> dict[str, Any]:
    found = build_table(units, options.bootstrap)
    if options.leave_one_out:
        found["leave_one_generator_out"] = leave_one_generator_out(units, options.bootstrap)
    return found


def _about(collection: Collection, options: Options, versions: str, records: ByClip) -> dict[str, Any]:
    calibrations = {record.calibration_id for record in records.values() if record.calibration_id}
    if options.calibration is not None:
        calibrations = {options.calibration.id}
    return {
        "dataset": collection.dataset,
        "split": options.split,
        "variants": list(options.variants),
        "limit": options.limit,
        "versions": versions,
        "calibration": ", ".join(sorted(calibrations)) or None,
        **({"labels_ignored": True} if options.ignore_labels else {}),
        "seed": options.bootstrap.seed,
        "draws": options.bootstrap.draws,
        "absent": list(collection.absent),
    }


def _finite(value: Any) -> Any:
    """JSON has no NaN: null says that a figure is not defined."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
