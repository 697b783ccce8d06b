"""A clip as the rest of the program sees it: opened, described, and then frame after frame."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from core.errors import ClipNotFoundError, ClipTooLargeError, DecodingLimitError, UnreadableClipError
from core.types.clip import Clip, Frame, VideoInfo
from core.video.containers import HEAD_BYTES, demuxer_for, is_cut_off, is_still
from core.video.process import ChildEndedError, ChildLateError, DecoderProcess
from core.video.protocol import End, Failure, FrameReady, Info, Job, Message, ProtocolError, Walls
from core.video.refusals import ended, failed, failed_picture, nonsense, tell_once, too_long, too_many_frames

if TYPE_CHECKING:  # the decoding child imports this package and must start fast
    from core.settings import VideoLimits


class ClipReader:
    """An opened clip: a context manager, and an iterator that yields every `Frame` once.

    `clip`: the file and its video stream. `expected_frames`: how many frames to expect, for progress only.
    `frames_decoded`: how many were yielded so far. `truncated`: after the last frame, whether the file was cut off or
    damaged. `walls`: what held the child that decoded. Closed by itself after the last frame, on any error, and when it
    is garbage-collected.
    """

    def __init__(self, path: Path, limits: VideoLimits) -> None:
        """Open a file; see `open_clip`."""
        self._limits = limits
        self._decoder: DecoderProcess | None = None
        self.frames_decoded = 0
        self.truncated = False
        self._last_time_s = -1.0
        with _RegularFile(path, limits) as file:
            demuxer = demuxer_for(file.read_at(0, HEAD_BYTES))
            self._still = is_still(demuxer)
            self._cut_off = is_cut_off(file.read_at, file.size_bytes, demuxer)
            self._decoder = DecoderProcess(
                _job(file.fd, demuxer, limits), stall_s=limits.stall_s, waiting_s=limits.child_wall_s
            )
            try:
                sha256 = file.sha256()  # while the child starts
                self._info = self._opening()
                self.expected_frames = self._info.expected_frames
                self.clip = Clip(path, sha256, file.size_bytes, _video_info(self._info))
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        """Return the next frame.

        Raises:
            ClipTooLargeError: there is more of it than the limits allow.
            DecodingLimitError: the decoder was ended for what it used.
            UnreadableClipError: the decoder crashed.
        """
        if self._decoder is None:
            raise StopIteration
        try:
            message = self._receive()
            if isinstance(message, End):
                self._finish(message)
                raise StopIteration
            return self._frame(message)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the decoding child with all that belongs to it. May be called again."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def _opening(self) -> Info:
        self.walls = _walls_of(self._receive())
        tell_once(self.walls)
        message = self._receive()
        if not isinstance(message, Info):
            raise nonsense(ProtocolError("no description of the stream"))
        if max(message.out_width_px, message.out_height_px) > self._limits.analysis_max_side_px:
            raise nonsense(ProtocolError("larger frames than asked for"))
        return message

    def _frame(self, message: Message) -> Frame:
        if not isinstance(message, FrameReady) or self._decoder is None:
            raise nonsense(ProtocolError("a message out of turn"))
        if message.index != self.frames_decoded or message.time_s <= self._last_time_s:
            raise nonsense(ProtocolError("a frame out of turn"))
        if message.index >= self._limits.max_frames:
            raise too_many_frames(self._limits)
        if message.time_s > self._limits.max_duration_s:
            raise too_long(self._limits)
        width, height = self._info.out_width_px, self._info.out_height_px
        try:
            pixels = self._decoder.take(message.slot, width * height * 3)
        except ProtocolError as error:
            raise nonsense(error) from error
        self.frames_decoded += 1
        self._last_time_s = message.time_s
        rgb = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        return Frame(message.index, message.time_s, rgb, width / self._info.width_px)

    def _finish(self, end: End) -> None:
        if end.frames != self.frames_decoded:
            raise nonsense(ProtocolError("frames are missing"))
        self.truncated = end.damaged or self._cut_off

    def _receive(self) -> Message:
        if self._decoder is None:
            raise nonsense(ProtocolError("closed"))
        message = _heard(self._decoder)
        if isinstance(message, Failure):
            if self._still:
                raise failed_picture(message, self._limits)
            raise failed(message, self._limits, cut_off=self._cut_off)
        return message


def open_clip(path: Path, limits: VideoLimits) -> ClipReader:
    """Open a clip or a still picture for analysis; its bytes are decoded only in a disposable child process.

    Args:
        path: an ordinary file.
        limits: what the clip may be and what its decoding may use.

    Returns:
        A `ClipReader`: use it in a `with`, then iterate over it once. Frames are RGB as shown (turned by the
        stream's rotation, the matrix and range of the stream or those that players assume), no side longer than
        `limits.analysis_max_side_px`, with strictly increasing times from the stream's timestamps that start at 0.
        A still picture is a clip of one frame at 0 s, with a frame rate of 0 and no duration.

    Raises:
        ClipNotFoundError: there is no such ordinary file, or it may not be read.
        UnreadableClipError: empty, damaged, or not of an accepted kind.
        NoVideoError: it holds no video, or no frame of it can be decoded.
        ClipTooLargeError: a limit on bytes, pixels, duration or frames is passed. Duration is that of the frames
            which are there, not that which the header claims.
        DecodingLimitError: the child used up its time, processor or memory.
    """
    return ClipReader(path, limits)


def standing_walls(limits: VideoLimits) -> Walls:
    """Start a decoding child as for a clip, and return what stands around it here.

    Raises:
        DecodingLimitError, UnreadableClipError: the child could not be started as it must be.
    """
    with Path(os.devnull).open("rb") as nothing:
        decoder = DecoderProcess(
            _job(nothing.fileno(), "gif", limits), stall_s=limits.stall_s, waiting_s=limits.child_wall_s
        )
        try:
            return _walls_of(_heard(decoder))
        finally:
            decoder.close()


def _heard(decoder: DecoderProcess) -> Message:
    """The next message, or the sentence for why there is none."""
    try:
        return decoder.receive()
    except ChildLateError as error:
        raise DecodingLimitError("The video took too long to decode.") from error
    except ChildEndedError as error:
        raise ended(error) from error
    except ProtocolError as error:
        raise nonsense(error) from error


def _walls_of(message: Message) -> Walls:
    if not isinstance(message, Walls):
        raise nonsense(ProtocolError("no word of its walls"))
    return message


class _RegularFile:
    """An ordinary file opened for reading, never moving the position that the child shares: `fd`, `size_bytes`."""

    def __init__(self, path: Path, limits: VideoLimits) -> None:
        try:
            # O_NONBLOCK: a FIFO or device without a writer must not hold us up before we see what it is
            self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ClipNotFoundError("There is no such file.") from error
        except PermissionError as error:
            raise ClipNotFoundError("The file may not be read: permission was denied.") from error
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            raise ClipNotFoundError("The file cannot be opened.") from error
        try:
            self.size_bytes = self._checked_size(limits)
        except BaseException:
            os.close(self.fd)
            raise

    def _checked_size(self, limits: VideoLimits) -> int:
        status = os.fstat(self.fd)
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableClipError("This is a directory, not a video file.")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableClipError("This is not an ordinary file.")
        if status.st_size == 0:
            raise UnreadableClipError("The file is empty.")
        if status.st_size > limits.max_bytes:
            size, most = status.st_size / (1 << 20), limits.max_bytes / (1 << 20)
            raise ClipTooLargeError(f"The file has {size:.1f} MiB; at most {most:g} MiB are accepted.")
        return status.st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)

    def read_at(self, offset: int, size: int) -> bytes:
        return os.pread(self.fd, size, offset)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        offset = 0
        while chunk := self.read_at(offset, 1 << 20):
            digest.update(chunk)
            offset += len(chunk)
        return digest.hexdigest()


def _job(file_fd: int, demuxer: str, limits: VideoLimits) -> Job:
    return Job(
        file_fd=file_fd,
        ring_fd=-1,
        slot_bytes=limits.analysis_max_side_px**2 * 3,
        demuxer=demuxer,
        max_duration_s=limits.max_duration_s,
        max_frames=limits.max_frames,
        max_pixels=limits.max_pixels,
        max_side_px=limits.analysis_max_side_px,
        cpu_s=limits.child_cpu_s,
        memory_bytes=limits.child_memory_bytes,
        file_bytes=limits.child_file_bytes,
    )


def _video_info(info: Info) -> VideoInfo:
    return VideoInfo(
        width_px=info.width_px,
        height_px=info.height_px,
        frame_rate=Fraction(info.rate_num, info.rate_den),
        duration_s=info.duration_s,
        frame_count=info.frame_count,
        codec=info.codec,
        container=info.container,
        rotation_deg=info.rotation_deg,
        bit_rate_kbps=info.bit_rate_kbps,
    )
