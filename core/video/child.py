"""The disposable process that decodes: `python -I -m core.video.child JOB`, started by `core.video.process` only.

It inherits an open file, a shared ring of picture slots and two pipes, gives up what it does not need, says which
walls stand around it, and then opens nothing any more. Imports PyAV and numpy, and of this project only what needs
neither settings nor OpenCV.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

import av
import av.subtitles.codeccontext
import av.subtitles.stream
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.video import picture
from core.video.containers import container_name, is_still
from core.video.hardening import give_up_privileges
from core.video.protocol import SLOTS, End, Failure, FrameReady, Info, Job, Message, encode, plain
from core.video.timing import Clock, expected_frames, plausible_rate

DECODERS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,msmpeg4,msmpeg4v2,msmpeg4v3,mpeg2video,mpeg1video,mjpeg,"
    "h263,flv,gif,theora,wmv1,wmv2,wmv3,vc1,prores,vp6,vp6f,dvvideo,rawvideo,ffv1,png,apng,webp,bmp,tiff"
)
"""The decoders that may be opened, while probing too; FFmpeg has hundreds more."""
MAX_STREAMS, TRACK, READ_BYTES = 1000, b"trak", 1 << 20
"""FFmpeg takes no more streams; in an MP4 each has a box of this kind."""


class GiveUpError(Exception):
    """Decoding cannot go on; becomes a `Failure` message."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.failure = Failure(reason, plain(detail))


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers claim, or what was counted where their claims could not be accepted."""

    duration_s: float | None
    frame_count: int | None
    expected_frames: int | None
    rate: Fraction


class Ring:
    """The picture slots shared with the parent, and the pipe on which it gives them back."""

    def __init__(self, fd: int, slot_bytes: int, returned_fd: int) -> None:
        self._memory = mmap.mmap(fd, slot_bytes * SLOTS)
        self._slot_bytes = slot_bytes
        self._returned_fd = returned_fd
        self._free = list(range(SLOTS))

    def put(self, rgb: NDArray[np.uint8]) -> int:
        """Copy a picture into a free slot, waiting for one; returns the slot."""
        if not self._free:
            returned = os.read(self._returned_fd, SLOTS)
            if not returned:  # the parent is gone
                os._exit(0)
            self._free.extend(returned)
        slot = self._free.pop(0)
        target = np.frombuffer(self._memory, np.uint8, rgb.size, slot * self._slot_bytes)
        np.copyto(target.reshape(rgb.shape), rgb)
        return slot


def main() -> None:
    """Decode one file and end."""
    job = Job(**json.loads(sys.argv[1]))
    messages_fd = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not be taken for a message
    ring = Ring(job.ring_fd, job.slot_bytes, returned_fd=0)
    walls = give_up_privileges(job.cpu_s, job.memory_bytes, job.file_bytes)

    def send(message: Message) -> None:
        data = encode(message)
        while data:
            data = data[os.write(messages_fd, data) :]

    try:
        send(walls)
        for message in decode(job, ring):
            send(message)
    except GiveUpError as stop:
        send(stop.failure)
    except MemoryError:
        send(Failure("memory", ""))
    except Exception as error:
        send(Failure("unreadable", plain(f"{type(error).__name__}: {error}")))


def decode(job: Job, ring: Ring) -> Iterator[Message]:
    """Yield the messages of one whole decoding: `Info`, the frames, `End`."""
    with open_container(job) as container:
        headers = read_headers(container, video_stream(container, job), job)
    # opened again, since counting may have read it to the end
    with open_container(job) as container:
        stream = video_stream(container, job)
        yield from decode_stream(stream, Damage(), headers, job, ring)


@contextmanager
def open_container(job: Job) -> Iterator[InputContainer]:
    """Open the inherited file with the one demuxer that its first bytes call for."""
    os.lseek(job.file_fd, 0, os.SEEK_SET)
    with os.fdopen(job.file_fd, "rb", buffering=0, closefd=False) as file:
        options = {
            "format_whitelist": av.ContainerFormat(job.demuxer, "r").name,
            "codec_whitelist": DECODERS,
            "protocol_whitelist": "",
        }
        try:
            # No `options` for the streams here: PyAV 16 frees as many as there are after probing, having allocated
            # as many as there were before, and crashes on MPEG.
            container = av.open(
                file,
                "r",
                format=job.demuxer,
                container_options=options,
                metadata_errors="replace",
                buffer_size=1 << 17,
                io_open=refuse_to_open,
            )
        except av.error.MemoryError as error:
            # FFmpeg says the same of an MP4 with more streams than it takes as of memory that is not there.
            raise GiveUpError("streams" if named_tracks(job.file_fd) >= MAX_STREAMS else "memory") from error
        except av.FFmpegError as error:
            raise GiveUpError("unreadable", str(error)) from error
        with container:
            yield container


def named_tracks(file_fd: int) -> int:
    """Return how often a file names a box for a track, however deep, up to `MAX_STREAMS`."""
    found, at, before = 0, 0, b""
    while found < MAX_STREAMS and (chunk := os.pread(file_fd, READ_BYTES, at)):
        found += (before + chunk).count(TRACK)
        at, before = at + len(chunk), chunk[1 - len(TRACK) :]
    return found


def refuse_to_open(url: str, flags: int, options: dict[str, Any]) -> NoReturn:
    """A demuxer asked for a second file."""
    raise PermissionError("a clip is one file")


def video_stream(container: InputContainer, job: Job) -> VideoStream:
    """The stream that a player would show, checked against the limits; cover pictures of songs don't count."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise GiveUpError("no_video")
    stream = max(streams, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height))
    context: Any = stream.codec_context  # None when there is no decoder for it
    if context is None or context.name not in DECODERS.split(","):
        raise GiveUpError("codec", "" if context is None else str(context.name))
    if stream.width * stream.height > job.max_pixels:
        raise GiveUpError("pixels", f"{stream.width}x{stream.height}")
    stream.thread_count = 1  # the parent's work fills the other processor, and threads may not be started here
    # the decoder counts the margins of its buffers too; every picture's own size is checked when it is there
    context.options = {"max_pixels": str(2 * job.max_pixels + (1 << 20))}
    return stream


