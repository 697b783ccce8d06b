"""What the decoding child and its parent say to each other.

Child to parent: a 4-byte big-endian length and a JSON object. Parent to child: one byte, the number of a slot of the
shared ring that may be written again. The parent believes nothing: every field has its type and range, or the
conversation is over.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

MAX_MESSAGE_BYTES = 4096
MAX_SIDE_PX = 1 << 16
SLOTS = 4

_NAME = re.compile(r"[A-Za-z0-9_,.+-]{1,64}")


class ProtocolError(Exception):
    """The child said something that no honest child says."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the parent asks of the child, handed over as JSON in its arguments; `*_fd` are inherited descriptors."""

    file_fd: int
    ring_fd: int
    slot_bytes: int
    demuxer: str
    max_duration_s: float
    max_frames: int
    max_pixels: int
    max_side_px: int
    cpu_s: int
    memory_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Walls:
    """The child's first message, before it looks at the file: what stands between it and everything else.

    `own_network`: it is alone in a network without a way out. `own_root`: it sees no file but those that it was
    handed. `no_privileges`: it has no capability, as root too. `filtered`: the kernel refuses the system calls that
    decoding does not need, and ends it for some. Limits on files, memory and time are there in any case.
    """

    own_network: bool
    own_root: bool
    no_privileges: bool
    filtered: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the walls that do not stand."""
        return tuple(name for name, stands in asdict(self).items() if not stands)


@dataclass(frozen=True, slots=True)
class Info:
    """The stream, after its first frame was decoded. Sizes as shown; `out_*` are those of the frames that follow."""

    width_px: int
    height_px: int
    out_width_px: int
    out_height_px: int
    rate_num: int
    rate_den: int
    duration_s: float | None
    frame_count: int | None
    expected_frames: int | None
    codec: str
    container: str
    rotation_deg: int
    bit_rate_kbps: float | None


@dataclass(frozen=True, slots=True)
class FrameReady:
    """Frame `index` lies in `slot`."""

    index: int
    slot: int
    time_s: float


@dataclass(frozen=True, slots=True)
class End:
    """No more frames; `damaged` when packets or pictures were broken on the way."""

    frames: int
    damaged: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Nothing more will come. `reason` is one of `REASONS`; `detail` is for the log."""

    reason: str
    detail: str


REASONS = frozenset(
    {"unreadable", "no_video", "codec", "no_frame", "pixels", "duration", "frames", "streams", "memory"}
)

Message = Walls | Info | FrameReady | End | Failure
_KINDS: dict[str, type[Any]] = {"walls": Walls, "info": Info, "frame": FrameReady, "end": End, "failure": Failure}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode(message: Message) -> bytes:
    """The bytes of one message, with its length."""
    body = json.dumps({"kind": _NAMES[type(message)], **asdict(message)}).encode()
    return len(body).to_bytes(4, "big") + body


def message_bytes(header: bytes) -> int:
    """The length of the message that a 4-byte header announces.

    Raises:
        ProtocolError: it is longer than any message is.
    """
    length = int.from_bytes(header, "big")
    if not 0 < length <= MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a message of {length} bytes")
    return length


def decode(body: bytes) -> Message:
    """Read one message strictly.

    Raises:
        ProtocolError: it is not JSON, a field is missing, unknown, of another type or out of its range.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not JSON") from error
    if not isinstance(fields, dict):
        raise ProtocolError("not an object")
    kind = fields.pop("kind", None)
    rules = _RULES.get(kind) if isinstance(kind, str) else None
    if rules is None or fields.keys() != rules.keys():
        raise ProtocolError("unknown kind or fields")
    for name, rule in rules.items():
        if not rule(fields[name]):
            raise ProtocolError(f"{kind}.{name} is out of its range")
    message: Message = _KINDS[str(kind)](**fields)
    return message


def plain(text: str) -> str:
    """At most 300 printable ASCII characters for `text`, which may hold what a file's author wrote."""
    ascii_text = text[:300].encode("ascii", "backslashreplace").decode("ascii")
    return "".join(letter if letter.isprintable() else " " for letter in ascii_text)[:300]


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _real(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and math.isfinite(value) and low <= value <= high


def _maybe(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


def _name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _yes_or_no(value: Any) -> bool:
    return type(value) is bool


_COUNT = _whole(0, 1 << 62)
_RULES: dict[str, dict[str, Callable[[Any], bool]]] = {
    "walls": dict.fromkeys(("own_network", "own_root", "no_privileges", "filtered"), _yes_or_no),
    "info": {
        "width_px": _whole(1, MAX_SIDE_PX),
        "height_px": _whole(1, MAX_SIDE_PX),
        "out_width_px": _whole(1, MAX_SIDE_PX),
        "out_height_px": _whole(1, MAX_SIDE_PX),
        "rate_num": _COUNT,
        "rate_den": _whole(1, 1 << 62),
        "duration_s": _maybe(_real(0, 1e12)),
        "frame_count": _maybe(_COUNT),
        "expected_frames": _maybe(_COUNT),
        "codec": _name,
        "container": _name,
        "rotation_deg": lambda value: type(value) is int and value in {0, 90, 180, 270},
        "bit_rate_kbps": _maybe(_real(0, 1e12)),
    },
    "frame": {"index": _COUNT, "slot": _whole(0, SLOTS - 1), "time_s": _real(0, 1e12)},
    "end": {"frames": _COUNT, "damaged": _yes_or_no},
    "failure": {
        "reason": lambda value: isinstance(value, str) and value in REASONS,
        # it goes to the log, whose lines it could forge otherwise
        "detail": lambda value: isinstance(value, str) and len(value) <= 300 and value == plain(value),
    },
}
