"""The table as Markdown, for people: every figure with its interval, and what was left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from core.evaluation.detection.units import FUSED

Values = dict[str, Any]

FEW_REALS = 100
FIGURES = ("auc", "eer", "accuracy", "tpr_at_fpr", "brier", "ece")
HEAD = ("method", "scored", "AUC", "EER", "accuracy", "TPR at 1 % FPR", "Brier", "ECE", "above own real twin")


def to_markdown(table: Values) -> str:
    """Return table.md of what `build_table` found, with its `about`."""
    parts = [
        "# How well real and fake clips are told apart",
        _about(table),
        "## Methods",
        _methods(table["methods"]),
        _notes(table),
        "## Answers of the verdict",
        _answers([("all", table["verdict"])]),
    ]
    for part in table["breakdowns"]:
        parts += [
            f"## By {part['by']}",
            _breakdown(part),
            _answers([(g["name"], g["verdict"]) for g in part["groups"]]),
        ]
    if table["flips"]:
        parts += ["## The same clips encoded again", _flips(table["flips"])]
    if table.get("leave_one_generator_out"):
        parts += ["## Fusion fitted without the generator", _left_out(table["leave_one_generator_out"])]
    if table["alarms"]:
        parts += ["## Real clips called fake", _list(_mistake(one) for one in table["alarms"])]
    if table["missed"]:
        parts += ["## Fakes called free of signs", _list(_mistake(one) for one in table["missed"])]
    if table["unreadable"]:
        parts += ["## Clips that could not be read", _list(f"`{u['id']}`: {u['why']}" for u in table["unreadable"])]
    if table["about"]["absent"]:
        parts += ["## Listed by the dataset and not here", _list(f"`{name}`" for name in table["about"]["absent"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(table: Values) -> str:
    about, clips = table["about"], table["clips"]
    ignored = " What files declare of themselves was ignored." if about.get("labels_ignored") else ""
    absent = f" {len(about['absent'])} clips that the dataset lists are not here." if about["absent"] else ""
    return (
        f"{about['dataset']}, split {about['split']}: {clips['real']} real and {clips['fake']} fake clips of "
        f"{clips['persons']} persons by {clips['generators']} generators. {clips['unreadable']} could not be read, in "
        f"{clips['without_a_face']} no face was found.{absent}\n\n"
        f"Measured with {about['versions']}; calibration {about['calibration'] or 'none'}.{ignored} "
        f"Intervals are 95 %, by drawing persons {about['draws']} times with seed {about['seed']}; those of false "
        "alarms are exact (Clopper and Pearson), as if every clip were of another person. AUC, EER, TPR, Brier and ECE "
        "are over the clips that a method scored: read them with the column before them."
    )


def _methods(methods: dict[str, Values]) -> str:
    rows = [
        [
            name,
            f"{one['scored']} ({one['coverage']:.0%})",
            *(_value(one[figure]) for figure in FIGURES),
            f"{_value(one['above_twin'])} of {one['twin_groups']}" if one["above_twin"] else "–",
        ]
        for name, one in methods.items()
    ]
    return _markdown(HEAD, rows)


def _notes(table: Values) -> str:
    notes = ["Accuracy, Brier and ECE are only for scores that are probabilities; accuracy is at p ≥ .5."]
    if 0 < table["clips"]["real"] < FEW_REALS:
        notes.append(
            f"With {table['clips']['real']} real clips 1 % is less than one clip: TPR is at a threshold that no real "
            "clip passes."
        )
    if table["methods"][FUSED]["scored"] == 0:
        notes.append("The verdict gave no clip a probability: no calibration fits the detectors that are here.")
    return " ".join(notes)


def _answers(rows: Iterable[tuple[str, Values]]) -> str:
    head = (
        "clips", "real", "fake", "answered", "right when answered", "real called fake", "false alarms",
        "fake called fake", "fake called real",
    )  # fmt: skip
    cells = [
        [
            name,
            str(v["real"]),
            str(v["fake"]),
            _share(v["coverage"]),
            _share(v["selective_accuracy"]),
            str(v["reals_called_fake"]),
            _share(v["false_alarm_rate"], digits=1),
            f"{v['fakes_called_fake']}",
            f"{v['fakes_called_real']}",
        ]
        for name, v in rows
    ]
    return _markdown(head, cells)


def _breakdown(part: Values) -> str:
    methods = list(part["groups"][0]["methods"])
    rows = [[group["name"], *(_auc(group["methods"][name]) for name in methods)] for group in part["groups"]]
    if not methods:
        return "No method scored a clip."
    return "AUC (with its interval; clips scored):\n\n" + _markdown((part["by"], *methods), rows)


def _auc(found: Values) -> str:
    return f"{_value(found['auc'])}, {found['scored']}" if math.isfinite(found["auc"][0]) else f"–, {found['scored']}"


def _flips(flips: Sequence[Values]) -> str:
    head = (
        "re-encoded", "truth", "clips", "kept", "real → fake", "fake → real", "→ inconclusive",
        "inconclusive → real", "inconclusive → fake",
    )  # fmt: skip
    keys = (
        "clips", "kept", "real_to_fake", "fake_to_real", "to_inconclusive", "inconclusive_to_real",
        "inconclusive_to_fake",
    )  # fmt: skip
    rows = [
        [one["variant"], truth, *(str(one[truth][key]) for key in keys)] for one in flips for truth in ("real", "fake")
    ]
    return "Answers before and after, counted:\n\n" + _markdown(head, rows)


def _left_out(rows: Sequence[Values]) -> str:
    head = (
        "left out", "real", "fake", "scored", "AUC", "answered", "real called fake", "false alarms", "fake called fake",
        "fake called real", "not fitted",
    )  # fmt: skip
    cells = [
        [
            one["generator"],
            str(one["real"]),
            str(one["fake"]),
            str(one["scored"]),
            _value(one["auc"]),
            _percent(one["coverage"]),
            str(one["reals_called_fake"]),
            _share(one["false_alarm_rate"], digits=1),
            str(one["fakes_called_fake"]),
            str(one["fakes_called_real"]),
            str(one["not_fitted"]),
        ]
        for one in rows
    ]
    known = [one["auc"][0] for one in rows if math.isfinite(one["auc"][0])]
    mean = f" Mean AUC over generators: {sum(known) / len(known):.3f}." if known else ""
    alarms = [
        f"`{alarm['id']}`, without {one['generator']}: probability {alarm['probability']:.2f}"
        for one in rows
        for alarm in one["alarms"]
    ]
    return "\n\n".join(
        [
            f"The detectors' own training is as it was; only the fusion is fitted again.{mean}",
            _markdown(head, cells),
            *(["Real clips called fake:", _list(alarms)] if alarms else []),
        ]
    )


def _mistake(one: Values) -> str:
    by = f", by {one['generator']}" if one["generator"] else ""
    why = "its file declares AI" if one["declared"] else f"probability {one['probability']:.2f}"
    return f"`{one['id']}`{by}: {why}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _value(interval: Sequence[float]) -> str:
    value, low, high = interval
    if not math.isfinite(value):
        return "–"
    return f"{value:.3f}" if not math.isfinite(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _share(interval: Sequence[float], digits: int = 0) -> str:
    value, low, high = interval
    if not math.isfinite(value):
        return "–"
    if not math.isfinite(low):
        return _percent(value, digits)
    return f"{_percent(value, digits)} ({_percent(low, digits)} to {_percent(high, digits)})"


def _percent(value: float, digits: int = 0) -> str:
    return f"{value:.{digits}%}" if math.isfinite(value) else "–"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in lines)
