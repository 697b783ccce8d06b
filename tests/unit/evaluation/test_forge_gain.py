"""The comparison of arms: nobody on both sides, no pair that is held out in training, and figures that are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.forge_gain.arms import Job, jobs
from benchmarks.forge_gain.material import Store, Swap, halves, held_out, pairs_of, read_swaps
from benchmarks.forge_gain.scores import Row
from benchmarks.forge_gain.table import FIGURES, differences, lines, scored
from core.errors import DatasetError
from core.evaluation.face_clips import FaceClip


def clips(person: str, target: str | None = None, count: int = 1) -> list[FaceClip]:
    if target is None:
        return [FaceClip(Path("c"), None, False, person, "real", person, "train")] * count
    sides = (("left", False), ("right", True))
    return [FaceClip(Path("c"), half, fake, person, target, person, "train") for half, fake in sides] * count


def swap(source: str, target: str) -> Swap:
    return Swap(Path("m"), Path("d"), source, target)


COLLECTION = [*clips("A", "X", 3), *clips("B", "X"), *clips("C", "Y", 2), *clips("D", "Z"), *clips("E", count=2)]
COLLECTION += [one for name in "FGHIJK" for one in clips(name)]
SWAPS = [swap("F", "G"), swap("G", "H"), swap("I", "J"), swap("J", "I")]


def test_nobody_is_linked_across_the_halves() -> None:
    half_of = halves(COLLECTION, SWAPS, alike=[("D", "K")])
    assert half_of["A"] == half_of["B"] == half_of["X"]
    assert half_of["C"] == half_of["Y"]
    assert half_of["F"] == half_of["G"] == half_of["H"]
    assert half_of["I"] == half_of["J"]
    assert half_of["D"] == half_of["K"] == half_of["Z"]


def test_both_halves_have_swaps_of_both_kinds_and_filmed_clips() -> None:
    half_of = halves(COLLECTION, SWAPS)
    for half in (0, 1):
        assert any(one.half and half_of[one.person] == half for one in COLLECTION)
        assert any(not one.half and half_of[one.person] == half for one in COLLECTION)
        assert any(half_of[one.source] == half for one in SWAPS)


def test_the_table_of_swaps_is_read_from_its_folder_and_named_where_it_lacks_a_column(tmp_path: Path) -> None:
    table = tmp_path / "SWAPS.tsv"
    table.write_text("model\tdriver\tsource\ttarget\nm\tclips/d.mp4\tA\tB\n")
    assert read_swaps(table) == [Swap(tmp_path / "m", tmp_path / "clips/d.mp4", "A", "B")]
    table.write_text("model\tdriver\nm\td\n")
    with pytest.raises(DatasetError, match=r"SWAPS\.tsv"):
        read_swaps(table)


def test_pairs_that_are_held_out_are_no_pairs_to_train_on(tmp_path: Path) -> None:
    names = np.array([f"{number}.jpg" for number in range(60)])
    store = Store(tmp_path)
    some = np.zeros((60, 256, 256, 3), np.uint8)
    store.keep("pairs", {"rgb": some, "fake": some, "landmarks": np.zeros((60, 468, 2), np.float32), "person": names})
    held, trained = ({face.person for face, _ in pairs_of(store.get("pairs"), held=held)} for held in (True, False))
    assert held == {name for name in names if held_out(name)} and 2 < len(held) < 25
    assert held | trained == set(names) and not held & trained


def test_what_was_not_kept_wholly_is_read_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not store.has("clip")
    store.keep("clip", {"rgb": np.arange(3)})
    assert store.has("clip") and store.get("clip")["rgb"].tolist() == [0, 1, 2]


def test_every_arm_is_trained_on_every_half_with_every_seed_once() -> None:
    listed = jobs(2)
    assert len(listed) == len(set(listed)) == len({job.name for job in listed}) == 16
    assert {(job.half, job.seed) for job in listed if job.studio and not job.swaps} == {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_fine_swaps_are_compared_with_the_same_networks_without_any() -> None:
    plain, fine = jobs(1), jobs(1, fine=True)
    assert [job for job in fine if not job.studio] == [job for job in plain if not job.studio]
    assert not {job.name for job in fine if job.studio} & {job.name for job in plain}
    arms = {job: answers(perfect if job.fine else by_chance) for job in fine}
    printed = list(lines(arms, least_px=80.0))
    assert "forge  against  forge + fine own swaps" in printed[0]


def answers(level: Callable[[str, bool, int], float]) -> list[Row]:
    """Twelve people with a swap of ours and one of theirs each, and six filmed ones; levels by kind, fake, number."""
    rows = []
    for number in range(12):
        for kind in ("their swap", "own swap"):
            for fake in (False, True):
                name = f"{kind} {number}"
                told = level(kind, fake, number)
                rows.append(Row(kind, fake, name, name, f"P{number}", 120.0, told, -9.0))
    rows += [Row("real", False, f"r{n}", f"r{n}", f"R{n}", 120.0, level("real", False, n), -9.0) for n in range(6)]
    rows.append(Row("their swap", True, "small", "small", "P0", 40.0, 9.0, 9.0))
    return rows


def perfect(_kind: str, fake: bool, number: int) -> float:
    return (5.0 if fake else -5.0) + number / 100


def by_chance(_kind: str, _fake: bool, number: int) -> float:
    return number / 100


def done(
    without: Callable[[str, bool, int], float], with_own: Callable[[str, bool, int], float]
) -> dict[Job, list[Row]]:
    return {
        Job(studio, False, half, seed): answers(with_own if studio else without)
        for studio in (False, True)
        for half in (0, 1)
        for seed in (0, 1)
    }


def test_a_gain_that_is_there_is_told_with_an_interval_that_leaves_out_zero() -> None:
    arms = done(by_chance, perfect)
    without, with_own = (scored(arms, studio, False, [0, 1], 80.0) for studio in (False, True))
    told = dict(zip(FIGURES, differences(without, with_own), strict=True))
    before, after, gain = told["own swaps against own twins, blending"]
    assert before.value == pytest.approx(0.5) and after.value == 1.0
    assert gain.value == pytest.approx(0.5) and gain.low > 0.2
    assert told["their swaps above their twin"][1].value == 1.0


def test_equal_arms_differ_by_nothing() -> None:
    arms = done(perfect, perfect)
    without, with_own = (scored(arms, studio, False, [0, 1], 80.0) for studio in (False, True))
    gains = [gain for _, _, gain in differences(without, with_own)]
    assert all(gain.value == gain.low == gain.high == 0 for gain in gains if np.isfinite(gain.value))
    assert sum(np.isfinite(gain.value) for gain in gains) >= 10


def test_faces_under_the_least_size_are_in_no_figure() -> None:
    arms = done(perfect, perfect)
    assert "small" not in {row.name for row in scored(arms, False, False, [0], 80.0).rows}
    assert "small" in {row.name for row in scored(arms, False, False, [0], 20.0).rows}


def test_the_table_has_a_line_for_each_figure_and_leaves_out_seeds_that_are_not_whole() -> None:
    arms = done(perfect, perfect)
    del arms[Job(True, False, 1, 1)]
    printed = list(lines(arms, least_px=80.0))
    assert "1 seeds" in printed[0] and "12 of their swaps, 12 own swaps" in printed[0]
    assert all(any(line.startswith(name) for line in printed) for name in FIGURES)
