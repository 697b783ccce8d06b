"""A logistic of named numbers: small enough to be read, kept as plain numbers in a JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FORMAT = 1
MOST_SPREADS = 3.0
"""A number this many standard deviations away counts as no farther: one odd measurement must not decide."""


@dataclass(frozen=True, slots=True)
class Term:
    """One number: where it is missing `middle` stands in; it counts as `weight` · (value - centre) / spread."""

    name: str
    middle: float
    centre: float
    spread: float
    weight: float

    def log_odds(self, value: float | None) -> float:
        """What the number adds."""
        known = self.middle if value is None or not math.isfinite(value) else value
        far = (known - self.centre) / self.spread
        return self.weight * min(max(far, -MOST_SPREADS), MOST_SPREADS)


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Log-odds are `bias` plus what each term adds."""

    terms: tuple[Term, ...]
    bias: float

    def parts(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return what each number adds to the log-odds, by its name."""
        return {term.name: term.log_odds(values.get(term.name)) for term in self.terms}

    def log_odds(self, values: Mapping[str, float]) -> float:
        """Return the log-odds for these numbers; missing ones and NaN count as usual ones."""
        return self.bias + sum(self.parts(values).values())


def fit_linear(values: Floats, names: Sequence[str], positive: NDArray[np.bool_], ridge: float) -> LinearModel:
    """Fit a model to rows of numbers (N, K), NaN where one is missing; both classes weigh the same.

    Raises:
        ValueError: there are not both classes, or a number is missing everywhere.
    """
    if positive.all() or not positive.any():
        raise ValueError("a logistic needs both classes")
    if not np.isfinite(values).any(axis=0).all():
        raise ValueError("a number is missing everywhere")
    middle = np.nanmedian(values, axis=0)
    known = np.where(np.isfinite(values), values, middle)
    centre, spread = known.mean(axis=0), known.std(axis=0) + 1e-9
    scaled = np.clip((known - centre) / spread, -MOST_SPREADS, MOST_SPREADS)
    found = ridge_logistic(np.column_stack([np.ones(len(known)), scaled]), positive, ridge)
    columns = zip(names, middle, centre, spread, found[1:], strict=True)
    return LinearModel(tuple(Term(n, *(float(v) for v in rest)) for n, *rest in columns), float(found[0]))


def ridge_logistic(design: Floats, positive: NDArray[np.bool_], ridge: float, free: int = 1) -> Floats:
    """Return coefficients (K,) of a logistic regression on `design` (N, K), by Newton's method.

    The first `free` columns are not penalised; each class weighs half of all rows.
    """
    weight = np.where(positive, 0.5 / positive.sum(), 0.5 / (~positive).sum()) * len(positive)
    penalty = np.full(design.shape[1], ridge)
    penalty[:free] = 1e-6
    found = np.zeros(design.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (weight * (p - positive)) + penalty * found
        curvature = (design * (weight * p * (1 - p) + 1e-9)[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        found = found - step
        if np.abs(step).max() < 1e-9:
            break
    return found


def save_linear(model: LinearModel, path: Path) -> Path:
    """Write a model that `load_linear` reads back equal; returns `path`."""
    terms = [{name: getattr(term, name) for name in Term.__slots__} for term in model.terms]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": FORMAT, "bias": model.bias, "terms": terms}, indent=1) + "\n")
    return path


def load_linear(path: Path) -> LinearModel:
    """Read a model.

    Raises:
        ValueError: the file is not one.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError("another format")
        terms = tuple(
            Term(str(t["name"]), *(float(t[key]) for key in ("middle", "centre", "spread", "weight")))
            for t in values["terms"]
        )
        model = LinearModel(terms, float(values["bias"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a linear model") from error
    numbers = [model.bias, *(n for t in terms for n in (t.middle, t.centre, t.spread, t.weight))]
    if not all(math.isfinite(n) for n in numbers) or any(t.spread <= 0 for t in terms):
        raise ValueError(f"{path.name} is not a linear model")
    return model
