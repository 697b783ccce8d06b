"""The parent believes nothing that a taken-over child says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UnreadableClipError
from core.settings import VideoLimits
from core.video import protocol
from core.video.protocol import End, Failure, FrameReady, Info, ProtocolError
from core.video.reader import ClipReader

INFO = Info(96, 64, 96, 64, 25, 1, 1.0, 25, 25, "h264", "mov", 0, 128.5)


@pytest.mark.parametrize("message", [INFO, FrameReady(3, 2, 0.12), End(4, True), Failure("memory", "x")])
def test_messages_survive_the_way(message: protocol.Message) -> None:
    data = protocol.encode(message)
    assert protocol.message_bytes(data[:4]) == len(data) - 4
    assert protocol.decode(data[4:]) == message


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "frame", "index": -1, "slot": 0, "time_s": 0.0},
        {"kind": "frame", "index": 0, "slot": protocol.SLOTS, "time_s": 0.0},
        {"kind": "frame", "index": 0, "slot": -1, "time_s": 0.0},
        {"kind": "frame", "index": True, "slot": 0, "time_s": 0.0},
        {"kind": "frame", "index": 0, "slot": 0, "time_s": float("nan")},
        {"kind": "frame", "index": 0, "slot": 0, "time_s": float("inf")},
        {"kind": "frame", "index": 0, "slot": 0, "time_s": "0"},
        {"kind": "frame", "index": 0, "slot": 0},
        {"kind": "frame", "index": 0, "slot": 0, "time_s": 0.0, "more": 1},
        {"kind": "failure", "reason": "whim", "detail": ""},
        {"kind": "failure", "reason": "memory", "detail": "x" * 301},
        {"kind": "failure", "reason": [], "detail": ""},
        {"kind": ["frame"], "index": 0, "slot": 0, "time_s": 0.0},
        {"kind": "end", "frames": 1, "damaged": 1},
        ["frame"],
        None,
    ],
)
def test_a_senseless_message_is_refused(changed: Any) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(json.dumps(changed).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("codec", "h264\n"),
        ("codec", ""),
        ("out_width_px", 0),
        ("rate_den", 0),
        ("rotation_deg", 45),
        ("duration_s", -1),
    ],
)
def test_a_senseless_description_is_refused(name: str, value: Any) -> None:
    fields = json.loads(protocol.encode(INFO)[4:])
    with pytest.raises(ProtocolError):
        protocol.decode(json.dumps({**fields, name: value}).encode())


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(body)


@pytest.mark.parametrize("header", [bytes(4), b"\xff\xff\xff\xff"])
def test_a_length_that_no_message_has_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.message_bytes(header)


class Liar:
    """Stands where the child's process would."""

    def __init__(self, *messages: protocol.Message) -> None:
        self._messages = list(messages)

    def receive(self) -> protocol.Message:
        return self._messages.pop(0)

    def take(self, slot: int, size: int) -> bytes:
        return bytes(size)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "messages",
    [
        (FrameReady(1, 0, 0.0),),
        (FrameReady(0, 0, 0.0), FrameReady(0, 1, 0.1)),
        (FrameReady(0, 0, 0.5), FrameReady(1, 1, 0.5)),
        (FrameReady(0, 0, 0.0), End(2, False)),
        (INFO,),
    ],
)
def test_messages_out_of_turn_end_the_reading(messages: tuple[protocol.Message, ...]) -> None:
    reader = reader_of(*messages)
    with pytest.raises(UnreadableClipError, match="senseless"):
        list(reader)


def reader_of(*messages: protocol.Message) -> ClipReader:
    reader: Any = ClipReader.__new__(ClipReader)
    reader._limits, reader._decoder, reader._info = VideoLimits(), Liar(*messages), INFO
    reader.frames_decoded, reader.truncated, reader._last_time_s, reader._cut_off = 0, False, -1.0, False
    return reader
