"""The plan to a million checks: arithmetic that can be followed, and a page that says what the command says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from benchmarks.scale_plan import INPUTS, limits, numbers, plan, tables

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


def value(what: str, **changed: float) -> float:
    return next(line.value for line in plan(numbers(changed)) if line.what == what)


def test_the_page_shows_what_the_command_prints() -> None:
    assert tables(numbers()) in PAGE.read_text(), "copy what `python -m benchmarks.scale_plan` prints into the page"


@pytest.mark.parametrize("one", INPUTS, ids=lambda one: one.name)
def test_every_input_says_where_it_is_from(one: object) -> None:
    kind, _, module = one.source.partition("python -m ")  # type: ignore[attr-defined]
    if module:
        assert importlib.util.find_spec(module) is not None
    else:
        assert kind == "assumed" or kind.startswith(("published: ", "setting: "))


def test_twice_the_checks_need_twice_of_everything_that_serves_them() -> None:
    for what in ("cores, one worker process on each", "transactions at the peak", "requests to Discord at the peak",
                 "size after the retention days", "clips that wait or are analysed"):  # fmt: skip
        assert value(what, checks_a_day=2e6) == pytest.approx(2 * value(what))


def test_cores_are_analyses_times_their_time_over_how_far_they_are_loaded() -> None:
    given = {"checks_a_day": 86_400.0, "peak": 2.0, "known": 0.5, "clip_s": 10.0, "analysis_core_s": 0.3,
             "figures_core_s": 1.0, "busy": 0.5}  # fmt: skip

    assert value("analyses at the peak", **given) == pytest.approx(1.0)
    assert value("processor time of an analysis with its figures", **given) == pytest.approx(4.0)
    assert value("cores, one worker process on each", **given) == pytest.approx(8.0)


def test_shards_are_whole() -> None:
    assert (value("shards", servers=2500), value("shards", servers=2501)) == (1, 2)


def test_what_is_full_first_is_named_first_and_is_full_then() -> None:
    found = limits(numbers())
    assert [line.value for line in found] == sorted(line.value for line in found)

    (discord,) = [line for line in found if line.part == "Discord"]
    assert value("requests to Discord at the peak", checks_a_day=discord.value) == pytest.approx(50)


def test_an_input_that_there_is_not_cannot_be_set() -> None:
    with pytest.raises(KeyError, match="chekcs"):
        numbers({"chekcs_a_day": 1})
