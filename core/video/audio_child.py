"""The disposable process that takes the sound out of a clip: `python -I -m core.video.audio_child JOB`.

Started by `core.video.audio` only. Answers on its standard output: four bytes of length, a JSON object, and packets.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import av.audio.resampler
import av.subtitles.codeccontext
import av.subtitles.stream
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from core.video.audio import NO_SOUND, PACKET, RATES_HZ, AudioJob, AudioPacket
from core.video.hardening import give_up_privileges

DECODERS = (
    "aac,aac_latm,mp3float,mp3,mp2float,mp2,mp1float,ac3,eac3,opus,libopus,vorbis,flac,alac,wmav1,wmav2,wmapro,"
    "amrnb,amrwb,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,nellymoser,speex,libspeex,pcm_u8,pcm_s8,pcm_s16le,"
    "pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_mulaw,pcm_alaw,pcm_bluray,"
    "pcm_dvd,dca,dvaudio"
)
FRAME_SAMPLES = 1024
BIT_RATE = 160_000
GAP_S = 0.1
"""Sound that comes so much later than the last went on is preceded by silence; less is a clock's rounding."""


class NoSoundError(Exception):
    """There is none to give; becomes the answer's `reason`."""


@dataclass(frozen=True, slots=True)
class Found:
    """The stream's packets, and the time of the first picture in seconds."""

    stream: AudioStream
    packets: list[Packet]
    first_picture_s: float


def main() -> None:
    """Answer one job and end."""
    job = AudioJob(**json.loads(sys.argv[1]))
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    encoder = new_encoder  # everything that loads a file is loaded by now
    give_up_privileges(job.cpu_s, job.memory_bytes, 0)
    try:
        head, packets = sound(job, encoder)
    except NoSoundError as none:
        head, packets = {"reason": str(none)}, []
    except Exception:
        head, packets = {"reason": "damaged"}, []
    if sum(len(packet.data) for packet in packets) > job.most_bytes:
        head, packets = {"reason": "too_much"}, []
    send(answer_fd, head, packets)


def send(fd: int, head: dict[str, Any], packets: list[AudioPacket]) -> None:
    """Write one answer."""
    body = json.dumps(head).encode()
    parts = [len(body).to_bytes(4, "big"), body]
    for number, packet in enumerate(packets, start=1):
        more = number < len(packets)
        parts += [PACKET.pack(packet.time_samples, packet.length_samples, len(packet.data), more), packet.data]
    data = memoryview(b"".join(parts))
    while data:
        data = data[os.write(fd, data) :]


def sound(job: AudioJob, encoder_for: Any) -> tuple[dict[str, Any], list[AudioPacket]]:
    """Return the head of the answer and the packets."""
    with os.fdopen(job.file_fd, "rb", buffering=0, closefd=False) as file:
        options = {
            "format_whitelist": av.ContainerFormat(job.demuxer, "r").name,
            "codec_whitelist": DECODERS,
            "protocol_whitelist": "",
        }
        with av.open(
            file, "r", format=job.demuxer, container_options=options, metadata_errors="replace", io_open=refuse_to_open
        ) as container:
            found = find(container, job)
            if can_be_copied(found):
                return copied(found)
            return coded_anew(found, encoder_for)


def refuse_to_open(url: str, flags: int, options: dict[str, Any]) -> None:
    """A demuxer asked for a second file."""
    raise PermissionError("a clip is one file")


def find(container: InputContainer, job: AudioJob) -> Found:
    """Read the packets of the sound that a player would play, and see when the pictures begin."""
    streams = container.streams.audio
    if not streams:
        raise NoSoundError(NO_SOUND)
    stream = container.streams.best("audio") or streams[0]
    context: Any = stream.codec_context
    if not isinstance(stream, AudioStream) or context is None or context.name not in DECODERS.split(","):
        raise NoSoundError("codec")
    packets: list[Packet] = []
    pictures: list[float] = []
    held = 0
    try:
        for packet in container.demux([stream, *container.streams.video]):
            moment = packet.pts if packet.pts is not None else packet.dts
            if not packet.size or moment is None or packet.time_base is None:
                continue
            if packet.stream.type == "video":
                if not packet.is_discard:
                    pictures.append(float(moment * packet.time_base))
                continue
            held += packet.size
            if held > 8 * job.most_bytes or float(moment * packet.time_base) > 2 * job.max_duration_s:
                raise NoSoundError("too_much")
            packets.append(packet)
    except av.FFmpegError:
        pass  # cut off: what was there is carried
    if not packets:
        raise NoSoundError("damaged")
    return Found(stream, packets, min(pictures, default=0.0))


def can_be_copied(found: Found) -> bool:
    """Whether the packets are AAC-LC or MP3 of one or two channels at a usual rate, each packet decodable by itself."""
    context = found.stream.codec_context
    if context.name not in {"aac", "mp3", "mp3float"} or found.stream.time_base is None:
        return False
    try:
        frames = [frame for packet in found.packets[:3] for frame in context.decode(packet)]
    except av.FFmpegError:
        return False
    usual = all(frame.sample_rate == context.sample_rate and frame.layout.nb_channels in {1, 2} for frame in frames)
    low_complexity = context.name != "aac" or context.profile in {"LC", None}
    return bool(frames) and usual and low_complexity and context.sample_rate in RATES_HZ


