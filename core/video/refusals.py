"""Why a clip was not read, as the sentence that a person gets; and what the log is told of the decoder."""

from __future__ import annotations

import logging
import signal
import sys
from functools import cache
from typing import TYPE_CHECKING

from core.errors import ClipError, ClipTooLargeError, DecodingLimitError, NoVideoError, UnreadableClipError
from core.video.process import ChildEndedError
from core.video.protocol import Failure, ProtocolError, Walls

if TYPE_CHECKING:  # the decoding child imports this package and must start fast
    from core.settings import VideoLimits

logger = logging.getLogger(__name__)

WALL_NAMES = {
    "own_network": "a network of their own",
    "own_root": "an empty root directory",
    "no_privileges": "no capabilities",
    "filtered": "a filter of system calls",
}


@cache
def tell_once(walls: Walls) -> None:
    """Say in the log what holds the decoding children: once a process, and again where that changes."""
    if not walls.missing:
        logger.info("decoding children have %s", ", ".join(WALL_NAMES.values()))
        return
    missing = ", ".join(WALL_NAMES[name] for name in walls.missing)
    # without the filter the rest can be climbed by who takes over a child that runs as root; with it nothing can
    grave = sys.platform == "linux" and not walls.filtered
    logger.log(logging.WARNING if grave else logging.INFO, "decoding children are without %s", missing)


def too_long(limits: VideoLimits) -> ClipTooLargeError:
    """More seconds than are accepted."""
    return ClipTooLargeError(f"The video is longer than {limits.max_duration_s:g} s, the longest that is accepted.")


def too_many_frames(limits: VideoLimits) -> ClipTooLargeError:
    """More frames than are accepted."""
    return ClipTooLargeError(f"The video has more than {limits.max_frames} frames, the most that are accepted.")


def nonsense(error: ProtocolError) -> UnreadableClipError:
    """Only a decoder that was taken over, or a mistake of ours, gets here."""
    result = UnreadableClipError("The video could not be decoded: its decoder gave a senseless answer.")
    result.__cause__ = error
    return result


def ended(error: ChildEndedError) -> ClipError:
    """The child ended without a word; its status tells some of why."""
    if error.status == -signal.SIGXCPU:
        return DecodingLimitError("The video took more processor time to decode than is allowed.")
    if error.status == -signal.SIGSYS:
        logger.error("a decoding child asked the kernel for what no decoder needs, and was ended: a file took it over")
        return UnreadableClipError(
            "The video could not be decoded: its decoder tried what no decoder does and was stopped."
        )
    if error.status == -signal.SIGKILL:  # by the kernel, short of memory, or by a person
        return DecodingLimitError("The decoder was ended before it was done.")
    return UnreadableClipError("The video could not be decoded: its decoder crashed.")


def failed(failure: Failure, limits: VideoLimits, *, cut_off: bool) -> ClipError:
    """The child's own account of why it gave up, as the sentence for the user."""
    error: ClipError
    match failure.reason:
        case "no_video":
            error = NoVideoError("The file holds no video, only sound or other data.")
        case "no_frame":
            error = NoVideoError("Not a single frame of the video could be decoded.")
        case "codec":
            error = UnreadableClipError("The video is coded in a way that is not accepted here.")
        case "pixels":
            error = ClipTooLargeError(
                f"The video's pictures are larger than {limits.max_pixels} pixels, the most that are accepted."
            )
        case "streams":
            error = ClipTooLargeError("The file holds more streams than are accepted.")
        case "duration":
            error = too_long(limits)
        case "frames":
            error = too_many_frames(limits)
        case "memory":
            error = DecodingLimitError("The video takes more memory to decode than is allowed.")
        case _ if cut_off:
            error = UnreadableClipError("The video file is cut off before its index, so nothing of it can be read.")
        case _:
            error = UnreadableClipError("The file is damaged or is not a video.")
    error.__cause__ = RuntimeError(f"{failure.reason}: {failure.detail}")
    return error


def failed_picture(failure: Failure, limits: VideoLimits) -> ClipError:
    """The same for a file that is one still picture."""
    error: ClipError
    match failure.reason:
        case "pixels":
            error = ClipTooLargeError(
                f"The picture is larger than {limits.max_pixels} pixels, the most that are accepted."
            )
        case "memory":
            error = DecodingLimitError("The picture takes more memory to decode than is allowed.")
        case _:
            error = UnreadableClipError("The picture is damaged, or larger than can be decoded.")
    error.__cause__ = RuntimeError(f"{failure.reason}: {failure.detail}")
    return error
