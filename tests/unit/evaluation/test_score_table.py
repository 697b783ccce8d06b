from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DatasetError, OutputError
from core.evaluation.score_table import COLUMNS, read_scores, write_scores
from core.types import Evidence, Measurement
from core.verdict.fit import ScoredFace

LINE = ("a", "fake", "p1", "swap", "appearance", "1", "0.75", "0.5")


def table(path: Path, *lines: tuple[str, ...]) -> Path:
    path.write_text("\n".join("\t".join(line) for line in (COLUMNS, *lines)) + "\n", encoding="utf-8")
    return path


def test_scores_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    level = (Measurement("synthesis_log_odds", -1.5, ""),)
    both = (Evidence("appearance", "1", None, 1 / 3, 0.9, level), Evidence("temporal", "1", None, None, 0.0))
    faces = (ScoredFace("a", True, "p1", "swap", both), ScoredFace("b:left", False, "p2", "", both[:1]))
    assert read_scores(write_scores(faces, tmp_path / "scores.tsv")) == faces


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, ""), (1, "maybe"), (2, ""), (6, "1.5"), (6, "nan"), (7, ""), (7, "-1")],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path: Path, at: int, value: str) -> None:
    bad = tuple(value if i == at else cell for i, cell in enumerate(LINE))
    with pytest.raises(DatasetError, match="Line 3"):
        read_scores(table(tmp_path / "scores.tsv", ("b", *LINE[1:]), bad))


def test_a_face_told_twice_or_differently_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Line 3"):
        read_scores(table(tmp_path / "twice.tsv", LINE, LINE))
    with pytest.raises(DatasetError, match="Line 3"):
        read_scores(table(tmp_path / "other.tsv", LINE, ("a", "real", "p1", "swap", "temporal", "1", "0.1", "1")))


def test_a_table_without_a_column_or_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short.tsv").write_text("clip\tlabel\n")
    with pytest.raises(DatasetError, match="person"):
        read_scores(tmp_path / "short.tsv")
    with pytest.raises(DatasetError, match="no line"):
        read_scores(table(tmp_path / "none.tsv"))
    with pytest.raises(DatasetError, match="cannot be read"):
        read_scores(tmp_path / "absent.tsv")


def test_scores_that_cannot_be_written_are_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"scores\.tsv"):
        write_scores((), tmp_path / "absent" / "scores.tsv")
