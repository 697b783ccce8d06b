"""Where live pictures go: a window, a virtual camera that other programs can use, or the local page.

Each is a context manager with `show`, which says whether somebody still watches. Pictures come labelled.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.web.live import LivePage
from core.errors import CameraError
from core.services.live_swaps import LiveState

ESCAPE, Q = 27, ord("q")
JPEG_QUALITY = 85
VIRTUAL_TIME_BASE = Fraction(1, 1000)
_VIRTUAL = re.compile(r"/dev/video\d{1,3}\Z")


class Output(Protocol):
    """What shows pictures."""

    def __enter__(self) -> Output: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, rgb: NDArray[np.uint8], time_s: float, state: LiveState) -> bool:
        """Show a picture (H, W, 3); False when whoever watched has had enough."""
        ...


class WindowOutput:
    """A window on this machine's screen; Esc, q or closing it ends it. The frame rate is in its title."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown = False

    def __enter__(self) -> WindowOutput:
        """Make sure that there is a screen: without one, Qt would end the whole program.

        Raises:
            CameraError: there is none.
        """
        if os.name == "posix" and os.uname().sysname == "Linux" and not _has_screen():
            raise CameraError("There is no screen for a window here; use --to page.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import cv2  # noqa: PLC0415  (only live swaps show windows)

        if self._shown:
            cv2.destroyWindow(self._title)

    def show(self, rgb: NDArray[np.uint8], time_s: float, state: LiveState) -> bool:
        """Draw the picture; see `Output`."""
        import cv2  # noqa: PLC0415

        cv2.imshow(self._title, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        cv2.setWindowTitle(self._title, f"{self._title} · {state.rate_hz:.1f} pictures/s")
        key = cv2.waitKey(1) & 0xFF
        closed = self._shown and cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        self._shown = True
        return key not in {ESCAPE, Q} and not closed


class VirtualCameraOutput:
    """A v4l2loopback device (Linux), which video calls see as a camera. The picture has the label, not the rate."""

    def __init__(self, device: str) -> None:
        if _VIRTUAL.match(device) is None:
            raise CameraError("A virtual camera is a device such as /dev/video10; v4l2loopback makes one.")
        self._device = device
        self._container: Any = None
        self._stream: Any = None

    def __enter__(self) -> VirtualCameraOutput:
        import av  # noqa: PLC0415

        device = Path(self._device)
        if not (device.is_char_device() and os.access(device, os.W_OK)):
            raise CameraError(
                f"{self._device} cannot be used as a virtual camera; load v4l2loopback and give its device."
            )
        self._container = av.open(
            self._device, "w", format="v4l2"
        )  # the device itself is opened with the first picture
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._container is not None and self._stream is not None:
            self._container.close()

    def show(self, rgb: NDArray[np.uint8], time_s: float, state: LiveState) -> bool:
        """Hand the picture over; see `Output`.

        Raises:
            CameraError: the device takes no pictures.
        """
        import av  # noqa: PLC0415

        picture = rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(time_s / VIRTUAL_TIME_BASE), VIRTUAL_TIME_BASE
        try:
            if self._stream is None:
                self._stream = self._container.add_stream("rawvideo", rate=30)
                self._stream.width, self._stream.height = frame.width, frame.height
                self._stream.pix_fmt = "yuv420p"
                self._stream.time_base = VIRTUAL_TIME_BASE
            self._container.mux(self._stream.encode(frame))
        except (OSError, av.FFmpegError) as error:
            raise CameraError(f"The virtual camera {self._device} takes no pictures.") from error
        return True


class PageOutput:
    """The local page, with the frame rate beside the picture."""

    def __init__(self, page: LivePage) -> None:
        self._page = page

    def __enter__(self) -> PageOutput:
        self._page.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._page.__exit__(kind, error, trace)

    @property
    def address(self) -> str:
        """Where the page is."""
        return self._page.address

    def show(self, rgb: NDArray[np.uint8], time_s: float, state: LiveState) -> bool:
        """Hand the picture to whoever watches; see `Output`."""
        told = {
            "rate_hz": round(state.rate_hz, 2),
            "missed": state.missed,
            "work_s": round(state.work_s, 4),
            "timings_s": {name: round(taken, 4) for name, taken in state.timings_s.items()},
            "swapped": state.swapped,
        }
        self._page.feed.put(told, lambda: _jpeg(rgb))
        return True


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    import cv2  # noqa: PLC0415

    encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return encoded.tobytes()


def _has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
