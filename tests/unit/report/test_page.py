from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.errors import OutputError
from core.report.output import require_writable
from core.report.page import write_report
from core.report.words import VERDICT_WORDS
from core.types import VerdictLabel
from tests.synth.analyses import WHY_NO_PULSE, make_analysis, with_report


class Page(HTMLParser):
    """Tags with their attributes, and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("label", list(VerdictLabel))
def test_the_page_says_the_verdict_and_what_it_rests_on_in_words(tmp_path: Path, label: VerdictLabel) -> None:
    analysis = make_analysis(label=label)
    shown = page(write_report(analysis, tmp_path / "out", "a clip.mp4")).text
    assert VERDICT_WORDS[label].title in shown
    assert analysis.report.verdict.reasons[0] in shown
    assert "a clip.mp4" in shown


def test_the_page_stands_alone_and_its_figures_are_also_files(tmp_path: Path) -> None:
    path = write_report(make_analysis(faces=2), tmp_path, "clip.mp4")
    sources = [str(image["src"]) for image in page(path).all("img")]
    assert len(sources) == 8
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not page(path).all("script") and not page(path).all("link")
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 8
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_every_picture_has_words_and_every_table_headers(tmp_path: Path) -> None:
    shown = page(write_report(make_analysis(), tmp_path, "clip.mp4"))
    assert all(image["alt"] for image in shown.all("img"))
    assert shown.all("th") and all(header.get("scope") in {"row", "col"} for header in shown.all("th"))
    assert shown.all("html")[0]["lang"] == "en"


def test_what_was_not_possible_is_told_with_its_reason(tmp_path: Path) -> None:
    shown = page(write_report(make_analysis(bpm=None), tmp_path, "clip.mp4")).text
    assert f"Pulse of Face A: {WHY_NO_PULSE}" in shown
    assert "no Content Credentials" in shown


def test_the_page_tells_how_often_each_face_blinked(tmp_path: Path) -> None:
    analysis = make_analysis(faces=2)
    first, second = analysis.report.faces
    faces = (replace(first, blinks_per_min=14.5), replace(second, blinks_abstained_because="too short"))
    shown = page(write_report(with_report(analysis, faces=faces), tmp_path, "clip.mp4")).text
    assert "Blinks" in shown
    assert "14 a minute" in shown
    assert "not counted: too short" in shown


def test_a_clip_without_a_face_says_so(tmp_path: Path) -> None:
    assert "No face was found" in page(write_report(make_analysis(faces=0), tmp_path, "clip.mp4")).text


def test_hashes_versions_and_times_are_on_the_page(tmp_path: Path) -> None:
    shown = page(write_report(make_analysis(), tmp_path, "clip.mp4")).text
    for fact in ("ab" * 32, "12" * 32, "provenance 1", "frames 3.10 s", "2026-05-04 12:30 UTC"):
        assert fact in shown


def test_a_name_or_sentence_with_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    nasty = "<script>alert('x')</script>.mp4"
    analysis = make_analysis()
    shown = page(write_report(with_report(analysis, versions={nasty: nasty}), tmp_path, nasty))
    assert not shown.all("script")
    assert nasty in shown.text


def test_a_folder_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="Nothing can be written") as caught:
        write_report(make_analysis(), tmp_path / "file" / "out", "clip.mp4")
    assert "\n" not in str(caught.value)
    with pytest.raises(OutputError):
        require_writable(tmp_path / "file" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_report_that_fails_half_way_leaves_the_old_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(make_analysis(bpm=60.0), tmp_path, "clip.mp4")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full_disk(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OutputError, match="no space left on device"):
        write_report(make_analysis(bpm=90.0), tmp_path, "clip.mp4")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_second_report_replaces_the_first_and_leaves_no_scratch_files(tmp_path: Path) -> None:
    write_report(make_analysis(bpm=60.0), tmp_path, "clip.mp4")
    path = write_report(make_analysis(bpm=90.0), tmp_path, "clip.mp4")
    assert "90 beats a minute" in page(path).text
    assert not list(tmp_path.glob(".*"))
