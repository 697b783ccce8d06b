"""One answer from all evidence, with its reasons in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from core.types import Evidence, FaceSummary, Verdict, VerdictLabel
from core.verdict.fuse import Calibration, Judgement, judge, usable

NO_FACE = "No face was found in the clip."
NO_CALIBRATED_SCORE = "No detector gave a score that is calibrated for this clip, so Facepulse can't tell."
NOT_EVERY_FACE = "At least one face could not be judged, so the clip as a whole is not called free of signs."
NO_PROOF_OF_LIFE = "a swapped face can carry one too"
WORTH_TELLING, CLEAR, STRONG = 0.2, 1.0, 2.5
"""Log-odds that a detector adds: a fake becomes 1.2, 2.7 and 12 times as likely as before."""
FOUND = {
    VerdictLabel.LIKELY_FAKE: "signs of manipulation",
    VerdictLabel.LIKELY_REAL: "no signs of manipulation found",
    VerdictLabel.INCONCLUSIVE: "can't tell",
    VerdictLabel.DECLARED_SYNTHETIC: "declared as made by AI",
}


def conclude(
    evidence: Sequence[Evidence], faces: Sequence[FaceSummary], calibration: Calibration | None = None
) -> Verdict:
    """Return the verdict on a clip.

    A declaration in the file decides. Else calibrated scores are fused for each face, and the clip is as likely to be
    fake as its likeliest face, with a threshold that knows how many faces were looked at; it has no signs only if
    every face was judged and has none. Without a calibrated score, or where detectors disagree, the answer is
    inconclusive, and the reasons say what was measured and what is missing.

    Args:
        evidence: of every detector.
        faces: in the order of the report: the first is "Face A".
        calibration: how scores become a probability; None while no detector has a calibrated score.
    """
    told = tuple(evidence)
    declared = tuple(s for e in told if e.declares_synthetic for s in _sentences(e))
    about_faces = tuple(sentence for i, face in enumerate(faces) for sentence in _about_face(i, face, told))
    about_clip = tuple(s for e in told if e.track is None and not e.declares_synthetic for s in _sentences(e))
    if any(e.declares_synthetic for e in told):
        return Verdict(VerdictLabel.DECLARED_SYNTHETIC, None, told, (*declared, *about_clip, *about_faces), None)
    if not faces:
        return Verdict(VerdictLabel.INCONCLUSIVE, None, told, (NO_FACE, *about_clip), None)
    judged = {} if calibration is None else _judged(told, faces, calibration)
    if calibration is None or not judged:
        return Verdict(VerdictLabel.INCONCLUSIVE, None, told, (NO_CALIBRATED_SCORE, *about_faces, *about_clip), None)
    return _scored(told, faces, judged, calibration, (*about_faces, *about_clip))


def face_name(position: int) -> str:
    """The name of the face at `position` (from 0): Face A … Face Z, Face 27, …"""
    return f"Face {chr(ord('A') + position)}" if position < 26 else f"Face {position + 1}"


def _judged(
    evidence: tuple[Evidence, ...], faces: Sequence[FaceSummary], calibration: Calibration
) -> dict[int, Judgement]:
    """What is made of every face with a calibrated score, by position; evidence on the whole clip counts for each."""
    of_face = {i: [e for e in evidence if e.track in {face.track, None}] for i, face in enumerate(faces)}
    scored = {i: of_it for i, of_it in of_face.items() if usable(of_it, calibration)}
    return {i: judge(of_it, calibration, faces=len(scored)) for i, of_it in scored.items()}


def _scored(
    evidence: tuple[Evidence, ...],
    faces: Sequence[FaceSummary],
    judged: dict[int, Judgement],
    calibration: Calibration,
    details: tuple[str, ...],
) -> Verdict:
    """The likeliest fake decides; of faces that are called fake, one is enough, and of real ones all are needed."""
    order = sorted(judged, key=lambda i: (judged[i].label is not VerdictLabel.LIKELY_FAKE, -judged[i].probability))
    probability, label = judged[order[0]].probability, judged[order[0]].label
    if label is VerdictLabel.LIKELY_REAL and any(j.label is not label for j in judged.values()):
        label = VerdictLabel.INCONCLUSIVE
    reasons = [sentence for i in order for sentence in _told(face_name(i), judged[i])]
    if label is VerdictLabel.LIKELY_REAL and len(judged) < len(faces):
        label = VerdictLabel.INCONCLUSIVE
        reasons.append(NOT_EVERY_FACE)
    return Verdict(label, probability, evidence, (*reasons, *details), calibration.id)


def _told(name: str, judged: Judgement) -> list[str]:
    """What was found on a face, and what that rests on, the strongest first."""
    doubt = "" if judged.doubt is None else f": {judged.doubt}"
    spoke = {detector: part for detector, part in judged.contributions.items() if abs(part) >= WORTH_TELLING}
    found = [f"{name}: {FOUND[judged.label]}{doubt}."]
    for detector, part in spoke.items():
        side = "for" if part > 0 else "against"
        found.append(f"{name}: the {detector.replace('_', ' ')} detector speaks {side} a fake{_how_strongly(part)}.")
    return found


def _how_strongly(log_odds: float) -> str:
    return ", strongly" if abs(log_odds) >= STRONG else "" if abs(log_odds) >= CLEAR else ", weakly"


def _about_face(position: int, face: FaceSummary, evidence: tuple[Evidence, ...]) -> list[str]:
    name = face_name(position)
    first, last = face.times_s
    when = f", {first:.1f} to {last:.1f} s" if last > first else ""
    sentences = [f"{name} (about {face.size_px:.0f} px{when}): {_pulse(face)}."]
    for one in evidence:
        if one.track != face.track:
            continue
        sentences += [f"{name}: {finding.rstrip('.')}." for finding in one.findings]
        if one.abstained_because is not None:
            sentences.append(f"{name}, {one.detector} detector: {one.abstained_because.rstrip('.')}.")
    return sentences


def _pulse(face: FaceSummary) -> str:
    if face.pulse_bpm is None:
        return f"no pulse was read ({(face.pulse_abstained_because or 'no reason was recorded').rstrip('.')})"
    snr = "" if face.pulse_snr_db is None else f", SNR {face.pulse_snr_db:.1f} dB"
    return f"a pulse of {face.pulse_bpm:.0f} beats a minute was read{snr}; {NO_PROOF_OF_LIFE}"


def _sentences(evidence: Evidence) -> list[str]:
    """What a detector found in the clip as a whole; if nothing, why it abstained."""
    found = [f"{f.rstrip('.')}." for f in evidence.findings]
    if not found and evidence.declares_synthetic:
        found = ["The file declares that it was made or changed by AI."]
    if not found and evidence.abstained_because is not None:
        found = [f"{evidence.detector.capitalize()}: {evidence.abstained_because.rstrip('.')}."]
    return found
