from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core import weights
from core.errors import WeightsError
from core.weights import WeightState
from tests.integration.cli.conftest import Told

Call = Callable[..., Told]


def test_every_weight_file_is_listed_with_its_hash_and_state(call: Call) -> None:
    told = call("models", "list")
    assert told.status == 0
    for state in weights.weight_states():
        assert f"{state.name}: " in told.out and state.sha256 in told.out


@pytest.mark.parametrize(("needed", "status"), [(True, 1), (False, 0)])
def test_only_needed_weights_that_are_missing_are_a_failure(
    call: Call, monkeypatch: pytest.MonkeyPatch, needed: bool, status: int
) -> None:
    broken = WeightState("face-x", "ab" * 32, "MIT", "y", "The weights face-x are missing; do z.", needed)
    monkeypatch.setattr(weights, "weight_states", lambda: (broken,))
    told = call("models", "list")
    assert told.status == status
    assert "The weights face-x are missing; do z." in told.out


def test_weights_that_cannot_be_fetched_are_a_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Path:
        raise WeightsError("They could not be fetched; put the file there by hand.")

    monkeypatch.setattr(weights, "fetch_weights", refuse)
    told = call("models", "fetch")
    assert (told.status, told.out) == (1, "")
    assert told.err == "They could not be fetched; put the file there by hand.\n"
