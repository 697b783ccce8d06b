"""The words on the way to an answer."""

import pytest

from bot import words
from bot.saying import speaker
from core.types import Progress, Stage
from tests.synth.analyses import make_analysis


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0 s"), (0.4, "0.4 s"), (5, "5 s"), (9.97, "10 s"), (59.6, "1 min"), (185, "3 min 5 s")],
)
def test_durations_read_as_people_say_them(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("probability", "band"),
    [(0.0, "very low"), (0.05, "low"), (0.3, "moderate"), (0.6, "high"), (0.9, "very high"), (1.0, "very high")],
)
def test_every_probability_has_a_band(probability: float, band: str) -> None:
    assert words.probability_band(probability) == f"Likelihood of manipulation: {band}"


def test_no_probability_has_no_band() -> None:
    assert words.probability_band(None) is None


def test_every_stage_has_words() -> None:
    assert set(words.STAGES) == set(Stage)


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (None, "Starting"),
        (Progress(Stage.OPENING, 0, None, None), "Opening the clip"),
        (Progress(Stage.FRAMES, 50, 200, 7.6), "Looking at every frame · ███░░░░░░░░░ 25% · about 8 s left"),
        (Progress(Stage.FRAMES, 300, 200, 0.2), "Looking at every frame · ████████████ 100%"),
    ],
)
def test_progress_is_told_as_far_as_it_is_known(progress: Progress | None, line: str) -> None:
    assert words.progress_line(progress) == line


@pytest.mark.parametrize(
    ("ahead", "line"),
    [(0, "Waiting to start"), (1, "Waiting: 1 clip before this one"), (3, "Waiting: 3 clips before this one")],
)
def test_the_place_in_the_queue_counts_the_clips_before(ahead: int, line: str) -> None:
    assert words.queue_line(ahead) == line


@pytest.mark.parametrize(("size_bytes", "said"), [(10, "<0.1 MiB"), (1572864, "1.5 MiB"), (200 << 20, "200 MiB")])
def test_sizes_are_told_in_mebibytes(size_bytes: int, said: str) -> None:
    assert words.size(size_bytes) == said


@pytest.mark.parametrize(
    ("locale", "colon", "semicolon"),
    [("en", ": ", "; "), ("fr", "\N{NO-BREAK SPACE}: ", "\N{NO-BREAK SPACE}; "), ("ja", "：", "、")],
)
def test_the_line_of_a_face_has_the_marks_of_its_language(locale: str, colon: str, semicolon: str) -> None:
    say = speaker(locale)
    report = make_analysis(bpm=72.0).report
    pulse = words.pulse_line(report.faces[0], say)

    (line,) = words.face_lines(report, say)

    assert line.startswith(say.told("Face A") + colon)
    assert line.endswith(semicolon + pulse)
