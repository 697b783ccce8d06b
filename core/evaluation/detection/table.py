"""Every figure of an evaluation in plain values: what table.json holds and table.md is written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Interval, cluster_bootstrap_many
from core.evaluation.detection.figures import (
    NAN,
    auc_interval_of,
    clopper_pearson,
    method_figures,
    reliability,
)
from core.evaluation.detection.units import (
    CONSTANT,
    FUSED,
    POS_SNR,
    SAYS_FAKE,
    SAYS_REAL,
    SIZE_NAMES,
    TONE_NAMES,
    UNKNOWN,
    Unit,
    methods_of,
)
from core.evaluation.detection.variants import ORIGINAL
from core.evaluation.separation import share_interval
from core.types import VerdictLabel

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are drawn: persons `draws` times, always the same with one `seed`."""

    draws: int = 1000
    seed: int = 0


def build_table(units: Sequence[Unit], bootstrap: Bootstrap) -> Values:
    """Return every figure, ready for JSON (NaN stay NaN).

    Args:
        units: of all variants.
        bootstrap: of the intervals.
    """
    untouched = [unit for unit in units if unit.variant == ORIGINAL]
    methods = methods_of(untouched)
    variants = list(dict.fromkeys(unit.variant for unit in units))
    return {
        "clips": counts(untouched),
        "unreadable": [{"id": u.clip.id, "why": u.failure} for u in untouched if u.failure is not None],
        "methods": {name: _method(name, untouched, bootstrap) for name in methods},
        "verdict": _verdict(untouched, bootstrap),
        "breakdowns": _breakdowns(units, untouched, _telling(untouched, methods), bootstrap),
        "flips": [_flips(units, name) for name in variants if name != ORIGINAL],
        "alarms": [_mistake(u) for u in untouched if u.called_fake and not u.clip.fake],
        "missed": [_mistake(u) for u in untouched if u.answered and not u.called_fake and u.clip.fake],
    }


def counts(units: Sequence[Unit]) -> Values:
    """Return how many clips, persons and generators there are, and how many clips could not be read."""
    return {
        "real": sum(not u.clip.fake for u in units),
        "fake": sum(u.clip.fake for u in units),
        "persons": len({u.clip.person for u in units}),
        "generators": len({u.clip.family for u in units if u.clip.fake}),
        "unreadable": sum(u.failure is not None for u in units),
        "without_a_face": sum(u.failure is None and not u.faces for u in units),
    }


def scored(units: Sequence[Unit], method: str) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """Return scores (N,), truth (N,) and persons of the clips that a method scored."""
    there = [u for u in units if method in u.scores]
    return (
        np.array([u.scores[method] for u in there], np.float64),
        np.array([u.clip.fake for u in there], np.bool_),
        [u.clip.person for u in there],
    )


def is_probability(scores: NDArray[np.float64], method: str) -> bool:
    """Whether scores can be read as probabilities: all in 0..1, and not the baseline that is in dB."""
    return method != POS_SNR and bool(((scores >= 0) & (scores <= 1)).all())


def _method(name: str, units: Sequence[Unit], bootstrap: Bootstrap) -> Values:
    scores, fake, persons = scored(units, name)
    probability = is_probability(scores, name)
    figures = method_figures(scores, fake, persons, probability=probability, draws=bootstrap.draws, seed=bootstrap.seed)
    won, owners = _twins(units, name)
    twins = share_interval(won, owners, repeats=bootstrap.draws, seed=bootstrap.seed) if len(won) else None
    return {
        "scored": len(scores),
        "coverage": len(scores) / max(len(units), 1),
        "probability": probability,
        **{key: _interval(value) for key, value in asdict_intervals(figures).items()},
        "above_twin": None if twins is None else _interval(twins),
        "twin_groups": len(won),
        "reliability": [asdict(one) for one in reliability(scores, fake)] if probability else [],
    }


def asdict_intervals(figures: Any) -> dict[str, Interval]:
    """Return the fields of a dataclass of intervals."""
    return {name: getattr(figures, name) for name in figures.__dataclass_fields__}


def _twins(units: Sequence[Unit], method: str) -> tuple[NDArray[np.float64], list[str]]:
    """For each real clip with fakes made from it: the share of them that score higher, ties half; and its person."""
    groups: dict[tuple[str, str], list[Unit]] = {}
    for unit in units:
        if unit.clip.group and method in unit.scores:
            groups.setdefault((unit.clip.group, unit.clip.compression), []).append(unit)
    won, owners = [], []
    for members in groups.values():
        fakes = np.array([u.scores[method] for u in members if u.clip.fake])
        reals = np.array([u.scores[method] for u in members if not u.clip.fake])
        if len(fakes) and len(reals):
            won.append(float((np.sign(fakes[:, None] - reals) / 2 + 0.5).mean()))
            owners.append(members[0].clip.person)
    return np.array(won), owners


