"""The whole evaluation with made-up analyses: every number of the table can be counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DatasetError, OutputError
from core.evaluation.datasets.labelled import Collection, Label, LabelledClip, Pick, Region
from core.evaluation.detection import Evaluation, Options, evaluate
from core.evaluation.detection.evaluate import limited
from core.evaluation.detection.measure import Measurer, Task, concluded
from core.evaluation.detection.peers import read_peer_scores
from core.evaluation.detection.records import Answer, ClipRecord, FaceRecord
from core.evaluation.detection.table import Bootstrap
from core.evaluation.detection.units import CONSTANT, FUSED
from core.evaluation.detection.variants import VARIANTS, Variant, parse_variants, reencode
from core.evaluation.detection.views import in_view
from core.evaluation.score_table import read_scores
from core.settings import VideoLimits
from core.types import Evidence, FaceSummary
from core.verdict import Calibration
from core.video import open_clip
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.labelled import fake_analyse, labelled, write_clip

FEW = Bootstrap(draws=40)
MEASURE = Measurer(fake_analyse, VideoLimits())


def face(centre_x: float = 0.5, score: float | None = None, size_px: float = 120, track: int = 0) -> FaceRecord:
    summary = FaceSummary(track, (0.0, 4.0), 100, size_px, (0, 0), (0, 0, 9, 9), None, None, None, "made up")
    return FaceRecord(summary, centre_x, 35.0, -3.0, (Evidence("appearance", "1", track, score, 1.0),))


def told(label: str = "inconclusive", p: float | None = None, **others: Any) -> Callable[[Task], ClipRecord]:
    """A measurement that answers every view of every clip alike."""
    return lambda task: ClipRecord(
        task.sha256, task.versions, task.variant, faces=(face(score=p),),
        answers={view: Answer(label, p) for view in task.views}, calibration_id="made-up", **others,
    )  # fmt: skip


def collection(*clips: LabelledClip) -> Collection:
    return Collection("A set", clips)


def eight_clips(folder: Path) -> Collection:
    """Four real, four fake of two generators; one fake calls itself real, one real is called fake, two abstain."""
    rows = [
        ("r1", Label.REAL, "", 0.05, "likely_real"), ("r2", Label.REAL, "", 0.1, "likely_real"),
        ("r3", Label.REAL, "", 0.95, "likely_fake"), ("r4", Label.REAL, "", None, "inconclusive"),
        ("f1", Label.FAKE, "X:a", 0.97, "likely_fake"), ("f2", Label.FAKE, "X:b", 0.96, "likely_fake"),
        ("f3", Label.FAKE, "Y", 0.02, "likely_real"), ("f4", Label.FAKE, "Y", 0.6, "inconclusive"),
    ]  # fmt: skip
    return collection(
        *(
            labelled(write_clip(folder / f"{n}.mp4", s, label=answer, p=s), label, n[1], g, group=n[1])
            for n, label, g, s, answer in rows
        )
    )


def run(clips: Collection, out: Path, measure: Callable[[Task], ClipRecord] = MEASURE, **options: Any) -> Evaluation:
    return evaluate(clips, out, Options(bootstrap=FEW, **options), measure, versions="v1")


@pytest.fixture
def eight(tmp_path: Path) -> Evaluation:
    return run(eight_clips(tmp_path / "clips"), tmp_path / "out")


class TestCounts:
    def test_an_abstention_lowers_coverage_and_is_never_a_score_of_a_half(self, eight: Evaluation) -> None:
        fused = eight.table["methods"][FUSED]

        assert (fused["scored"], fused["coverage"]) == (7, 7 / 8)
        # 3 reals and 4 fakes: of 12 pairs f1 and f2 win 3 each, f4 2, f3 none
        assert fused["auc"][0] == pytest.approx(8 / 12)

    def test_the_verdict_is_judged_by_its_answers(self, eight: Evaluation) -> None:
        verdict = eight.table["verdict"]

        assert verdict["coverage"][0] == 6 / 8
        assert verdict["selective_accuracy"][0] == pytest.approx(4 / 6)
        assert (verdict["reals_called_fake"], verdict["fakes_called_fake"], verdict["fakes_called_real"]) == (1, 2, 1)
        assert verdict["false_alarm_rate"] == pytest.approx([0.25, 0.0063, 0.8059], abs=1e-4)

    def test_real_clips_called_fake_are_named(self, eight: Evaluation) -> None:
        assert [alarm["id"] for alarm in eight.table["alarms"]] == ["r3.mp4"]
        assert "`r3.mp4`: probability 0.95" in (eight.folder / "table.md").read_text()

    def test_fakes_called_free_of_signs_are_named_with_what_made_them(self, eight: Evaluation) -> None:
        assert "- `f3.mp4`, by Y: probability 0.02" in (eight.folder / "table.md").read_text()

    def test_every_clip_has_a_line_with_its_scores_and_nothing_where_a_method_abstained(
        self, eight: Evaluation
    ) -> None:
        head, *lines = [line.split("\t") for line in (eight.folder / "clips.tsv").read_text().splitlines()]
        told = {line[0]: dict(zip(head, line, strict=True)) for line in lines}

        assert len(told) == 8
        assert (told["r3.mp4"]["answer"], told["r3.mp4"]["appearance"]) == ("likely_fake", "0.95")
        assert told["r4.mp4"][FUSED] == told["r4.mp4"]["appearance"] == ""

    def test_a_detector_alone_has_its_own_row_and_the_constant_is_chance(self, eight: Evaluation) -> None:
        methods = eight.table["methods"]

        assert methods["appearance"]["auc"] == methods[FUSED]["auc"]
        assert methods[CONSTANT]["auc"][0] == 0.5
        assert methods[CONSTANT]["brier"][0] == 0.25

    def test_each_generator_is_set_against_all_real_clips(self, eight: Evaluation) -> None:
        groups = {
            g["name"]: g for part in eight.table["breakdowns"] if part["by"] == "generator" for g in part["groups"]
        }

        assert groups["X"]["methods"][FUSED]["auc"][0] == 1
        assert groups["Y"]["methods"][FUSED]["auc"][0] == pytest.approx(2 / 6)
        assert (groups["Y"]["verdict"]["real"], groups["Y"]["verdict"]["fake"]) == (4, 2)

    def test_a_fake_is_compared_with_its_own_real_twin(self, eight: Evaluation) -> None:
        fused = eight.table["methods"][FUSED]

        # f1 over r1, f2 over r2, f3 under r3; r4 abstained
        assert (fused["above_twin"][0], fused["twin_groups"]) == (pytest.approx(2 / 3), 3)

    def test_a_declaration_is_an_answer_of_fake(self, tmp_path: Path) -> None:
        clip = labelled(write_clip(tmp_path / "a.mp4"), Label.REAL, "P")
        table = run(collection(clip), tmp_path / "out", told("declared_synthetic")).table

        assert table["verdict"]["reals_called_fake"] == 1
        assert table["alarms"][0]["declared"]

    def test_an_unreadable_clip_stays_in_every_count(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path / "clips")
        (tmp_path / "clips" / "f1.mp4").write_text("no JSON")
        table = run(clips, tmp_path / "out").table

        assert table["clips"]["unreadable"] == 1
        assert table["verdict"]["fake"] == 4
        assert table["verdict"]["coverage"][0] == 5 / 8
        assert table["verdict"]["answers_on_fakes"]["unreadable"] == 1
        assert [one["id"] for one in table["unreadable"]] == ["f1.mp4"]

    def test_groups_by_size_and_tone_are_those_of_the_face(self, tmp_path: Path) -> None:
        clips = [labelled(write_clip(tmp_path / f"{n}.mp4", 0.1), Label.REAL, n) for n in "ab"]
        table = run(collection(*clips), tmp_path / "out", told()).table
        groups = {part["by"]: [g["name"] for g in part["groups"]] for part in table["breakdowns"]}

        assert groups["face size"] == ["96 to 160 px"]
        assert groups["skin tone (ITA)"] == ["intermediate"]

    def test_reals_alone_give_false_alarms_and_no_auc(self, tmp_path: Path) -> None:
        clip = labelled(write_clip(tmp_path / "a.mp4", 0.1), Label.REAL, "P")
        done = run(collection(clip), tmp_path / "out", told("likely_real", 0.1))

        assert json.loads((done.folder / "table.json").read_text())["methods"][FUSED]["auc"] == [None, None, None]
        assert done.table["verdict"]["false_alarm_rate"][0] == 0


class TestFiles:
    def test_the_same_seed_gives_the_same_files_whatever_was_done_before(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path / "clips")
        first, second = run(clips, tmp_path / "1"), run(clips, tmp_path / "2")
        resumed = run(clips, tmp_path / "1", resume=True)

        for name in ("table.json", "table.md", "reliability.png"):
            assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
            assert (resumed.folder / name).read_bytes() == (second.folder / name).read_bytes()

    def test_another_seed_moves_intervals_and_no_value(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path / "clips")
        first = run(clips, tmp_path / "1")
        other = evaluate(clips, tmp_path / "2", Options(bootstrap=Bootstrap(40, 9)), MEASURE, versions="v1")
        brier, again = (done.table["methods"][FUSED]["brier"] for done in (first, other))

        assert brier[0] == again[0]
        assert brier[1:] != again[1:]

    def test_scores_that_are_there_are_not_used_unasked(self, eight: Evaluation, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="--resume"):
            run(eight_clips(tmp_path / "clips"), eight.folder)

    def test_the_plot_is_a_picture(self, eight: Evaluation) -> None:
        assert (eight.folder / "reliability.png").read_bytes().startswith(b"\x89PNG")

    def test_the_scores_of_the_faces_can_be_fitted_on(self, eight: Evaluation) -> None:
        faces = read_scores(eight.folder / "faces.tsv")

        assert [(f.clip, f.fake, f.generator) for f in faces][-2:] == [("f3.mp4", True, "Y"), ("f4.mp4", True, "Y")]
        assert [f.evidence[0].fake_score for f in faces] == [0.05, 0.1, 0.95, None, 0.97, 0.96, 0.02, 0.6]

    def test_clips_that_a_dataset_lists_and_lacks_are_named(self, tmp_path: Path) -> None:
        clips = replace(eight_clips(tmp_path / "clips"), absent=("gone.mp4",))
        page = (run(clips, tmp_path / "out").folder / "table.md").read_text()

        assert "1 clips that the dataset lists are not here" in page
        assert "`gone.mp4`" in page


class TestViews:
    def test_a_half_shows_the_faces_whose_middle_is_in_it(self) -> None:
        faces = [face(0.2), face(0.45), face(0.8)]

        assert in_view(faces, "left:all") == (faces[0], faces[1])
        assert in_view(faces, "right:all") == (faces[2],)
        assert in_view(faces, "left:rightmost") == (faces[1],)
        assert in_view(faces, "whole:all") == tuple(faces)

    def test_each_half_is_judged_by_its_own_face_and_its_own_verdict(self, tmp_path: Path) -> None:
        path = write_clip(tmp_path / "a.mp4", 0.1, 0.9, label="likely_fake", p=0.9)
        halves = [
            labelled(path, Label.REAL, "P", id="left", region=Region.LEFT, group="a"),
            labelled(path, Label.FAKE, "P", "X", id="right", region=Region.RIGHT, group="a", pick=Pick.RIGHTMOST),
        ]
        table = run(collection(*halves), tmp_path / "out").table

        assert table["methods"]["appearance"]["auc"][0] == 1
        assert table["methods"]["appearance"]["above_twin"][0] == 1
        # without a calibration a part of the picture has no verdict of its own; that of the whole is not borrowed
        assert table["verdict"]["coverage"][0] == 0


class TestCalibration:
    # called fake from .9 on, free of signs up to .15
    SHARP = Calibration("sharp", {"appearance": "1"}, {"appearance": 1.0}, 0.0, 0.9, 0.15)

    def test_the_stored_evidence_is_judged_anew_without_looking_again(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path / "clips")
        run(clips, tmp_path / "out")

        def must_not_look(task: Task) -> ClipRecord:
            raise AssertionError(task.path)

        done = run(clips, tmp_path / "out", must_not_look, resume=True, calibration=self.SHARP)

        assert done.table["about"]["calibration"] == "sharp"
        assert done.table["verdict"]["answers_on_reals"] == {"inconclusive": 1, "likely_fake": 1, "likely_real": 2}
        assert done.table["methods"][FUSED]["scored"] == 7

    def test_a_label_decides_unless_it_is_ignored_for_research(self, tmp_path: Path) -> None:
        path = write_clip(tmp_path / "a.mp4", 0.02)
        clips = collection(labelled(path, Label.FAKE, "P", "X"))
        says_so = Evidence("provenance", "1", None, None, 1.0, declares_synthetic=True, findings=("It says so",))
        measure = told("declared_synthetic", 0.02, clip_evidence=(says_so,))

        known = run(clips, tmp_path / "known", measure, calibration=self.SHARP).table
        ignored = run(clips, tmp_path / "ignored", measure, calibration=self.SHARP, ignore_labels=True).table

        assert known["verdict"]["answers_on_fakes"] == {"declared_synthetic": 1}
        assert ignored["verdict"]["answers_on_fakes"] == {"likely_real": 1}
        assert "declare of themselves was ignored" in (tmp_path / "ignored" / "table.md").read_text()
        assert "was ignored" not in (tmp_path / "known" / "table.md").read_text()

    def test_half_a_picture_is_judged_by_its_own_face(self, tmp_path: Path) -> None:
        path = write_clip(tmp_path / "a.mp4", 0.02, 0.98)
        halves = [
            labelled(path, Label.REAL, "P", id="left", region=Region.LEFT),
            labelled(path, Label.FAKE, "P", "X", id="right", region=Region.RIGHT),
        ]
        measure = replace(MEASURE, calibration=self.SHARP)
        table = run(collection(*halves), tmp_path / "out", measure).table

        assert table["verdict"]["coverage"][0] == table["verdict"]["selective_accuracy"][0] == 1

    def test_a_baseline_has_no_say_in_the_verdict(self) -> None:
        other = Evidence("appearance", "baseline abc", 0, 0.99, 1.0)
        told = replace(face(score=0.02), evidence=(*face(score=0.02).evidence, other))

        assert concluded([told], [], self.SHARP).label == "likely_real"


class TestReencoding:
    def test_flips_are_counted_from_each_answer_to_the_next(self, tmp_path: Path) -> None:
        clips = collection(*(labelled(write_clip(tmp_path / f"{n}.mp4", 0.1, p=0.1), Label.REAL, n) for n in "abc"))
        answers = {"original": "likely_real", "crf35": "likely_fake", "half": "inconclusive"}

        def measure(task: Task) -> ClipRecord:
            return told(answers[task.variant], 0.5)(task)

        flips = run(clips, tmp_path / "out", measure, variants=("crf35", "half")).table["flips"]

        assert [(f["variant"], f["real"]["real_to_fake"], f["real"]["to_inconclusive"]) for f in flips] == [
            ("crf35", 3, 0),
            ("half", 0, 3),
        ]
        assert flips[0]["fake"]["clips"] == 0

    def test_a_list_of_variants_is_put_in_order_and_checked(self) -> None:
        assert parse_variants("half, crf23") == ("crf23", "half")
        with pytest.raises(Exception, match="no re-encoding called crf99"):
            parse_variants("crf99")

    @pytest.mark.parametrize(("name", "size"), [("crf40", (320, 240)), ("half", (160, 120)), ("quarter", (80, 60))])
    def test_a_variant_is_the_whole_clip_with_its_times(self, tmp_path: Path, name: str, size: tuple[int, int]) -> None:
        limits = VideoLimits(analysis_max_side_px=64)
        clip = write_scene(
            tmp_path / "a.mp4", Scene(320, 240, 80), even_times(25, 0.6), rate=Fraction(25)
        )  # small, and larger than what is analysed
        again = reencode(clip, VARIANTS[name], tmp_path / "b.mp4", limits)

        with open_clip(again, VideoLimits()) as reader:
            times = [frame.time_s for frame in reader]
            assert (reader.clip.video.width_px, reader.clip.video.height_px) == size
        assert times == pytest.approx(np.arange(15) / 25, abs=1e-3)

    def test_a_stronger_compression_leaves_fewer_bytes(self, tmp_path: Path) -> None:
        clip = write_scene(tmp_path / "a.mp4", Scene(320, 240, 80), even_times(25, 0.6), rate=Fraction(25))
        light, hard = (
            reencode(clip, Variant("x", crf), tmp_path / f"{crf}.mp4", VideoLimits()).stat().st_size for crf in (23, 40)
        )

        assert hard < light / 2


class TestPeers:
    def scores(self, folder: Path, text: str) -> Path:
        (folder / "peer.tsv").write_text(text.replace(" ", "\t"))
        return folder / "peer.tsv"

    def test_scores_of_another_method_stand_in_the_same_table(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path / "clips")
        file = self.scores(tmp_path, "path score\nr1.mp4 -2\nr2.mp4 -1\nf1.mp4 3\nf2.mp4 \n")
        peers = {"Theirs": read_peer_scores("Theirs", file, clips.clips)}
        table = evaluate(clips, tmp_path / "out", Options(bootstrap=FEW), MEASURE, versions="v1", peers=peers).table

        assert table["methods"]["Theirs"]["scored"] == 3
        assert table["methods"]["Theirs"]["auc"][0] == 1
        assert not table["methods"]["Theirs"]["probability"]

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("path\nr1.mp4\n", "needs the columns"),
            ("id score\nr1.mp4 x\n", "no number: x"),
            ("id score\nz 1\n", "none"),
        ],
    )
    def test_a_file_that_is_not_valid_is_told(self, tmp_path: Path, text: str, sentence: str) -> None:
        clips = eight_clips(tmp_path / "clips").clips
        with pytest.raises(DatasetError, match=sentence):
            read_peer_scores("Theirs", self.scores(tmp_path, text), clips)


class TestLimit:
    def test_a_limit_takes_reals_and_fakes_by_turns_the_same_ones_each_time(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path).clips
        kept = limited(clips, 4, seed=1)

        assert [clip.fake for clip in kept] == [False, False, True, True]
        assert kept == limited(clips, 4, seed=1)
        assert {limited(clips, 4, seed=s) for s in range(8)} != {kept}


class TestLeaveOneOut:
    def many(self, folder: Path) -> Collection:
        """Fakes of X score high, those of Y like reals: a fusion cannot learn Y from X."""
        rng = np.random.default_rng(0)
        clips = []
        for i in range(30):
            real, x, y = (float(np.clip(rng.normal(m, 0.1), 0.01, 0.99)) for m in (0.3, 0.8, 0.3))
            for name, label, generator, score in (
                ("r", Label.REAL, "", real), ("x", Label.FAKE, "X", x), ("y", Label.FAKE, "Y", y),
            ):  # fmt: skip
                path = write_clip(folder / f"{name}{i}.mp4", score)
                clips.append(labelled(path, label, f"P{i}", generator, group=str(i)))
        return collection(*clips)

    def test_each_generator_is_judged_by_a_fusion_that_never_saw_it(self, tmp_path: Path) -> None:
        done = run(self.many(tmp_path / "clips"), tmp_path / "out", leave_one_out=True)
        rows = {row["generator"]: row for row in done.table["leave_one_generator_out"]}

        assert rows["Y"]["not_fitted"] == 0
        assert 0.3 < rows["Y"]["auc"][0] < 0.7
        assert (rows["Y"]["real"], rows["Y"]["fake"]) == (30, 30)
        # without X there is only Y to learn from, from which nothing can be learned well
        assert rows["X"]["not_fitted"] + rows["X"]["real"] + rows["X"]["fake"] == 60

    def test_one_generator_cannot_be_left_out(self, tmp_path: Path) -> None:
        clips = eight_clips(tmp_path / "clips").only(lambda clip: clip.family != "Y")
        with pytest.raises(DatasetError, match="two generators"):
            run(clips, tmp_path / "out", leave_one_out=True)
