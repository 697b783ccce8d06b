"""Clips are measured once, never twice, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import WeightsError
from core.evaluation.datasets.labelled import Label, LabelledClip, Region
from core.evaluation.detection.measure import Measurer, Task
from core.evaluation.detection.records import UNEXPECTED, ClipRecord, ScoreBook
from core.evaluation.detection.run import ByClip, run
from core.settings import VideoLimits
from core.types import Analysis
from tests.synth.labelled import Counting, fake_analyse, labelled, write_clip

LIMITS = VideoLimits()


def three_clips(folder: Path) -> tuple[LabelledClip, ...]:
    return tuple(
        labelled(write_clip(folder / f"{name}.mp4", score), Label.REAL, name)
        for name, score in (("a", 0.1), ("b", 0.2), ("c", None))
    )


def measured(clips: tuple[LabelledClip, ...], scores: Path, analyse: Counting, **others: int) -> ByClip:
    book = ScoreBook(scores)
    try:
        return run(clips, (), book, Measurer(analyse, LIMITS), versions="v1", **others)
    finally:
        book.close()


def test_work_that_was_stopped_goes_on_with_the_clips_that_are_left(tmp_path: Path) -> None:
    clips = three_clips(tmp_path)
    stopped, going_on = Counting(stop_after=2), Counting()

    with pytest.raises(KeyboardInterrupt):
        measured(clips, tmp_path / "scores.jsonl", stopped)
    found = measured(clips, tmp_path / "scores.jsonl", going_on)

    assert (stopped.asked, going_on.asked) == (["a.mp4", "b.mp4"], ["c.mp4"])
    assert [found[clip.id, "original"].faces[0].evidence[0].fake_score for clip in clips] == [0.1, 0.2, None]


def test_a_record_comes_back_from_the_file_as_it_was(tmp_path: Path) -> None:
    clips = three_clips(tmp_path)
    before = measured(clips, tmp_path / "scores.jsonl", Counting())

    assert measured(clips, tmp_path / "scores.jsonl", Counting()) == before


def test_a_line_cut_off_by_a_crash_costs_only_its_own_clip(tmp_path: Path) -> None:
    clips, scores = three_clips(tmp_path), tmp_path / "scores.jsonl"
    before = measured(clips, scores, Counting())
    scores.write_bytes(scores.read_bytes()[:-40])
    again, afterwards = Counting(), Counting()

    assert measured(clips, scores, again) == before
    assert again.asked == ["c.mp4"]
    measured(clips, scores, afterwards)
    assert afterwards.asked == []


def test_other_versions_are_measured_again(tmp_path: Path) -> None:
    clips, again = three_clips(tmp_path), Counting()
    measured(clips, tmp_path / "scores.jsonl", Counting())
    book = ScoreBook(tmp_path / "scores.jsonl")
    run(clips, (), book, Measurer(again, LIMITS), versions="v2")
    book.close()

    assert len(again.asked) == 3


def test_two_halves_of_a_clip_are_one_analysis_and_two_copies_too(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", 0.1, 0.9)
    copy = write_clip(tmp_path / "other" / "a.mp4", 0.1, 0.9)
    halves = [
        labelled(path, Label.REAL, "P", id="a#left", region=Region.LEFT),
        labelled(path, Label.FAKE, "P", "X", id="a#right", region=Region.RIGHT),
        labelled(copy, Label.REAL, "P", id="copy", region=Region.LEFT),
    ]
    counting = Counting()
    found = measured(tuple(halves), tmp_path / "scores.jsonl", counting)

    assert counting.asked == ["a.mp4"]
    assert set(found["a#left", "original"].answers) == {"left:all", "right:all"}


def test_an_unreadable_clip_is_recorded_and_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("no JSON")
    clips, again = (labelled(tmp_path / "bad.mp4", Label.REAL, "P"),), Counting()
    found = measured(clips, tmp_path / "scores.jsonl", Counting())
    measured(clips, tmp_path / "scores.jsonl", again)

    assert found["bad.mp4", "original"].failure == ("unreadable", "The file is damaged or is not a video.")
    assert again.asked == []


def test_a_failure_of_the_program_is_recorded_and_tried_again(tmp_path: Path) -> None:
    def broken(path: Path, limits: VideoLimits) -> Analysis:
        raise ZeroDivisionError

    task = Task(write_clip(tmp_path / "a.mp4"), "ab" * 32, "v1", "original", frozenset({"whole:all"}))
    record = Measurer(broken, LIMITS)(task)

    assert record.failure is not None
    assert record.failure[0] == UNEXPECTED
    assert not record.answers_all(task.views)


def test_missing_weights_stop_the_work_instead_of_failing_every_clip(tmp_path: Path) -> None:
    def without_weights(path: Path, limits: VideoLimits) -> Analysis:
        raise WeightsError("The weights are missing.")

    task = Task(write_clip(tmp_path / "a.mp4"), "ab" * 32, "v1", "original", frozenset({"whole:all"}))
    with pytest.raises(WeightsError):
        Measurer(without_weights, LIMITS)(task)


def test_a_clip_that_went_away_is_unreadable_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    clips = three_clips(tmp_path)
    clips[0].path.unlink()
    found = measured(clips, tmp_path / "scores.jsonl", Counting())

    assert found["a.mp4", "original"].failure is not None
    assert found["b.mp4", "original"].failure is None


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    clips = three_clips(tmp_path)
    books = [ScoreBook(tmp_path / f"{jobs}.jsonl") for jobs in (1, 2)]
    one, two = (
        run(clips, (), book, Measurer(fake_analyse, LIMITS), versions="v1", jobs=jobs)
        for jobs, book in zip((1, 2), books, strict=True)
    )
    for book in books:
        book.close()

    assert one == two


def test_progress_counts_what_is_known_from_before(tmp_path: Path) -> None:
    clips, told = three_clips(tmp_path), list[tuple[int, int, str]]()
    measured(clips, tmp_path / "scores.jsonl", Counting())
    book = ScoreBook(tmp_path / "scores.jsonl")
    run(
        clips, (), book, Measurer(Counting(), LIMITS), versions="v1",
        tell=lambda done, total, name: told.append((done, total, name)),
    )  # fmt: skip
    book.close()

    assert told == [(1, 3, "a.mp4"), (2, 3, "b.mp4"), (3, 3, "c.mp4")]


def test_a_record_lacking_a_view_is_measured_again() -> None:
    record = ClipRecord("ab" * 32, "v1", "original")

    assert not record.answers_all(frozenset({"left:all"}))
