"""Where live pictures come from: a camera of this machine, or a file played as if it were one.

Whoever swaps faces may be slower than the camera. Pictures wait in no queue: the newest one is handed over and those
before it are counted as missed, so that what is seen is never late.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import CameraError
from core.settings import VideoLimits
from core.types import Frame
from core.video import open_clip

_DEVICE = re.compile(r"\d{1,3}\Z|/dev/video\d{1,3}\Z")
WAIT_S = 10.0
"""How long a camera may take for one picture."""
Clock = Callable[[], float]
Timed = tuple[float, NDArray[np.uint8]]


class Newest:
    """One place that a thread puts pictures into and another takes the newest from."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._picture: Timed | None = None
        self._error: Exception | None = None
        self._ended = False
        self.missed = 0
        """Pictures that another one came after before they were taken."""

    def has_ended(self) -> bool:
        """Whether no picture comes any more, or nobody wants one."""
        return self._ended

    def put(self, time_s: float, rgb: NDArray[np.uint8]) -> None:
        """Leave a picture (H, W, 3) in the place, instead of one that still lies there."""
        with self._changed:
            self.missed += self._picture is not None
            self._picture = (time_s, rgb)
            self._changed.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """Say that no more comes, and why."""
        with self._changed:
            self._error = self._error or error
            self._ended = True
            self._changed.notify_all()

    def take(self, wait_s: float = WAIT_S) -> Timed | None:
        """Return the newest picture once there is one; None at the end.

        Raises:
            CameraError: none came in time.
            Exception: what ended the pictures.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._picture is not None or self._ended, wait_s):
                raise CameraError(f"The camera has sent no picture for {wait_s:g} s.")
            if self._picture is None:
                if self._error is not None:
                    raise self._error
                return None
            picture, self._picture = self._picture, None
            return picture


class Camera:
    """Pictures as they come, read by a thread of its own; a context manager and an iterator of `Frame`."""

    def __init__(self, read: Callable[[Newest], None]) -> None:
        """Start reading.

        Args:
            read: runs in the thread: puts pictures into the place until there are none or it has ended.
        """
        self._newest = Newest()
        self._thread = threading.Thread(target=self._run, args=(read,), name="camera", daemon=True)
        self._thread.start()

    @property
    def missed(self) -> int:
        """Pictures that came and went while another one was worked on."""
        return self._newest.missed

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while (taken := self._newest.take()) is not None:
            yield Frame(index=index, time_s=taken[0], rgb=taken[1])
            index += 1

    def close(self) -> None:
        """Stop reading; the camera is free again for other programs."""
        self._newest.end()
        self._thread.join(WAIT_S)

    def _run(self, read: Callable[[Newest], None]) -> None:
        try:
            read(self._newest)
        except Exception as error:  # it belongs to whoever takes the pictures
            self._newest.end(error)
        else:
            self._newest.end()


def open_camera(
    source: str, *, limits: VideoLimits, size_px: tuple[int, int] | None = None, repeat: bool = False
) -> Camera:
    """Return the camera called `source`.

    Args:
        source: the number of a camera ("0"), its device ("/dev/video0"), or a file.
        limits: what a file may be; its pictures are decoded in a disposable child.
        size_px: width and height asked of a camera; it sends the nearest that it has.
        repeat: whether a file begins again at its end.

    Raises:
        CameraError: there is no such camera, or another program uses it.
        ClipError: the file is not a video that can be read.
    """
    if _DEVICE.match(source):
        device = _opened_device(source, size_px)
        return Camera(lambda newest: _read_device(device, newest))
    path = Path(source)
    with open_clip(path, limits):
        pass  # whether it can be read is said before anything starts
    return Camera(lambda newest: play(lambda: _times_and_pictures(path, limits), newest, repeat=repeat))


def play(
    pictures: Callable[[], Iterable[Timed]],
    newest: Newest,
    *,
    repeat: bool = False,
    now: Clock = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Put pictures into the place at their own times, as a camera would.

    Args:
        pictures: gives them from the first on, each with its time in seconds.
        newest: where they go.
        repeat: whether to begin again at the end.
        now: a clock in seconds.
        wait: passes that many seconds.
    """
    start = now()
    while not newest.has_ended():
        began = now()
        for time_s, rgb in pictures():
            if newest.has_ended():
                return
            early_s = began + time_s - now()
            if early_s > 0:
                wait(early_s)
            newest.put(now() - start, rgb)
        if not repeat or now() <= began:  # no picture, or no time between them: repeating would never end
            return


def _times_and_pictures(path: Path, limits: VideoLimits) -> Iterator[Timed]:
    with open_clip(path, limits) as clip:
        for frame in clip:
            yield frame.time_s, frame.rgb


def _opened_device(source: str, size_px: tuple[int, int] | None) -> cv2.VideoCapture:
    device = cv2.VideoCapture(int(source) if source.isdecimal() else source)
    if not device.isOpened():
        device.release()
        raise CameraError(f"The camera {source} cannot be opened: there is none, or another program uses it.")
    if size_px is not None:
        device.set(cv2.CAP_PROP_FRAME_WIDTH, size_px[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, size_px[1])
    return device


def _read_device(device: cv2.VideoCapture, newest: Newest) -> None:
    start = time.monotonic()
    try:
        while not newest.has_ended():
            came, bgr = device.read()
            if not came:
                raise CameraError("The camera sends no more pictures: was it unplugged?")
            newest.put(time.monotonic() - start, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))
    finally:
        device.release()
