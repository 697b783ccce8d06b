from __future__ import annotations

import random
import socket
from fractions import Fraction
from pathlib import Path

import pytest

from core.detectors import provenance
from core.detectors.provenance import NO_CREDENTIALS, ProvenanceDetector
from core.types import Clip, Evidence, VideoInfo
from core.video import credentials_child
from core.video.credentials import CredentialsError
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.credentials import IPTC, created, sign_clip, using_ingredient


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("provenance") / "unsigned.mp4"
    scene = Scene(width_px=160, height_px=120, face_px=40)
    return write_scene(path, scene, even_times(25, 0.4), rate=Fraction(25))


def examine(path: Path) -> Evidence:
    video = VideoInfo(160, 120, Fraction(25), 0.4, 10, "h264", "mp4", 0, None)
    return ProvenanceDetector().examine(Clip(path, "0" * 64, max(path.stat().st_size, 1), video))


def measured(evidence: Evidence) -> dict[str, float | None]:
    return {measurement.name: measurement.value for measurement in evidence.measurements}


def test_a_file_without_credentials_is_not_declared_and_says_why_nothing_was_read(unsigned: Path) -> None:
    evidence = examine(unsigned)
    assert not evidence.declares_synthetic
    assert evidence.abstained_because == NO_CREDENTIALS
    assert evidence.fake_score is None and evidence.findings == ()
    assert measured(evidence)["credentials_present"] == 0


