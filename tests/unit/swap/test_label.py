from __future__ import annotations

import copy
import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.detectors.provenance import read_credentials
from core.errors import ClipTooLargeError, LabelError, OutputError, UnreadLabelError
from core.settings import VideoLimits
from core.swap import label
from core.swap.certificate import Signer
from core.swap.credentials import sign, statement
from core.swap.label import LabelledVideo, labelled_frame, new_demo_id, read_marks, write_labelled
from core.swap.metadata import read_words
from core.swap.staging import begin, end, staging_of
from core.types import ConsentBasis, MergedFrame
from core.video import open_clip
from core.video.audio import read_audio
from core.watermark.code import read_codes
from tests.synth.credentials import created, sign_clip
from tests.synth.demos import RATE, consent, labelled, merged, provenance, signer
from tests.unit.video.test_audio import write_clip

DEMO = "1a2b3c4d"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> LabelledVideo:
    return labelled(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def seal(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signer(tmp_path_factory.mktemp("signer"))


def write(
    folder: Path, seal: Signer | None, frames: Iterator[MergedFrame] | None = None, **more: object
) -> LabelledVideo:
    given = {"rate": RATE, "audio": None, "signer": seal} | more
    return write_labelled(frames or merged(), folder / "demo.mp4", provenance(DEMO), **given)  # type: ignore[arg-type]


def test_all_four_parts_of_the_label_are_in_the_file(demo: LabelledVideo) -> None:
    marks = read_marks(demo.path)
    assert (marks.seen.code, marks.seen.svd, marks.seen.tiles) == (DEMO, DEMO, DEMO)
    assert marks.credentials is not None and marks.credentials.intact
    assert marks.credentials.demo_id == DEMO
    assert marks.credentials.sources == ("compositeWithTrainedAlgorithmicMedia",)
    assert marks.words.title == f"AI-made face swap, demo {DEMO}" and DEMO in marks.words.comment
    assert marks.words.made_with.startswith("Facepulse ")
    assert marks.words.sources == ("compositeWithTrainedAlgorithmicMedia",)
    assert marks.demo_ids == (DEMO,)
    assert demo.sha256 == hashlib.sha256(demo.path.read_bytes()).hexdigest()


def test_only_the_label_makes_a_labelled_video(demo: LabelledVideo) -> None:
    for attempt in (
        lambda: LabelledVideo(demo.path, demo.sha256, demo.provenance),
        lambda: LabelledVideo(demo.path, demo.sha256, demo.provenance, object()),
        lambda: replace(demo, path=Path("other.mp4")),
        lambda: copy.copy(demo),
        lambda: pickle.dumps(demo),
    ):
        with pytest.raises(TypeError, match=r"only core\.swap\.label"):
            attempt()


def test_times_are_kept_and_every_frame_is_captioned(tmp_path: Path, seal: Signer) -> None:
    times = (0.0, 0.04, 0.1, 0.3)
    frames = [replace(frame, time_s=t) for frame, t in zip(merged(), times, strict=False)]
    made = write(tmp_path, seal, iter(frames))
    with open_clip(made.path, VideoLimits()) as clip:
        read = [(frame.time_s, frame.rgb.copy()) for frame in clip]
    np.testing.assert_allclose([t for t, _ in read], times, atol=1e-4)
    for frame, (_, rgb) in zip(frames, read, strict=True):
        dark = np.abs(rgb.astype(int) - frame.rgb).max(-1) > 60
        assert dark.mean() > 0.02


@pytest.mark.parametrize("missing", ["burn", "embed", "caption of another demo"])
def test_without_one_part_of_the_label_there_is_no_file(
    tmp_path: Path, seal: Signer, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    (tmp_path / "demo.mp4").write_bytes(b"from before")
    if missing == "burn":
        monkeypatch.setattr(label, "burn", lambda rgb, *_: rgb)
    elif missing == "embed":
        monkeypatch.setattr(label, "embed", lambda rgb, _: rgb)
    else:
        real = label.burn
        monkeypatch.setattr(label, "burn", lambda rgb, time_s, _, boxes: real(rgb, time_s, "00000000", boxes))
    with pytest.raises(UnreadLabelError, match="hidden mark" if missing == "embed" else "caption"):
        write(tmp_path, seal)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.mp4"]
    assert (tmp_path / "demo.mp4").read_bytes() == b"from before"


def test_without_signature_or_words_there_is_no_file(
    tmp_path: Path, seal: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LabelError, match="certificate"):
        write(tmp_path, None)
    with pytest.raises(LabelError, match="signed"):
        write(tmp_path, replace(seal, key_pem=b"no key"))
    monkeypatch.setattr(label.metadata, "append_xmp", lambda *_: None)
    with pytest.raises(LabelError, match="container metadata") as without_words:
        write(tmp_path, seal)
    assert not isinstance(without_words.value, UnreadLabelError), "another id would not mend it"
    monkeypatch.setattr(label.credentials, "sign", lambda unsigned, signed, *_: unsigned.replace(signed))
    with pytest.raises(LabelError, match="Content Credentials, container metadata"):
        write(tmp_path, seal)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_hides_the_marks_gives_no_file(tmp_path: Path, seal: Signer) -> None:
    rows, columns = np.indices((360, 480)) // 8
    loud = np.where(((rows + columns) % 2)[..., None] == 0, (255, 0, 0), (0, 255, 0)).astype(np.uint8)
    frames = [MergedFrame(i / 25, loud, np.zeros((0, 4), np.float32)) for i in range(3)]
    with pytest.raises(LabelError, match="hidden mark, hidden mark for crops"):
        write(tmp_path, seal, iter(frames))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_frames_fail_or_there_are_none(tmp_path: Path, seal: Signer) -> None:
    def failing() -> Iterator[MergedFrame]:
        yield next(merged())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(tmp_path, seal, failing())
    with pytest.raises(OutputError):
        write(tmp_path, seal, iter(()))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_video(tmp_path: Path, seal: Signer) -> None:
    staging = staging_of(tmp_path / "demo.mp4")
    staging.mkdir()
    (staging / "plain.mp4").write_bytes(b"not signed")
    write(tmp_path, seal)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.mp4"]


def test_until_it_is_whole_a_video_is_nowhere_but_in_a_folder_of_its_owner(tmp_path: Path, seal: Signer) -> None:
    seen: list[tuple[list[str], int]] = []

    def watched() -> Iterator[MergedFrame]:
        for frame in merged():
            seen.append(([path.name for path in tmp_path.iterdir()], next(tmp_path.iterdir()).stat().st_mode & 0o777))
            yield frame

    write(tmp_path, seal, watched())
    assert {(*names, mode) for names, mode in seen} == {(".demo.mp4.partial", 0o700)}


def test_two_do_not_write_one_video_at_once(tmp_path: Path, seal: Signer) -> None:
    staging = staging_of(tmp_path / "demo.mp4")
    lock = begin(staging)
    with pytest.raises(OutputError, match="Another process"):
        write(tmp_path, seal)
    end(staging, lock)
    write(tmp_path, seal)


def test_a_full_disk_is_no_fault_of_the_certificate(tmp_path: Path, seal: Signer) -> None:
    made = write(tmp_path, seal)
    with pytest.raises(FileNotFoundError):
        sign(made.path, tmp_path / "missing" / "signed.mp4", made.provenance, seal)


def test_a_video_is_read_back_however_long_it_is(tmp_path: Path, seal: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[VideoLimits] = []

    def read(path: Path, limits: VideoLimits) -> label.Marks:
        asked.append(limits)
        return read_marks(path, limits)

    monkeypatch.setattr(label, "read_marks", read)
    write(tmp_path, seal)
    (own,) = asked
    with pytest.raises(ClipTooLargeError):
        read_marks(tmp_path / "demo.mp4", VideoLimits(max_frames=3))
    assert own.max_frames >= 24 * 3600 * 100 and own.max_duration_s >= 24 * 3600


def test_a_picture_too_small_for_the_caption_is_refused(tmp_path: Path, seal: Signer) -> None:
    small = MergedFrame(0.0, np.zeros((200, 300, 3), np.uint8), np.zeros((0, 4), np.float32))
    with pytest.raises(LabelError, match="240 pixels"):
        write(tmp_path, seal, iter([small]))


def test_the_driver_becomes_the_parent_with_the_credentials_that_it_had(tmp_path: Path, seal: Signer) -> None:
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(labelled(tmp_path).path.read_bytes())
    driver = sign_clip(plain, tmp_path / "driver.mp4", created("trainedAlgorithmicMedia"), organisation="Elsewhere")
    made = write(tmp_path, seal, driver=driver)
    found = read_credentials(made.path)
    assert found is not None and found.intact
    assert "trainedAlgorithmicMedia" in found.ingredient_sources
    assert any("Elsewhere" in sentence for sentence in read_marks(driver).sentences())


def test_a_driver_whose_format_knows_no_credentials_is_only_named_by_its_hash(tmp_path: Path, seal: Signer) -> None:
    driver = tmp_path / "driver.mkv"
    driver.write_bytes(bytes.fromhex("1a45dfa3") + bytes(500))
    made = write(tmp_path, seal, driver=driver)
    found = read_credentials(made.path)
    assert found is not None and found.intact and found.demo_id == DEMO


def test_a_person_is_not_named_in_the_file_unless_the_picture_is_everybodys() -> None:
    private = statement(provenance(DEMO, consent(ConsentBasis.PERSON, "Jo Doe")))
    assert "Jo Doe" not in str(private) and private["consent"]["basis"] == "person"
    assert statement(provenance(DEMO))["consent"]["person"] == "Eileen Collins"
    assert "a tester" not in str(private)


def test_marks_that_the_driver_had_are_listed(demo: LabelledVideo) -> None:
    sentences = read_marks(demo.path).sentences()
    assert len(sentences) == 3
    assert any(DEMO in sentence for sentence in sentences)
    assert statement(provenance(DEMO, None, *sentences))["marks_of_the_driver"] == list(sentences)


def test_an_ordinary_clip_has_no_marks(short_clip: Path) -> None:
    marks = read_marks(short_clip)
    assert marks.demo_ids == () and marks.sentences() == ()
    assert marks.credentials is None


def test_a_live_frame_carries_caption_and_hidden_marks(tmp_path: Path) -> None:
    frame = next(merged())
    shown = labelled_frame(frame, DEMO)
    assert shown.shape == frame.rgb.shape
    packed = tmp_path / "frame.png"
    cv2.imwrite(str(packed), cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))
    assert read_marks(packed).seen.ids == (DEMO,)


@pytest.mark.parametrize("demo_id", ["b7970386", "60b7d02b"])
def test_codes_that_are_hard_to_find_in_a_small_picture_are_found(demo_id: str) -> None:
    assert read_codes(labelled_frame(next(merged()), demo_id)) == (demo_id,)


def test_ids_are_eight_digits_and_do_not_repeat() -> None:
    ids = {new_demo_id() for _ in range(6)}
    assert len(ids) == 6 and all(len(demo_id) == 8 and int(demo_id, 16) >= 0 for demo_id in ids)


def test_an_id_whose_code_is_not_found_is_given_to_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["ffc52030", "0e3a4a5c", DEMO])
    monkeypatch.setattr(label.secrets, "token_hex", lambda _: next(drawn))
    assert new_demo_id() == DEMO


def test_where_no_code_can_be_read_no_id_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label, "is_well_read", lambda _: False)
    with pytest.raises(LabelError, match="cannot read the codes"):
        new_demo_id()


def test_damaged_files_give_no_words_and_no_end(tmp_path: Path, demo: LabelledVideo) -> None:
    whole = demo.path.read_bytes()
    rng = np.random.default_rng(7)
    path = tmp_path / "damaged.mp4"
    for _ in range(60):
        content = bytearray(whole[: int(rng.integers(8, 9000))])
        for at in rng.integers(0, len(content), 6):
            content[int(at)] = int(rng.integers(256))
        path.write_bytes(content)
        assert set(read_words(path).demo_ids) <= {DEMO}


def test_sound_is_carried_along_packet_by_packet(tmp_path: Path, seal: Signer) -> None:
    spoken = write_clip(tmp_path / "spoken.mp4", "aac", seconds=1.0)
    sound = read_audio(spoken, VideoLimits()).track
    assert sound is not None
    made = write(tmp_path, seal, audio=sound)
    again = read_audio(made.path, VideoLimits()).track
    assert again is not None and again.copied
    assert [packet.data for packet in again.packets] == [packet.data for packet in sound.packets]
    assert again.duration_s == pytest.approx(sound.duration_s, abs=0.001)


def test_the_rate_is_named(tmp_path: Path, seal: Signer) -> None:
    made = write(tmp_path, seal, rate=Fraction(30000, 1001))
    with open_clip(made.path, VideoLimits()) as clip:
        assert clip.clip.video.width_px == 480
