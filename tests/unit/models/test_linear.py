from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.linear import LinearModel, Term, fit_linear, load_linear, ridge_logistic, save_linear


def data(seed: int = 0, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    fake = rng.random(n) < 0.3
    values = np.column_stack([rng.normal(5 + 2.0 * fake, 1.0), rng.normal(0, 100, n)])
    return values, fake


def test_a_fit_tells_the_classes_apart_by_the_number_that_differs() -> None:
    values, fake = data()
    model = fit_linear(values, ["tells", "noise"], fake, ridge=1.0)
    fresh, truth = data(seed=1)
    odds = np.array([model.log_odds(dict(zip(("tells", "noise"), row, strict=True))) for row in fresh])
    assert ((odds > 0) == truth).mean() > 0.8
    assert abs(model.terms[1].weight) < 0.2 * abs(model.terms[0].weight)


def test_both_classes_weigh_the_same_however_many_there_are() -> None:
    rng = np.random.default_rng(0)
    fake = np.array([True] * 50 + [False] * 950)
    found = ridge_logistic(np.column_stack([np.ones(1000), rng.normal(size=1000)]), fake, ridge=1.0)
    assert found[0] == pytest.approx(0.0, abs=0.1)


def test_missing_numbers_count_as_usual_ones_and_odd_ones_only_so_far() -> None:
    model = LinearModel((Term("a", middle=2.0, centre=1.0, spread=0.5, weight=0.3),), bias=0.1)
    assert model.log_odds({}) == model.log_odds({"a": float("nan")}) == pytest.approx(0.1 + 0.3 * 2)
    assert model.log_odds({"a": 1e9}) == pytest.approx(0.1 + 0.3 * 3)


def test_a_model_is_read_back_equal(tmp_path: Path) -> None:
    model = fit_linear(*(data()[0], ["a", "b"], data()[1]), ridge=3.0)
    assert load_linear(save_linear(model, tmp_path / "new" / "model.json")) == model


@pytest.mark.parametrize("change", [{"format": 0}, {"bias": None}, {"terms": [{"name": "a"}]}, {"bias": float("inf")}])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = save_linear(LinearModel((Term("a", 0.0, 0.0, 1.0, 1.0),), 0.0), tmp_path / "model.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=r"model\.json"):
        load_linear(path)


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        fit_linear(np.ones((3, 1)), ["a"], np.ones(3, bool), ridge=1.0)
