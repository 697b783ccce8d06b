"""The words for what was concluded: one place, so that terminal, page, picture and Discord say the same.

They are those of a screening aid. Each verdict has a shape as well as a colour, for people who see no difference
between red and green.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.types import FaceSummary, Measurement, Report, VerdictLabel


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How one label is told: `title` for a heading, `meaning` the sentence under it, `icon` one character.

    `colour` is a dark background (#rrggbb) on which white text has a contrast of at least 4.5 to 1.
    """

    title: str
    meaning: str
    icon: str
    colour: str


VERDICT_WORDS: dict[VerdictLabel, VerdictWords] = {
    VerdictLabel.LIKELY_FAKE: VerdictWords(
        "Signs of manipulation",
        "What was measured fits a manipulated face better than a filmed one.",
        "!",
        "#A63D00",
    ),
    VerdictLabel.LIKELY_REAL: VerdictWords(
        "No signs of manipulation found",
        "What was measured fits a filmed face; a good fake can still pass.",
        "✔",
        "#00674C",
    ),
    VerdictLabel.INCONCLUSIVE: VerdictWords(
        "Can't tell",
        "What could be measured in this clip is not enough to say either way.",
        "?",
        "#4A5568",
    ),
    VerdictLabel.DECLARED_SYNTHETIC: VerdictWords(
        "Declared as made by AI",
        "The file itself says that it was made or changed by AI. That is a declaration, not a measurement.",
        "◆",
        "#5B3F8C",
    ),
}

WHAT_THIS_IS = (
    "This is a screening aid. It says what was measured in the clip and what that suggests; it proves nothing.",
    "A pulse never shows that a clip is real: good face swaps carry the pulse of the person who was filmed.",
    "No signs found does not mean that there are none. Ask where a clip comes from before you act on it.",
)


def face_name(position: int) -> str:
    """Return the name of the face at `position` (from 0) in the report: Face A … Face Z, Face 27, …"""
    return f"Face {chr(ord('A') + position)}" if position < 26 else f"Face {position + 1}"


def face_names(report: Report) -> dict[int, str]:
    """Return the name of each face of the report by its track number."""
    return {face.track: face_name(position) for position, face in enumerate(report.faces)}


def pulse_words(face: FaceSummary) -> str:
    """Return what was read of a face's pulse, as words: "72 beats a minute (SNR 4.1 dB)" or why nothing was read."""
    if face.pulse_bpm is None:
        return f"no pulse read: {face.pulse_abstained_because or 'the reason was not recorded'}"
    snr = "" if face.pulse_snr_db is None else f" (SNR {face.pulse_snr_db:.1f} dB)"
    return f"{face.pulse_bpm:.0f} beats a minute{snr}"


def blink_words(face: FaceSummary) -> str:
    """Return how often a face blinked, as words: "14 a minute" or "not counted: only 3.9 s of face; …"."""
    if face.blinks_per_min is not None:
        return f"{face.blinks_per_min:.0f} a minute"
    return f"not counted: {face.blinks_abstained_because or 'the reason was not recorded'}"


def measurement_words(measurement: Measurement) -> str:
    """Return a measurement as words: "pulse snr 4.1 dB"; "not measured" where there is no value."""
    name = measurement.name.replace("_", " ")
    if measurement.value is None:
        return f"{name}: not measured"
    value = f"{measurement.value:.4g}"
    return f"{name} {value} {measurement.unit}".rstrip()


LEAST_CLAIMED, MOST_CLAIMED = 0.05, 0.95
"""A calibration on some hundred faces supports no stronger claim than these."""


def likelihood_words(probability_fake: float) -> str:
    """Return a calibrated probability as a percentage that claims no more than its calibration can know."""
    if probability_fake > MOST_CLAIMED:
        return f"over {MOST_CLAIMED:.0%}"
    if probability_fake < LEAST_CLAIMED:
        return f"under {LEAST_CLAIMED:.0%}"
    return f"{probability_fake:.0%}"
