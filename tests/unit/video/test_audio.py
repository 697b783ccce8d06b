"""The sound of a clip is carried over: copied where an MP4 takes it, else coded anew, and never lost without a word."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ClipNotFoundError
from core.settings import VideoLimits
from core.video.audio import LEFT_OUT, PACKET, AudioTrack, Sound, _sound, add_audio, packets_for, read_audio

LIMITS = VideoLimits()
TONE_HZ = 440.0


def write_clip(
    path: Path,
    codec: str | None,
    *,
    rate_hz: int = 44100,
    channels: int = 2,
    seconds: float = 2.0,
    sound_from_s: float = 0.0,
    form: str | None = None,
) -> Path:
    """A clip of grey pictures at 25 frames/s with a tone that begins at `sound_from_s`."""
    with av.open(str(path), "w", format=form) as out:
        video = out.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        audio = None if codec is None else out.add_stream(codec, rate=rate_hz)
        if audio is not None:
            audio.layout = "mono" if channels == 1 else "stereo"
        for number in range(int(25 * seconds)):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24").reformat(
                format="yuv420p"
            )
            picture.pts = number
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        if audio is not None:
            encode_tone(out, audio, rate_hz, channels, seconds, sound_from_s)
    return path


def encode_tone(out, audio, rate_hz, channels, seconds, sound_from_s) -> None:
    context = audio.codec_context
    wave = 0.3 * np.sin(2 * np.pi * TONE_HZ * np.arange(int(rate_hz * seconds)) / rate_hz)
    block = context.frame_size or 1024
    kind = context.format.name
    for start in range(0, len(wave) - block + 1, block):
        part = np.stack([wave[start : start + block]] * channels)
        part = part if kind.startswith("s32") else part.astype(np.float32)
        if kind in {"s16", "s16p"}:
            part = np.rint(part * 32767).astype(np.int16)
        if kind.startswith("u8"):
            part = np.rint(part * 127 + 128).astype(np.uint8)
        if kind.startswith("s32"):
            part = np.rint(part * (2**31 - 1)).astype(np.int32)
        if not kind.endswith("p"):
            part = part.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format=kind, layout=audio.layout.name)
        frame.sample_rate, frame.pts = rate_hz, start + round(sound_from_s * rate_hz)
        frame.time_base = Fraction(1, rate_hz)
        out.mux(audio.encode(frame))
    out.mux(audio.encode(None))


def carried(path: Path, track: AudioTrack) -> Path:
    """A new MP4 of one picture with the track."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        audio = add_audio(out, track)
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
        out.mux(video.encode(picture))
        out.mux(video.encode(None))
        for packet in packets_for(audio, track):
            out.mux(packet)
    return path


def packets_of(path: Path) -> list[tuple[float, bytes]]:
    with av.open(str(path)) as clip:
        stream = clip.streams.audio[0]
        return [(float(one.pts * one.time_base), bytes(one)) for one in clip.demux(stream) if one.size]


def heard(path: Path) -> NDArray[np.float32]:
    """The left channel, from time 0 on."""
    with av.open(str(path)) as clip:
        parts = [(frame.time, frame.to_ndarray(), frame.sample_rate) for frame in clip.decode(audio=0)]
    rate = parts[0][2]
    sound = np.zeros(max(round(t * rate) + p.shape[1] for t, p, _ in parts), np.float32)
    for time, part, _ in parts:
        sound[max(round(time * rate), 0) : round(time * rate) + part.shape[1]] = part[0][max(-round(time * rate), 0) :]
    return sound


