"""Reading the pulse of one clip from a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot import checking
from bot.answer_text import pulse_text
from bot.terminal import answers, progress_bar, say_error
from core.report.json import error_fields, pulse_json
from core.settings import read_settings
from core.types import Analysis

NO_FACE = "no face was found in this clip"
NOTHING_READ: dict[str, Any] = {
    "track": None,
    "method": None,
    "windows": [],
    "bpm": None,
    "snr_db": None,
    "respiration_bpm": None,
    "abstained_because": None,
}


def read_clip(clip: str, *, as_json: bool, plot: Path | None = None) -> int:
    """Print the pulse of the most prominent face, draw it to `plot` if wanted, and return the exit status.

    Raises:
        WrongCallError: `plot` cannot be written.
        SettingsError: a setting is not valid.
    """
    limits = read_settings().video
    if plot is not None:
        _require_plot(plot)
    with answers() as out:
        try:
            with progress_bar(Path(clip).name, wanted=not as_json) as progress:
                analysis = checking.analyse(Path(clip), limits, progress)
        except Exception as error:
            say_error(error, about=clip)
            if as_json:
                checking.print_json({"clip": clip, **NOTHING_READ, "faces": [], **error_fields(error)}, out)
            return checking.SOME_UNREAD
        if as_json:
            checking.print_json(reading_json(analysis, clip), out)
        else:
            print(pulse_text(analysis.faces[0].reading if analysis.faces else None, clip), file=out, flush=True)
    try:
        if plot is not None:
            _write_plot(analysis, plot)
    except Exception as error:  # the clip has its answer all the same
        say_error(error, about=clip)
        return checking.SOME_UNREAD
    return checking.ALL_ANSWERED


def reading_json(analysis: Analysis, clip: str) -> dict[str, Any]:
    """Return the object of `facepulse pulse --json`: the most prominent face, then every face under "faces"."""
    faces = [pulse_json(face.reading) for face in analysis.faces]
    first = faces[0] if faces else {**NOTHING_READ, "abstained_because": NO_FACE}
    return {"clip": clip, **first, "faces": faces, "error": None, "error_code": None}


def _require_plot(plot: Path) -> None:
    if plot.is_dir():
        raise checking.WrongCallError(f"{plot} is a folder; name a file for the plot.")
    checking.require_folder(plot.parent)


def _write_plot(analysis: Analysis, plot: Path) -> None:
    from core.report.figures import pulse_plot  # noqa: PLC0415  (loads matplotlib)
    from core.report.output import write_files  # noqa: PLC0415

    write_files(plot.parent, {plot.name: pulse_plot(analysis)})