def read_headers(container: InputContainer, stream: VideoStream, job: Job) -> Headers:
    """Read what the headers claim; where that passes a limit or is not there, count what the file really holds."""
    if is_still(job.demuxer):
        return Headers(None, 1, 1, Fraction(0))
    tick = stream.time_base or Fraction(1, av.time_base)
    duration_s: float | None = None
    if stream.duration and stream.duration > 0:
        duration_s = float(stream.duration * tick)
    elif container.duration and container.duration > 0:
        duration_s = container.duration / av.time_base
    count = stream.frames if stream.frames > 0 else None
    rate = plausible_rate(stream.average_rate, stream.guessed_rate)
    if duration_s is not None and duration_s <= job.max_duration_s and (count or 0) <= job.max_frames:
        return Headers(duration_s, count, expected_frames(count, duration_s, rate), rate)
    packets, span_s = count_packets(container, stream, tick, job)
    real_rate = Fraction((packets - 1) / span_s).limit_denominator(1001) if packets > 1 and span_s > 0 else rate
    rate = plausible_rate(stream.guessed_rate if duration_s is None else real_rate, real_rate, rate)
    return Headers(duration_s, count, packets or None, rate)


def count_packets(container: InputContainer, stream: VideoStream, tick: Fraction, job: Job) -> tuple[int, float]:
    """Number of packets and seconds between the first and the last, without decoding any."""
    count, first, last = 0, None, 0
    try:
        for packet in container.demux(stream):
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None or not packet.size:
                continue
            count += 1
            first = time if first is None else min(first, time)
            last = max(last, time)
            if (last - first) * tick > job.max_duration_s:
                raise GiveUpError("duration")
            if count > job.max_frames:
                raise GiveUpError("frames")
    except av.FFmpegError:
        pass  # damaged from here on: decoding will meet the same end and say so
    return count, float((last - (first or 0)) * tick)


@dataclass(slots=True)
class Damage:
    """Whether something was broken on the way."""

    seen: bool = False


def decode_stream(stream: VideoStream, damage: Damage, headers: Headers, job: Job, ring: Ring) -> Iterator[Message]:
    """Yield `Info` with the first frame, then every frame that has a time of its own, then `End`."""
    clock = Clock(stream.time_base or Fraction(1, av.time_base), headers.rate)
    converter: picture.Converter | None = None
    index = 0
    for frame in pictures(stream, damage):
        if frame.width * frame.height > job.max_pixels:
            raise GiveUpError("pixels", f"{frame.width}x{frame.height}")
        time_s = clock.place(frame.pts if frame.pts is not None else frame.dts)
        if time_s is None:
            continue
        if converter is None:
            info = describe(stream, frame, headers, job)
            converter = picture.Converter(info.out_width_px, info.out_height_px)
            yield info
        yield FrameReady(index, ring.put(converter.to_rgb(frame)), time_s)
        index += 1
        if is_still(job.demuxer):  # a camera may have put a second picture behind the first
            break
    if index == 0:
        raise GiveUpError("no_frame")
    yield End(index, damage.seen)


def pictures(stream: VideoStream, damage: Damage) -> Iterator[VideoFrame]:
    """Decode a stream to its end, over broken packets, noting the damage."""
    packets = stream.container.demux(stream)  # type: ignore[attr-defined]
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            damage.seen |= packet.is_corrupt
            frames = packet.decode()
        except (MemoryError, av.error.MemoryError):
            raise GiveUpError("memory") from None
        except av.error.EOFError:
            return
        except av.FFmpegError:
            if not room_for(16 * stream.width * stream.height):
                raise GiveUpError("memory") from None
            damage.seen = True
            continue
        for frame in frames:
            damage.seen |= frame.is_corrupt
            yield frame


def room_for(size: int) -> bool:
    """Whether this process may still have `size` bytes: decoders report a refusal as broken data."""
    try:
        mmap.mmap(-1, max(size, 1 << 20)).close()
    except (OSError, ValueError):
        return False
    return True


def describe(stream: VideoStream, frame: VideoFrame, headers: Headers, job: Job) -> Info:
    """What the parent is told of the stream, from its headers and its first decoded frame."""
    width, height = picture.shown_size(frame)
    out_width, out_height = picture.fitted(width, height, job.max_side_px)
    bit_rate = 0 if is_still(job.demuxer) else stream.bit_rate or getattr(stream.container, "bit_rate", 0)
    return Info(
        width_px=width,
        height_px=height,
        out_width_px=out_width,
        out_height_px=out_height,
        rate_num=headers.rate.numerator,
        rate_den=headers.rate.denominator,
        duration_s=headers.duration_s,
        frame_count=headers.frame_count,
        expected_frames=headers.expected_frames,
        codec=stream.codec_context.name,
        container=container_name(job.demuxer),
        rotation_deg=picture.turn_deg(frame),
        bit_rate_kbps=bit_rate / 1000 if bit_rate and bit_rate > 0 else None,
    )


if __name__ == "__main__":
    main()
