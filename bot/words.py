"""The words that Discord, page and terminal share on the way to an answer: stages, places in the queue, durations.

What an answer itself is called is in `core.report.words`.
Plain text in, plain text out: escaping for Discord's Markdown or for HTML is done where the words are shown.
Functions speak English unless they are handed another `say`.
"""

from __future__ import annotations

import re

from bot.catalogs import N_
from bot.saying import ENGLISH, Say
from core.report.words import face_names
from core.types import FaceSummary, Progress, Report, Stage, VerdictLabel

_DETECTOR_SPOKE = re.compile(r"(?P<face>Face \w+): the (?P<detector>.+?) detector speaks ")
SCREENING_AID = N_("A screening aid, not a proof")
NAMED = N_("{name}: {value}")
"""A name and what is said of it: not every language writes its colon as English does."""
BAR_CELLS = 12


EMOJI: dict[VerdictLabel, str] = {
    VerdictLabel.LIKELY_FAKE: "⚠️",
    VerdictLabel.LIKELY_REAL: "✅",
    VerdictLabel.INCONCLUSIVE: "❔",
    VerdictLabel.DECLARED_SYNTHETIC: "🏷️",
}
"""Discord's icons; title, meaning and colour of a verdict are those of `core.report.words`."""

STAGES: dict[Stage, str] = {
    Stage.OPENING: N_("Opening the clip"),
    Stage.FRAMES: N_("Looking at every frame"),
    Stage.SIGNALS: N_("Reading the pulse"),
    Stage.DETECTORS: N_("Weighing the evidence"),
    Stage.FIGURES: N_("Drawing the figures"),
}

_BANDS: tuple[tuple[float, str], ...] = (
    (0.05, N_("Likelihood of manipulation: very low")),
    (0.25, N_("Likelihood of manipulation: low")),
    (0.60, N_("Likelihood of manipulation: moderate")),
    (0.90, N_("Likelihood of manipulation: high")),
    (1.01, N_("Likelihood of manipulation: very high")),
)


def probability_band(probability_fake: float | None) -> str | None:
    """Return the English sentence for the band of a calibrated probability, or None when there is none."""
    if probability_fake is None:
        return None
    return next(words for below, words in _BANDS if probability_fake < below)


def likelihood_line(report: Report, say: Say = ENGLISH) -> str | None:
    """Return "Likelihood of manipulation: high", or None when the answer is not that clear.

    Beside "Can't tell" a likelihood would be read as an accusation.
    """
    answered = report.verdict.label in {VerdictLabel.LIKELY_FAKE, VerdictLabel.LIKELY_REAL}
    band = probability_band(report.verdict.probability_fake) if answered else None
    return None if band is None else say(band)


def main_reasons(report: Report, most: int) -> list[str]:
    """Return the first reasons of a verdict; a detector that says what it found is quoted rather than named."""
    told: list[str] = []
    for reason in report.verdict.reasons:
        sentence = _finding_behind(reason, report) or reason
        if sentence not in told:
            told.append(sentence)
    return told[:most]


def _finding_behind(reason: str, report: Report) -> str | None:
    """Return what was found, for a reason that only says which detector speaks for or against a fake."""
    spoke = _DETECTOR_SPOKE.match(reason)
    if spoke is None:
        return None
    names = face_names(report)
    for evidence in report.verdict.evidence:
        on_face = evidence.track is not None and names.get(evidence.track) == spoke["face"]
        if on_face and evidence.findings and evidence.detector.replace("_", " ") == spoke["detector"]:
            return f"{spoke['face']}: {evidence.findings[0].rstrip('.')}."
    return None


def duration(seconds: float, say: Say = ENGLISH) -> str:
    """Return a duration as a person says it: "0.4 s", "12 s", "3 min 5 s"."""
    if seconds < 9.95 and not f"{seconds:.1f}".endswith(".0"):
        return say("{seconds:.1f} s", seconds=seconds)
    whole = round(seconds)
    if whole < 60:
        return say("{seconds:.0f} s", seconds=whole)
    minutes, rest = divmod(whole, 60)
    if rest == 0:
        return say("{minutes:.0f} min", minutes=minutes)
    return say("{minutes:.0f} min {seconds:.0f} s", minutes=minutes, seconds=rest)


