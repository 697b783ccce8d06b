"""The sound of a clip, to be carried over into another file.

Packets of AAC-LC and MP3 with one or two channels are copied as they are: an MP4 takes them and no sound is lost.
Everything else is coded anew as AAC. The file is only opened in a disposable child behind the same walls as for
pictures (`core.video.audio_child`); of what comes back nothing but sizes, times and packets of sound is believed.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import ClipNotFoundError
from core.video.containers import HEAD_BYTES, demuxer_for, is_still
from core.video.process import child_environment

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

    from core.settings import VideoLimits

CODECS = ("aac", "mp3")
RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
MOST_BYTES = 64 << 20
"""Sound of more is left out: five minutes of AAC at 320 kb/s are 12 MiB."""
PACKET = struct.Struct(">qqIB")
"""Time and length of a packet in samples, its bytes, and whether another follows."""
_ENCODERS = {"aac": "aac", "mp3": "libmp3lame"}

NO_SOUND = "no_sound"
LEFT_OUT = {
    "codec": "The sound is coded in a way that is not read here, so the video has none.",
    "too_much": "The sound is too large to be carried over, so the video has none.",
    "damaged": "The sound could not be read, so the video has none.",
}


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """One packet: `time_samples` from the first picture of the clip, below 0 for what only prepares the decoder."""

    time_samples: int
    length_samples: int
    data: bytes


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Sound as an MP4 can carry it: `codec` "aac" (LC) or "mp3", one or two channels; `copied` or coded anew."""

    codec: str
    rate_hz: int
    channels: int
    packets: tuple[AudioPacket, ...]
    copied: bool

    @property
    def duration_s(self) -> float:
        """Seconds from the first picture to the end of the last packet."""
        last = self.packets[-1]
        return (last.time_samples + last.length_samples) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Sound:
    """A clip's sound; None where it has none or none that could be carried over, which `told` says in a sentence."""

    track: AudioTrack | None
    told: str | None = None


@dataclass(frozen=True, slots=True)
class AudioJob:
    """What the child is asked to do."""

    file_fd: int
    demuxer: str
    most_bytes: int
    max_duration_s: float
    cpu_s: int
    memory_bytes: int


def read_audio(path: Path, limits: VideoLimits) -> Sound:
    """Return the sound of a clip; its bytes are opened only in a disposable child process.

    Raises:
        ClipNotFoundError: there is no such file, or it may not be read.
        UnreadableClipError, NoVideoError: it is not a clip at all.
    """
    try:
        file_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise ClipNotFoundError("The file cannot be opened.") from error
    try:
        demuxer = demuxer_for(os.pread(file_fd, HEAD_BYTES, 0))
        if is_still(demuxer):
            return Sound(None)
        most = min(MOST_BYTES, limits.max_bytes)
        job = AudioJob(file_fd, demuxer, most, limits.max_duration_s, limits.child_cpu_s, limits.child_memory_bytes)
        return _sound(_answer(job, limits.child_wall_s), most)
    finally:
        os.close(file_fd)


def add_audio(container: OutputContainer, track: AudioTrack) -> AudioStream:
    """Add a stream for the track to an MP4 that is being written, before its first packet.

    The stream's header is that of our own encoder for the same codec, rate and channels: no byte of it comes from
    the clip.
    """
    stream = cast("AudioStream", container.add_stream(_ENCODERS[track.codec], rate=track.rate_hz))
    stream.layout = "mono" if track.channels == 1 else "stereo"
    stream.time_base = Fraction(1, track.rate_hz)
    return stream


def packets_for(stream: AudioStream, track: AudioTrack) -> Iterator[Packet]:
    """Yield the track's packets, ready for `container.mux`, in the order of their times."""
    import av  # noqa: PLC0415 - who only names the types needs no PyAV

    for packet in track.packets:
        ready = av.Packet(packet.data)
        ready.pts = ready.dts = packet.time_samples
        ready.duration = packet.length_samples
        ready.time_base = Fraction(1, track.rate_hz)
        ready.stream = stream
        yield ready


def _answer(job: AudioJob, wall_s: float) -> bytes:
    """Run one child and return what it wrote; empty when it wrote too much or took too long."""
    directory = tempfile.mkdtemp(prefix="facepulse-sound-")
    try:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-m", "core.video.audio_child", json.dumps(asdict(job))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(job.file_fd,),
            cwd=directory,
            env=child_environment(),
            start_new_session=True,
            bufsize=0,
        )
    finally:
        Path(directory).rmdir()
    try:
        return _read_all(child, 2 * job.most_bytes, time.monotonic() + wall_s)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _read_all(child: subprocess.Popen[bytes], most: int, deadline: float) -> bytes:
    pipe, answer = child.stdout, bytearray()
    if pipe is None:  # pragma: no cover - it was asked for
        return b""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while poll.poll(max(deadline - time.monotonic(), 0) * 1000):
        chunk = os.read(pipe.fileno(), 1 << 16)
        if not chunk:
            return bytes(answer)
        answer += chunk
        if len(answer) > most:
            break
    return b""


def _sound(answer: bytes, most: int) -> Sound:
    """Read the child's answer strictly: a length, a JSON object, then packets; anything odd is damaged sound."""
    try:
        size = int.from_bytes(answer[:4], "big")
        head = json.loads(answer[4 : 4 + size])
        reason = head.get("reason")
        if reason is not None:
            return Sound(None, None if reason == NO_SOUND else LEFT_OUT.get(reason, LEFT_OUT["damaged"]))
        track = _track(head, tuple(_packets(answer, 4 + size, most)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, struct.error):
        return Sound(None, LEFT_OUT["damaged"])
    return Sound(track) if track.packets else Sound(None, LEFT_OUT["damaged"])


def _track(head: dict[str, Any], packets: tuple[AudioPacket, ...]) -> AudioTrack:
    codec, rate_hz, channels, copied = (head[name] for name in ("codec", "rate_hz", "channels", "copied"))
    if codec not in CODECS or rate_hz not in RATES_HZ or channels not in {1, 2} or type(copied) is not bool:
        raise ValueError("no sound that can be carried")
    return AudioTrack(codec, rate_hz, channels, packets, copied)


def _packets(answer: bytes, position: int, most: int) -> Iterator[AudioPacket]:
    last, total, more = -(1 << 40), 0, 1
    while more:
        time_samples, length, size, more = PACKET.unpack_from(answer, position)
        position += PACKET.size
        data = answer[position : position + size]
        position, total = position + size, total + size
        honest = len(data) == size > 0 and last < time_samples < 1 << 40 and 0 < length < 1 << 20
        if not honest or total > most:
            raise ValueError("no honest packet")
        last = time_samples
        yield AudioPacket(time_samples, length, data)
