"""Files that a person may send: broken, lying, of the wrong kind, or odd but right. Each function returns its path."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

TIME_BASE = Fraction(1, 90_000)
EIGHT_HOURS_S = 8 * 3600


def colour_frames(count: int, width_px: int = 96, height_px: int = 64) -> list[NDArray[np.uint8]]:
    """Pictures (H, W, 3) of one colour each, different from one to the next."""
    levels = np.linspace(40, 200, max(count, 1)).astype(np.uint8)
    return [np.full((height_px, width_px, 3), (level, 120, 240 - level), np.uint8) for level in levels[:count]]


def write_clip(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]] | None = None,
    *,
    times_s: Iterable[float] | None = None,
    rate: Fraction = Fraction(25),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    muxing: dict[str, str] | None = None,
    encoding: dict[str, str] | None = None,
) -> Path:
    """A small clip, 1 s at 25/s unless told otherwise; the container follows the file's ending."""
    pictures = colour_frames(25) if pictures is None else list(pictures)
    times = [i / rate for i in range(len(pictures))] if times_s is None else [Fraction(t) for t in times_s]
    with av.open(str(path), "w", options=muxing or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.pix_fmt = pix_fmt
        stream.height, stream.width = pictures[0].shape[:2]
        time_base = {"gif": Fraction(1, 100), "mpeg4": 1 / rate}.get(codec, TIME_BASE)  # the finest they can count in
        stream.codec_context.time_base = stream.time_base = time_base
        stream.options = encoding or ({"preset": "ultrafast", "crf": "10"} if codec == "libx264" else {})
        for picture, time_s in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pix_fmt)
            frame.time_base = time_base
            frame.pts = round(time_s / time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def empty(path: Path) -> Path:
    """No bytes."""
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    """Words, whatever the file is called."""
    path.write_text("This is a letter, not a film.\n" * 200)
    return path


def noise(path: Path) -> Path:
    """Random bytes behind the beginning of an MP4."""
    body = np.random.default_rng(0).bytes(60_000)
    path.write_bytes(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom") + body)
    return path


def without_index(path: Path) -> Path:
    """An MP4 cut off within its media data, before the index that stands at the end."""
    data = write_clip(path).read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 200])
    return path


def cut_off(path: Path, share: float = 0.6) -> Path:
    """An MP4 whose index stands first and of whose media data only a share is there."""
    pictures = list(np.random.default_rng(0).integers(0, 255, (50, 64, 96, 3), np.uint8))
    data = write_clip(path, pictures, muxing={"movflags": "faststart"}).read_bytes()
    start = data.index(b"mdat")
    path.write_bytes(data[: start + int((len(data) - start) * share)])
    return path


def damaged(path: Path) -> Path:
    """An MP4 with its index whole and a stretch of its media data overwritten."""
    pictures = list(np.random.default_rng(0).integers(0, 255, (50, 64, 96, 3), np.uint8))
    data = bytearray(write_clip(path, pictures).read_bytes())
    middle = (data.index(b"mdat") + data.index(b"moov")) // 2
    data[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(data)
    return path


def audio_only(path: Path) -> Path:
    """A second of a tone: AAC in MP4, or PCM in WAV, by the file's ending."""
    codec = "pcm_s16le" if path.suffix == ".wav" else "aac"
    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=44_100, layout="mono")
        samples = (tone * 8000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 44_100
        resampler = av.AudioResampler("s16" if codec == "pcm_s16le" else "fltp", "mono", 44_100)
        for part in resampler.resample(frame):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def picture(path: Path) -> Path:
    """A still image, PNG or JPEG by the file's ending (PNG bytes for any other)."""
    codec, pix_fmt = ("mjpeg", "yuvj420p") if path.suffix in {".jpg", ".jpeg"} else ("png", "rgb24")
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 96, 64, pix_fmt, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(colour_frames(1)[0], format="rgb24").reformat(format=pix_fmt)
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))
    return path


def still(path: Path, rgb: NDArray[np.uint8]) -> Path:
    """A still image of `rgb` (H, W, 3); PNG, JPEG, WebP, BMP or TIFF by the file's ending."""
    done, data = cv2.imencode(path.suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"no encoder for {path.suffix}")
    path.write_bytes(data.tobytes())
    return path


def exif_turned(path: Path, rgb: NDArray[np.uint8], orientation: int) -> Path:
    """A JPEG that asks viewers to turn it (Exif 2.32, tag 0x0112)."""
    data = still(path, rgb).read_bytes()
    tags = struct.pack("<4sIHHHIHHI", b"II*\x00", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    segment = b"Exif\x00\x00" + tags
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:])
    return path


def huge_picture(path: Path, side_px: int = 60_000) -> Path:
    """A picture of a few bytes that claims `side_px` × `side_px` pixels; PNG, BMP or JPEG by the file's ending."""
    data = bytearray(still(path, colour_frames(1)[0]).read_bytes())
    if path.suffix == ".png":
        struct.pack_into(">II", data, 16, side_px, side_px)
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    elif path.suffix == ".bmp":
        struct.pack_into("<ii", data, 18, side_px, side_px)
    else:
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, side_px, side_px)
    path.write_bytes(data)
    return path


