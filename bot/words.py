"""The words that Discord, page and terminal share on the way to an answer: stages, places in the queue, durations.

What an answer itself is called is in `core.report.words`.
Plain text in, plain text out: escaping for Discord's Markdown or for HTML is done where the words are shown.
"""

from __future__ import annotations

from core.report.words import face_names, pulse_words
from core.types import FaceSummary, Progress, Report, Stage, VerdictLabel

SCREENING_AID = "A screening aid, not a proof"
BAR_CELLS = 12


EMOJI: dict[VerdictLabel, str] = {
    VerdictLabel.LIKELY_FAKE: "⚠️",
    VerdictLabel.LIKELY_REAL: "✅",
    VerdictLabel.INCONCLUSIVE: "❔",
    VerdictLabel.DECLARED_SYNTHETIC: "🏷️",
}
"""Discord's icons; title, meaning and colour of a verdict are those of `core.report.words`."""

STAGES: dict[Stage, str] = {
    Stage.OPENING: "Opening the clip",
    Stage.FRAMES: "Looking at every frame",
    Stage.SIGNALS: "Reading the pulse",
    Stage.DETECTORS: "Weighing the evidence",
    Stage.FIGURES: "Drawing the figures",
}

_BANDS: tuple[tuple[float, str], ...] = (
    (0.05, "very low"),
    (0.25, "low"),
    (0.60, "moderate"),
    (0.90, "high"),
    (1.01, "very high"),
)


def probability_band(probability_fake: float | None) -> str | None:
    """Return a calibrated probability as a band in words, or None when there is none."""
    if probability_fake is None:
        return None
    return next(words for below, words in _BANDS if probability_fake < below)


def likelihood_line(report: Report) -> str | None:
    """Return "Likelihood of manipulation: high", or None when the answer is not that clear.

    Beside "Can't tell" a likelihood would be read as an accusation.
    """
    answered = report.verdict.label in {VerdictLabel.LIKELY_FAKE, VerdictLabel.LIKELY_REAL}
    band = probability_band(report.verdict.probability_fake) if answered else None
    return None if band is None else f"Likelihood of manipulation: {band}"


def duration(seconds: float) -> str:
    """Return a duration as a person says it: "0.4 s", "12 s", "3 min 5 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min" if rest == 0 else f"{minutes} min {rest} s"


def size(size_bytes: int) -> str:
    """Return a size in MiB (or KiB below a tenth of one)."""
    mebibytes = size_bytes / (1 << 20)
    return f"{mebibytes:.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB" if mebibytes >= 0.1 else "<0.1 MiB"


def too_large_sentence(name: str, size_bytes: int, limit_bytes: int) -> str:
    """Return the sentence for a clip over the size limit."""
    return f"{name} is {size(size_bytes)}; the largest clip that I check is {size(limit_bytes)}."


def count(number: int, one: str, many: str | None = None) -> str:
    """Return "1 face", "2 faces"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def face_lines(report: Report) -> list[str]:
    """Return one line a face: its name, when it was seen, how large, and its pulse or why there is none."""
    return [f"{name}: {face_line(face)}" for face, name in zip(report.faces, face_names(report).values(), strict=True)]


def face_line(face: FaceSummary) -> str:
    """Return "0.0–9.9 s, 212 px; 72 beats a minute (SNR 4.1 dB)"."""
    first_s, last_s = face.times_s
    return f"{first_s:.1f}–{last_s:.1f} s, {face.size_px:.0f} px; {pulse_words(face)}"


def stage_words(progress: Progress | None) -> str:
    """Return what is being done now."""
    return "Starting" if progress is None else STAGES[progress.stage]


def share_done(progress: Progress | None) -> float | None:
    """Return how much of the current stage is done in 0..1, or None when that cannot be known."""
    if progress is None or not progress.total:
        return None
    return min(max(progress.done / progress.total, 0.0), 1.0)


def bar(share: float) -> str:
    """Return a bar of `BAR_CELLS` cells for a share in 0..1."""
    full = round(share * BAR_CELLS)
    return "█" * full + "░" * (BAR_CELLS - full)


def time_left(progress: Progress | None) -> str | None:
    """Return "about 12 s left", or None when that is not known or under a second."""
    if progress is None or progress.left_s is None or progress.left_s < 1:
        return None
    return f"about {duration(round(progress.left_s))} left"


def progress_line(progress: Progress | None) -> str:
    """Return stage, bar and time left in one line, as far as they are known."""
    parts = [stage_words(progress)]
    share = share_done(progress)
    if share is not None:
        parts.append(f"{bar(share)} {share:.0%}")
    left = time_left(progress)
    if left:
        parts.append(left)
    return " · ".join(parts)


def queue_line(ahead: int) -> str:
    """Return the place in the queue in words."""
    return "Waiting to start" if ahead <= 0 else f"Waiting: {count(ahead, 'clip')} before this one"


def versions_line(report: Report) -> str:
    """Return what the answer was made with: "pulse 1, provenance 1"."""
    return ", ".join(f"{name} {version}" for name, version in sorted(report.versions.items()))
