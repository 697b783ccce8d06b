"""One hierarchy of errors; each carries the sentence that a user may read.

The message of every `FacepulseError` is written for the person who asked: one clear sentence, no path of ours, no
traceback. What an engineer needs is the `__cause__` and the log.
"""

from __future__ import annotations


class FacepulseError(Exception):
    """Base of all expected failures; `str(error)` is the sentence for the user, `code` a stable name for machines."""

    code = "error"


class SettingsError(FacepulseError):
    """A setting is missing or out of its range."""

    code = "settings"


class ClipError(FacepulseError):
    """The clip cannot be analysed, for a reason that lies in the file."""

    code = "clip"


class ClipNotFoundError(ClipError):
    """There is no such file, or it may not be read."""

    code = "not_found"


class UnreadableClipError(ClipError):
    """Empty, truncated, not a video, or of a container or codec that is not accepted."""

    code = "unreadable"


class NoVideoError(ClipError):
    """The file has no video stream (audio only), or not a single frame could be decoded."""

    code = "no_video"


class ClipTooLargeError(ClipError):
    """A limit on bytes, duration, pixels or frames is passed."""

    code = "too_large"


class DecodingLimitError(ClipError):
    """The decoding child used up its time, processor or memory allowance and was ended."""

    code = "decoding_limit"


class WeightsError(FacepulseError):
    """A weight file is missing or altered; the sentence names it and says how to get it."""

    code = "weights"


class DatasetError(FacepulseError):
    """A dataset is not there, incomplete, or not in its official layout; the sentence says what is missing."""

    code = "dataset"


class TrainingError(FacepulseError):
    """A network cannot be trained as it was asked for."""

    code = "training"


class StoreError(FacepulseError):
    """The database cannot be opened, read or written."""

    code = "store"


class OutputError(FacepulseError):
    """A report, figure or file cannot be written where it was asked for."""

    code = "output"


class MediaStoreError(OutputError):
    """The place where clips, evidence and figures are kept does not answer, is full or refuses; it may well pass."""

    code = "media"


class ReviewError(FacepulseError):
    """A case cannot be flagged, decided or assigned as it was asked for; the sentence says why."""

    code = "review"


class CancelledError(FacepulseError):
    """The person who asked took it back."""

    code = "cancelled"


class FaceSetError(FacepulseError):
    """A set of faces is not there, damaged, or cannot be made as it was asked for."""

    code = "face_set"


class ConsentError(FacepulseError):
    """The person shown did not allow this, or it is not on record that they did."""

    code = "consent"


class LabelError(FacepulseError):
    """A swapped video cannot carry its label, so there is none; or its label cannot be signed as it was asked for."""

    code = "label"


class UnreadLabelError(LabelError):
    """The label was written and could not be read back: what is in the pictures hides the marks of this id."""


class SwapModelError(FacepulseError):
    """A trained swap is not there, damaged, or cannot be used or gone on with as it was asked for."""

    code = "swap_model"


class DemoError(FacepulseError):
    """A demo is not made or shown as it was asked for; the sentence says why."""

    code = "demo"


class CameraError(FacepulseError):
    """A camera, or what live pictures are shown on, cannot be used."""

    code = "camera"