def size(size_bytes: int) -> str:
    """Return a size in MiB (or KiB below a tenth of one)."""
    mebibytes = size_bytes / (1 << 20)
    return f"{mebibytes:.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB" if mebibytes >= 0.1 else "<0.1 MiB"


def too_large_sentence(name: str, size_bytes: int, limit_bytes: int) -> str:
    """Return the English sentence for a clip over the size limit."""
    return f"{name} is {size(size_bytes)}; the largest clip that I check is {size(limit_bytes)}."


def count(number: int, one: str, many: str | None = None) -> str:
    """Return "1 face", "2 faces", in English."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def face_lines(report: Report, say: Say = ENGLISH) -> list[str]:
    """Return one line a face: its name, where and when it was seen, how large, and its pulse or why there is none."""
    names = face_names(report)
    return [
        say(NAMED, name=_placed(report, face, say.told(names[face.track]), say), value=face_line(face, say))
        for face in report.faces
    ]


def _placed(report: Report, face: FaceSummary, name: str, say: Say) -> str:
    """Where several faces are, the name alone says little: say on which side of the picture this one was."""
    if len(report.faces) < 2:
        return name
    left, _, right, _ = face.box_xyxy_px
    centre = (left + right) / 2 / report.video.width_px
    if centre < 0.4:
        return say("{face} (left)", face=name)
    return say("{face} (right)", face=name) if centre > 0.6 else say("{face} (middle)", face=name)


def face_line(face: FaceSummary, say: Say = ENGLISH) -> str:
    """Return "0.0–9.9 s, 212 px; 72 beats a minute (SNR 4.1 dB)"."""
    first, last = face.times_s
    seen = say("{first:.1f}–{last:.1f} s, {pixels:.0f} px", first=first, last=last, pixels=face.size_px)
    return say("{seen}; {pulse}", seen=seen, pulse=pulse_line(face, say))


def pulse_line(face: FaceSummary, say: Say = ENGLISH) -> str:
    """Return "72 beats a minute (SNR 4.1 dB)", or why no pulse was read."""
    if face.pulse_bpm is None:
        why = face.pulse_abstained_because or N_("the reason was not recorded")
        return say("no pulse read: {why}", why=say.told(why))
    if face.pulse_snr_db is None:
        return say("{beats:.0f} beats a minute", beats=face.pulse_bpm)
    return say("{beats:.0f} beats a minute (SNR {snr:.1f} dB)", beats=face.pulse_bpm, snr=face.pulse_snr_db)


def stage_words(progress: Progress | None, say: Say = ENGLISH) -> str:
    """Return what is being done now."""
    return say("Starting") if progress is None else say(STAGES[progress.stage])


def share_done(progress: Progress | None) -> float | None:
    """Return how much of the current stage is done in 0..1, or None when that cannot be known."""
    if progress is None or not progress.total:
        return None
    return min(max(progress.done / progress.total, 0.0), 1.0)


def bar(share: float) -> str:
    """Return a bar of `BAR_CELLS` cells for a share in 0..1."""
    full = round(share * BAR_CELLS)
    return "█" * full + "░" * (BAR_CELLS - full)


def time_left(progress: Progress | None, say: Say = ENGLISH) -> str | None:
    """Return "about 12 s left", or None when that is not known or under a second."""
    if progress is None or progress.left_s is None or progress.left_s < 1:
        return None
    return say("about {duration} left", duration=duration(round(progress.left_s), say))


def progress_line(progress: Progress | None, say: Say = ENGLISH) -> str:
    """Return stage, bar and time left in one line, as far as they are known."""
    parts = [stage_words(progress, say)]
    share = share_done(progress)
    if share is not None:
        parts.append(f"{bar(share)} {share:.0%}")
    left = time_left(progress, say)
    if left:
        parts.append(left)
    return " · ".join(parts)


def queue_line(ahead: int, say: Say = ENGLISH) -> str:
    """Return the place in the queue in words."""
    if ahead <= 0:
        return say("Waiting to start")
    return say.plural("Waiting: {n} clip before this one", "Waiting: {n} clips before this one", ahead)


def versions_line(report: Report) -> str:
    """Return what the answer was made with: "pulse 1, provenance 1"."""
    return ", ".join(f"{name} {version}" for name, version in sorted(report.versions.items()))