@pytest.mark.parametrize("source", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"])
def test_signed_credentials_that_declare_ai_are_reported_with_the_signer(
    unsigned: Path, tmp_path: Path, source: str
) -> None:
    evidence = examine(sign_clip(unsigned, tmp_path / "signed.mp4", created(source)))
    assert evidence.declares_synthetic
    assert evidence.abstained_because is None and evidence.fake_score is None
    said = " ".join(evidence.findings)
    assert "signed by Example Studio with Example Maker" in said
    assert "generative AI model; a declaration, not a proof" in said
    assert "not checked against a list of known signers" in said
    assert measured(evidence) == {"credentials_present": 1, "seal_intact": 1, "signer_trusted": 0}


def test_credentials_that_declare_a_camera_are_reported_and_declare_nothing_synthetic(
    unsigned: Path, tmp_path: Path
) -> None:
    evidence = examine(sign_clip(unsigned, tmp_path / "signed.mp4", created("digitalCapture")))
    assert not evidence.declares_synthetic
    assert "declare that it was filmed by a camera" in evidence.findings[0]


def test_credentials_without_a_source_type_say_so(unsigned: Path, tmp_path: Path) -> None:
    opened = using_ingredient("parentOf")
    path = sign_clip(unsigned, tmp_path / "signed.mp4", *opened, ingredient=unsigned, relationship="parentOf")
    evidence = examine(path)
    assert not evidence.declares_synthetic
    assert "declare nothing about how it was made" in evidence.findings[0]


def test_a_file_changed_after_signing_has_a_broken_seal_and_declares_nothing(unsigned: Path, tmp_path: Path) -> None:
    path = sign_clip(unsigned, tmp_path / "signed.mp4", created("trainedAlgorithmicMedia"))
    content = bytearray(path.read_bytes())
    content[content.find(b"mdat") + 200] ^= 0xFF
    path.write_bytes(content)
    evidence = examine(path)
    assert not evidence.declares_synthetic
    assert evidence.abstained_because is not None and "seal" in evidence.abstained_because
    assert "their seal is broken" in evidence.findings[0]
    assert measured(evidence)["seal_intact"] == 0


def test_a_damaged_manifest_is_told_and_its_remains_declare_nothing(unsigned: Path, tmp_path: Path) -> None:
    path = sign_clip(unsigned, tmp_path / "signed.mp4", created("trainedAlgorithmicMedia"))
    content = bytearray(path.read_bytes())
    start = content.find(b"jumb")
    content[start + 30 : start + 90] = bytes(60)
    path.write_bytes(content)
    evidence = examine(path)
    assert not evidence.declares_synthetic
    assert evidence.abstained_because == "the file's Content Credentials are damaged and cannot be read"


@pytest.mark.parametrize(("relationship", "declares"), [("componentOf", True), ("parentOf", True), ("inputTo", False)])
def test_what_went_into_a_clip_counts_unless_it_was_only_an_input(
    unsigned: Path, tmp_path: Path, relationship: str, declares: bool
) -> None:
    part = sign_clip(unsigned, tmp_path / "part.mp4", created("trainedAlgorithmicMedia"), organisation="Part Makers")
    uses = using_ingredient(relationship)
    evidence = examine(sign_clip(unsigned, tmp_path / "whole.mp4", *uses, ingredient=part, relationship=relationship))
    assert evidence.declares_synthetic is declares
    said = " ".join(evidence.findings)
    assert ("of what went into it, something was made by a generative AI model" in said) is declares


def test_the_unsigned_xmp_mark_of_generators_is_a_declaration_too(unsigned: Path, tmp_path: Path) -> None:
    path = tmp_path / "xmp.mp4"
    xmp = f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{IPTC}trainedAlgorithmicMedia"/>'.encode()
    path.write_bytes(unsigned.read_bytes() + (8 + len(xmp)).to_bytes(4, "big") + b"free" + xmp)
    evidence = examine(path)
    assert evidence.declares_synthetic
    assert "unsigned, anyone can write it" in evidence.findings[0]


def test_an_address_that_merely_occurs_in_a_file_is_no_declaration(unsigned: Path, tmp_path: Path) -> None:
    path = tmp_path / "mention.mp4"
    path.write_bytes(unsigned.read_bytes() + f"see {IPTC}trainedAlgorithmicMedia".encode())
    assert not examine(path).declares_synthetic


def test_nothing_is_fetched_from_where_a_file_points(unsigned: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        path = sign_clip(unsigned, tmp_path / "remote.mp4", created("trainedAlgorithmicMedia"), remote_url=url)
        evidence = examine(path)
        with pytest.raises(BlockingIOError):  # nobody knocked
            server.accept()
    assert not evidence.declares_synthetic
    assert evidence.abstained_because is not None and "not fetched" in evidence.abstained_because


def test_names_from_a_file_cannot_carry_control_characters_or_run_on(unsigned: Path, tmp_path: Path) -> None:
    path = sign_clip(
        unsigned, tmp_path / "s.mp4", created("digitalCapture"), organisation="Ev\x1b[31mil", maker="x" * 500
    )
    said = " ".join(examine(path).findings)
    assert "\x1b" not in said and "Ev[31mil" in said
    assert len(said) < 400


@pytest.mark.parametrize(
    "content", [bytes(64), b"just text", bytes.fromhex("1a45dfa3") + bytes(64)], ids=["zeros", "text", "mkv"]
)
def test_files_of_other_kinds_carry_no_credentials(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.mkv"
    path.write_bytes(content)
    assert examine(path).abstained_because == NO_CREDENTIALS


def parsed_here(path: Path) -> str | None:
    """What the child does, without its walls: sixty processes take long to start."""
    with path.open("rb") as file:
        answer = credentials_child.read(file.fileno(), provenance.offline_context())
    if "error" in answer:
        raise CredentialsError(answer["error"])
    return answer.get("manifests")


def test_damage_anywhere_is_survived(unsigned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "read_manifests", parsed_here)
    signed = sign_clip(unsigned, tmp_path / "signed.mp4", created("trainedAlgorithmicMedia")).read_bytes()
    start = signed.find(b"jumb")
    rng = random.Random(5)
    path = tmp_path / "damaged.mp4"
    for _ in range(60):
        content = bytearray(signed)
        for _ in range(rng.randint(1, 6)):
            content[rng.randrange(max(start - 40, 0), start + 6000) % len(content)] = rng.randrange(256)
        path.write_bytes(content[: rng.randint(start, len(content))])
        assert examine(path).fake_score is None


def test_examining_leaves_the_file_as_it_was(unsigned: Path) -> None:
    before = unsigned.read_bytes()
    examine(unsigned)
    assert unsigned.read_bytes() == before