def tone_share(sound: NDArray[np.float32], rate_hz: int) -> float:
    """How much of the sound's energy is in the tone."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    return float(power[np.abs(hz - TONE_HZ) < 20].sum() / power.sum())


@pytest.mark.parametrize(("codec", "suffix"), [("aac", "mp4"), ("aac", "mkv"), ("aac", "ts"), ("libmp3lame", "mp4")])
@pytest.mark.parametrize("channels", [1, 2])
def test_aac_and_mp3_arrive_packet_by_packet_as_they_were(tmp_path, codec, suffix, channels):
    clip = write_clip(tmp_path / f"clip.{suffix}", codec, channels=channels)
    sound = read_audio(clip, LIMITS)
    assert sound.told is None and sound.track is not None and sound.track.copied
    assert sound.track.channels == channels and sound.track.rate_hz == 44100
    arrived = packets_of(carried(tmp_path / "out.mp4", sound.track))
    given = packets_of(clip)
    header = 7 if suffix == "ts" else 0  # a stream's packets have their headers before them
    assert [data for _, data in arrived] == [data[header:] for _, data in given]
    assert max(abs(a[0] - b[0] - given[0][0] * (suffix == "ts")) for a, b in zip(arrived, given, strict=True)) < (
        0.08 if suffix == "ts" else 0.002
    )


def test_copied_sound_decodes_to_the_same_samples(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", "aac")
    track = read_audio(clip, LIMITS).track
    assert track is not None
    np.testing.assert_array_equal(heard(carried(tmp_path / "out.mp4", track)), heard(clip))


@pytest.mark.parametrize(
    ("codec", "suffix", "rate_hz"),
    [
        ("libopus", "webm", 48000),
        ("pcm_s16le", "avi", 44100),
        ("flac", "mkv", 44100),
        ("ac3", "mp4", 48000),
        ("pcm_s16le", "mkv", 11100),
    ],
)
def test_other_sound_is_coded_anew_and_is_still_the_same_tone(tmp_path, codec, suffix, rate_hz):
    path = tmp_path / f"clip.{suffix}"
    if suffix == "webm":  # whose pictures cannot be MPEG-4
        write_clip(tmp_path / "clip.mkv", codec, rate_hz=rate_hz).rename(path)
    else:
        write_clip(path, codec, rate_hz=rate_hz)
    sound = read_audio(path, LIMITS)
    assert sound.track is not None and not sound.track.copied
    assert sound.track.codec == "aac"
    assert abs(sound.track.duration_s - 2.0) < 0.06
    out = heard(carried(tmp_path / "out.mp4", sound.track))
    assert tone_share(out, sound.track.rate_hz) > 0.98
    assert 0.15 < float(np.sqrt(np.mean(out[4000:40000] ** 2))) < 0.25  # 0.3 / √2


@pytest.mark.parametrize(("codec", "suffix"), [("aac", "mp4"), ("pcm_s16le", "mkv")])
def test_sound_that_begins_late_still_begins_late(tmp_path, codec, suffix):
    clip = write_clip(tmp_path / f"clip.{suffix}", codec, sound_from_s=0.7)
    track = read_audio(clip, LIMITS).track
    assert track is not None
    sound = heard(carried(tmp_path / "out.mp4", track))
    began = np.argmax(np.abs(sound) > 0.1) / track.rate_hz
    assert began == pytest.approx(0.7, abs=0.03)


def test_a_clip_without_sound_has_none_and_nothing_is_told(tmp_path):
    sound = read_audio(write_clip(tmp_path / "clip.mp4", None), LIMITS)
    assert sound.track is None
    assert sound.told is None


def test_sound_that_cannot_be_read_is_left_out_with_a_sentence(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", "wavpack", rate_hz=44100, channels=1)
    sound = read_audio(clip, LIMITS)
    assert sound.track is None
    assert sound.told == LEFT_OUT["codec"]


def test_too_much_sound_is_left_out_with_a_sentence(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", "aac")
    sound = read_audio(clip, LIMITS.model_copy(update={"max_bytes": 2000}))
    assert sound.track is None
    assert sound.told == LEFT_OUT["too_much"]


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ClipNotFoundError):
        read_audio(tmp_path / "nothing.mp4", LIMITS)


def answer(head: dict, *packets: tuple[int, int, bytes]) -> bytes:
    """What an honest child writes."""
    body = json.dumps(head).encode()
    parts = [len(body).to_bytes(4, "big"), body]
    for number, (time, length, data) in enumerate(packets, start=1):
        parts += [PACKET.pack(time, length, len(data), number < len(packets)), data]
    return b"".join(parts)


HEAD = {"codec": "aac", "rate_hz": 44100, "channels": 2, "copied": True}
TWO = ((0, 1024, b"one"), (1024, 1024, b"two"))


def test_an_honest_answer_is_a_track():
    track = _sound(answer(HEAD, *TWO), 1000).track
    assert track is not None
    assert [packet.data for packet in track.packets] == [b"one", b"two"]
    assert track.duration_s == 2048 / 44100


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        answer({**HEAD, "codec": "h264"}, *TWO),
        answer({**HEAD, "rate_hz": 1}, *TWO),
        answer({**HEAD, "rate_hz": "44100"}, *TWO),
        answer({**HEAD, "channels": 99}, *TWO),
        answer({**HEAD, "channels": [2]}, *TWO),
        answer({**HEAD, "copied": 1}, *TWO),
        answer({name: value for name, value in HEAD.items() if name != "codec"}, *TWO),
        answer(HEAD),
        answer(HEAD, *TWO)[:-1],
        answer(HEAD, (1024, 1024, b"one"), (0, 1024, b"two")),
        answer(HEAD, (0, 0, b"one")),
        answer(HEAD, (0, 1 << 21, b"one")),
        answer(HEAD, (0, 1024, b"")),
        answer(HEAD, (0, 1024, b"x" * 1001)),
    ],
)
def test_a_senseless_answer_is_no_sound(wrong):
    assert _sound(wrong, 1000) == Sound(None, LEFT_OUT["damaged"])


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_clip_gives_sound_or_a_sentence(tmp_path, seed):
    clip = write_clip(tmp_path / "clip.mp4", "aac", seconds=0.5)
    data = bytearray(clip.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(16, len(data), 40):
        data[place] = rng.integers(256)
    clip.write_bytes(data)
    sound = read_audio(clip, LIMITS)
    assert sound.track is not None or sound.told is None or sound.told in LEFT_OUT.values()