def _verdict(units: Sequence[Unit], bootstrap: Bootstrap) -> Values:
    """How often the verdict takes a side, is right when it does, and harms a real clip."""
    reals, fakes = [u for u in units if not u.clip.fake], [u for u in units if u.clip.fake]
    answered = np.array([u.answered for u in units], float)
    right = np.array([u.right for u in units], float)

    def shares(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        said = float(answered[rows].sum())
        return np.array([answered[rows].mean(), right[rows].sum() / said if said else NAN])

    persons = [u.clip.person for u in units]
    both = cluster_bootstrap_many(persons, shares, draws=bootstrap.draws, seed=bootstrap.seed) if units else ()
    coverage, selective = both or (Interval(NAN, NAN, NAN),) * 2
    false_alarms = sum(u.called_fake for u in reals)
    return {
        "real": len(reals),
        "fake": len(fakes),
        "coverage": _interval(coverage),
        "selective_accuracy": _interval(selective),
        "reals_called_fake": false_alarms,
        "false_alarm_rate": _interval(clopper_pearson(false_alarms, len(reals))),
        "fakes_called_fake": sum(u.called_fake for u in fakes),
        "fakes_called_real": sum(u.answered and not u.called_fake for u in fakes),
        "answers_on_reals": dict(sorted(Counter(u.answer.label for u in reals).items())),
        "answers_on_fakes": dict(sorted(Counter(u.answer.label for u in fakes).items())),
    }


def _breakdowns(
    units: Sequence[Unit], untouched: Sequence[Unit], methods: Sequence[str], bootstrap: Bootstrap
) -> list[Values]:
    reals = [u for u in untouched if not u.clip.fake]
    fakes = [u for u in untouched if u.clip.fake]
    families = sorted({u.clip.family for u in fakes})
    variants = sorted({u.clip.generator for u in fakes if ":" in u.clip.generator})
    by_generator = [(name, reals + [u for u in fakes if u.clip.family == name]) for name in families]
    by_variant = [(name, reals + [u for u in fakes if u.clip.generator == name]) for name in variants]
    by_damage = _grouped(untouched, lambda u: u.clip.compression or "as it is")
    by_damage += [item for item in _grouped(units, lambda u: f"re-encoded {u.variant}") if ORIGINAL not in item[0]]
    found = (
        ("generator", by_generator),
        ("generator and target", by_variant),
        ("compression", by_damage),
        ("face size", _grouped(untouched, lambda u: u.size_group, (*SIZE_NAMES, UNKNOWN))),
        ("skin tone (ITA)", _grouped(untouched, lambda u: u.tone_group, (*TONE_NAMES, UNKNOWN))),
    )
    return [
        {"by": by, "groups": [_group(name, members, methods, bootstrap) for name, members in groups]}
        for by, groups in found
        if groups
    ]


def _telling(units: Sequence[Unit], methods: Sequence[str]) -> list[str]:
    """Without the methods that scored nothing, and the one that says the same of everything."""
    return [name for name in methods if name != CONSTANT and any(name in u.scores for u in units)]


def _grouped(
    units: Iterable[Unit], name_of: Callable[[Unit], str], order: Sequence[str] = ()
) -> list[tuple[str, list[Unit]]]:
    groups: dict[str, list[Unit]] = {name: [] for name in order}
    for unit in units:
        groups.setdefault(name_of(unit), []).append(unit)
    return [(name, members) for name, members in groups.items() if members]


def _group(name: str, units: Sequence[Unit], methods: Sequence[str], bootstrap: Bootstrap) -> Values:
    aucs = {}
    for method in methods:
        scores, fake, persons = scored(units, method)
        found = auc_interval_of(scores, fake, persons, draws=bootstrap.draws, seed=bootstrap.seed)
        aucs[method] = {"scored": len(scores), "auc": _interval(found)}
    return {"name": name, "methods": aucs, "verdict": _verdict(units, bootstrap)}


def _flips(units: Sequence[Unit], variant: str) -> Values:
    """What became of the answers when the same clips were encoded again."""
    before = {u.clip.id: u for u in units if u.variant == ORIGINAL and u.failure is None}
    pairs = [(before[u.clip.id], u) for u in units if u.variant == variant and u.clip.id in before]
    found: Values = {"variant": variant}
    for label, fake in (("real", False), ("fake", True)):
        of_label = [(_side(a), _side(b)) for a, b in pairs if a.clip.fake == fake]
        found[label] = {"clips": len(of_label), **_changes(of_label)}
    return found


def _changes(sides: Sequence[tuple[str, str]]) -> dict[str, int]:
    return {
        "kept": sum(a == b for a, b in sides),
        "real_to_fake": sides.count(("real", "fake")),
        "fake_to_real": sides.count(("fake", "real")),
        "to_inconclusive": sum(a != "none" and b == "none" for a, b in sides),
        "inconclusive_to_real": sides.count(("none", "real")),
        "inconclusive_to_fake": sides.count(("none", "fake")),
    }


def _side(unit: Unit) -> str:
    if unit.answer.label in SAYS_FAKE:
        return "fake"
    return "real" if unit.answer.label in SAYS_REAL else "none"


def _mistake(unit: Unit) -> Values:
    declared = unit.answer.label == VerdictLabel.DECLARED_SYNTHETIC.value
    told = {"id": unit.clip.id, "generator": unit.clip.generator, "probability": unit.scores.get(FUSED)}
    return {**told, "declared": declared}


def _interval(found: Interval) -> list[float]:
    return [found.value, found.low, found.high]