def animated_webp(path: Path) -> Path:
    """The beginning of a WebP whose header says that it moves."""
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes([2, 0, 0, 0, 95, 0, 0, 63, 0, 0])
        + b"ANIM"
        + struct.pack("<IIH", 6, 0, 0)
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)
    return path


def one_frame(path: Path) -> Path:
    """A video of a single frame."""
    return write_clip(path, colour_frames(1))


def lying_header(path: Path, claimed_s: int = EIGHT_HOURS_S, rate: Fraction = Fraction(25)) -> Path:
    """Two seconds of video (50 frames at 25/s) whose headers claim eight hours; MP4 or MKV by the file's ending."""
    data = bytearray(write_clip(path, colour_frames(int(2 * rate)), rate=rate).read_bytes())
    if path.suffix == ".mkv":
        start = data.index(b"\x44\x89\x88") + 3  # the Duration element: a double, in milliseconds
        struct.pack_into(">d", data, start, claimed_s * 1000.0)
        path.write_bytes(data)
        return path
    movie_ticks_per_s = _patch_duration(data, b"mvhd", claimed_s)
    _patch_duration(data, b"mdhd", claimed_s)
    start = data.index(b"tkhd") + 4
    struct.pack_into(">I", data, start + 20, claimed_s * movie_ticks_per_s)
    path.write_bytes(data)
    return path


def repeated(path: Path, picture: NDArray[np.uint8], count: int) -> Path:
    """One picture, encoded once and shown `count` times: long to decode, quick to make."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = 0
        coded = b"".join(bytes(packet) for packet in [*stream.encode(frame), *stream.encode(None)])
        for index in range(count):
            packet = av.Packet(coded)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), True
            packet.pts = packet.dts = index
            container.mux(packet)
    return path


def really_long(path: Path, duration_s: int = 400) -> Path:
    """Frames that are minutes apart: a small file that does last `duration_s`."""
    times = np.linspace(0, duration_s, 21)
    return write_clip(path, colour_frames(21), times_s=times, rate=Fraction(1, 20))


def playlist(path: Path, target: str = "other.mp4") -> Path:
    """An HLS playlist that points to `target`, whatever the file is called."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n")
    return path


def concat_list(path: Path, target: str = "other.mp4") -> Path:
    """A list for FFmpeg's concat demuxer."""
    path.write_text(f"ffconcat version 1.0\nfile {target}\n")
    return path


def huge_gif(path: Path, side_px: int = 12_000) -> Path:
    """A GIF of a few bytes that claims `side_px` × `side_px` pixels."""
    data = bytearray(write_clip(path, codec="gif", pix_fmt="rgb8", rate=Fraction(10)).read_bytes())
    struct.pack_into("<HH", data, 6, side_px, side_px)
    path.write_bytes(data)
    return path


def turned(path: Path, clockwise_deg: int, pictures: Iterable[NDArray[np.uint8]] | None = None) -> Path:
    """An MP4 that asks players to turn its pictures by a quarter turn or more."""
    data = bytearray(write_clip(path, pictures).read_bytes())
    sine, cosine = {0: (0, 1), 90: (1, 0), 180: (0, -1), 270: (-1, 0)}[clockwise_deg]
    one = 1 << 16  # ISO/IEC 14496-12, 8.3.2: matrix (a b u, c d v, x y w), 16.16 and for u, v, w 2.30
    matrix = (cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, data.index(b"tkhd") + 4 + 40, *matrix)
    path.write_bytes(data)
    return path


def _patch_duration(data: bytearray, box: bytes, claimed_s: int) -> int:
    """Overwrite the duration in a version 0 `mvhd` or `mdhd`; returns its ticks a second."""
    start = data.index(box) + 4
    (ticks_per_s,) = struct.unpack_from(">I", data, start + 12)
    struct.pack_into(">I", data, start + 16, min(claimed_s * ticks_per_s, 0xFFFF_FFFE))
    return int(ticks_per_s)


def write_yuv_clip(
    path: Path, yuv: tuple[int, int, int], *, height_px: int, matrix: str | None, full_range: bool
) -> Path:
    """A lossless MP4 of one coded colour, 8-bit Y, Cb, Cr, with its matrix named as x264 names it, or unnamed."""
    named = f"colormatrix={matrix}:" if matrix else ""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = height_px, 96, "yuv420p"
        if full_range:
            stream.codec_context.color_range = 2
        if matrix:
            stream.codec_context.colorspace = {"bt709": 1, "smpte170m": 6, "bt2020nc": 9}[matrix]
        stream.options = {"preset": "ultrafast", "x264-params": f"{named}qp=0"}
        frame = av.VideoFrame(96, height_px, "yuv420p")
        for plane, value in zip(frame.planes, yuv, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.color_range = 2 if full_range else 1
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