def copied(found: Found) -> tuple[dict[str, Any], list[AudioPacket]]:
    """Return the packets as they are, timed from the first picture."""
    context = found.stream.codec_context
    rate_hz, is_aac = context.sample_rate, context.name == "aac"
    length = 1024 if is_aac else (1152 if rate_hz >= 32000 else 576)
    packets: list[AudioPacket] = []
    expected: int | None = None
    for packet in found.packets:
        moment = packet.pts if packet.pts is not None else packet.dts
        data = without_adts(bytes(packet)) if is_aac else bytes(packet)
        if moment is None or packet.time_base is None or not data:
            continue
        start = round((float(moment * packet.time_base) - found.first_picture_s) * rate_hz)
        if expected is not None and start < expected + GAP_S * rate_hz:
            start = expected  # clocks of milliseconds tremble; sound does not
        own = round(float(packet.duration * packet.time_base) * rate_hz) if packet.duration else length
        last = own if 0 < own < length - rate_hz // 500 else length
        expected = start + length
        if expected > -length:  # one packet before the first picture prepares the decoder
            packets.append(AudioPacket(start, last, data))
    codec = "aac" if is_aac else "mp3"
    return {"codec": codec, "rate_hz": rate_hz, "channels": context.channels, "copied": True}, shortened(
        packets, length
    )


def shortened(packets: list[AudioPacket], length: int) -> list[AudioPacket]:
    """Return the packets, all of full length but the last, which may be cut."""
    whole = [AudioPacket(packet.time_samples, length, packet.data) for packet in packets[:-1]]
    return [*whole, *packets[-1:]]


def without_adts(data: bytes) -> bytes:
    """Return an AAC packet without the header that streams put before it (ISO/IEC 14496-3, 1.A.2)."""
    if len(data) > 9 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data


def new_encoder(rate_hz: int, channels: int) -> AudioCodecContext:
    """Return an encoder of AAC-LC."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout = rate_hz, "mono" if channels == 1 else "stereo"
    encoder.format, encoder.bit_rate = "fltp", BIT_RATE // (3 - channels)
    encoder.open()
    return encoder


def coded_anew(found: Found, encoder_for: Any) -> tuple[dict[str, Any], list[AudioPacket]]:
    """Decode the sound and return it as AAC."""
    context = found.stream.codec_context
    channels = 1 if context.channels == 1 else 2
    rate_hz = context.sample_rate if context.sample_rate in RATES_HZ else 48000
    encoder = encoder_for(rate_hz, channels)
    packets: list[AudioPacket] = []

    def take(given: Iterable[Packet]) -> None:
        for packet in given:
            if packet.pts is not None and packet.size:
                packets.append(AudioPacket(packet.pts, FRAME_SAMPLES, bytes(packet)))

    position = 0
    for block in blocks(samples(found, rate_hz, channels), channels):
        frame = AudioFrame.from_ndarray(block, format="fltp", layout="mono" if channels == 1 else "stereo")
        frame.sample_rate, frame.pts = rate_hz, position
        position += FRAME_SAMPLES
        take(encoder.encode(frame))
    take(encoder.encode(None))
    if not packets:
        raise NoSoundError("damaged")
    return {"codec": "aac", "rate_hz": rate_hz, "channels": channels, "copied": False}, packets


def samples(found: Found, rate_hz: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """Yield the sound (channels, n) from the first picture on, without holes."""
    resampler = av.audio.resampler.AudioResampler(
        format="fltp", layout="mono" if channels == 1 else "stereo", rate=rate_hz
    )
    written: int | None = None
    for packet in found.packets:
        try:
            frames = found.stream.codec_context.decode(packet)
        except av.FFmpegError:
            continue  # one broken packet is a short silence
        for frame in frames:
            start = written if frame.time is None else round((frame.time - found.first_picture_s) * rate_hz)
            parts = [part.to_ndarray() for part in resampler.resample(frame)]
            if not parts:
                continue
            sound_now = np.concatenate(parts, axis=1).astype(np.float32)
            if written is None:
                written = 0 if start is None or start >= 0 else start
            if start is not None and start > written + GAP_S * rate_hz:
                yield np.zeros((channels, start - written), np.float32)
                written = start
            before = min(max(-written, 0), sound_now.shape[1])
            written += sound_now.shape[1]
            yield sound_now[:, before:]


def blocks(parts: Iterator[NDArray[np.float32]], channels: int) -> Iterator[NDArray[np.float32]]:
    """Yield (channels, 1024) after (channels, 1024), the last filled up with silence."""
    kept = np.zeros((channels, 0), np.float32)
    for part in parts:
        kept = np.concatenate([kept, part], axis=1)
        whole = kept.shape[1] // FRAME_SAMPLES * FRAME_SAMPLES
        for at in range(0, whole, FRAME_SAMPLES):
            yield np.ascontiguousarray(kept[:, at : at + FRAME_SAMPLES])
        kept = kept[:, whole:]
    if kept.shape[1]:
        yield np.ascontiguousarray(np.pad(kept, ((0, 0), (0, FRAME_SAMPLES - kept.shape[1]))))


if __name__ == "__main__":
    main()
