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
from core.video.protocol import End, Failure, FrameReady, Info, ProtocolError, Walls
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


COUNTS, SIDES = st.integers(0, 1 << 62), st.integers(1, protocol.MAX_SIDE_PX)
NAMES = st.from_regex(r"[A-Za-z0-9_,.+-]{1,64}", fullmatch=True)
AMOUNTS = st.floats(0, 1e12)
MESSAGES = st.one_of(
    st.builds(Walls, *[st.booleans()] * 4),
    st.builds(FrameReady, COUNTS, st.integers(0, protocol.SLOTS - 1), AMOUNTS),
    st.builds(End, COUNTS, st.booleans()),
    st.builds(Failure, st.sampled_from(sorted(protocol.REASONS)), st.text(max_size=400).map(protocol.plain)),
    st.builds(
        Info,
        *[SIDES] * 4,
        COUNTS,
        st.integers(1, 1 << 62),
        *[st.none() | AMOUNTS, st.none() | COUNTS, st.none() | COUNTS],
        *[NAMES, NAMES, st.sampled_from([0, 90, 180, 270]), st.none() | AMOUNTS],
    ),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(MESSAGES)
def test_every_message_survives_the_way_and_fits(message: protocol.Message) -> None:
    data = protocol.encode(message)
    assert protocol.decode(data[4:]) == message
    assert protocol.message_bytes(data[:4]) <= protocol.MAX_MESSAGE_BYTES


@settings(max_examples=100, deadline=None)
@given(message=MESSAGES, name=st.integers(0, 12), value=ANYTHING)
def test_a_field_that_is_anything_is_in_its_range_or_refused(message: protocol.Message, name: int, value: Any) -> None:
    fields = json.loads(protocol.encode(message)[4:])
    changed = list(fields)[name % len(fields)]
    try:
        read = protocol.decode(json.dumps({**fields, changed: value}).encode())
    except ProtocolError:
        return
    assert json.loads(protocol.encode(read)[4:]) == {**fields, changed: value}


@settings(max_examples=100, deadline=None)
@given(message=MESSAGES, at=st.floats(0, 1, exclude_max=True), put=st.binary(max_size=4), cut=st.integers(0, 4))
def test_bytes_gone_wrong_are_a_message_or_refused(message: protocol.Message, at: float, put: bytes, cut: int) -> None:
    body = protocol.encode(message)[4:]
    place = int(at * len(body))
    try:
        protocol.decode(body[:place] + put + body[place + cut :])
    except ProtocolError:
        return


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_what_a_file_says_is_one_printable_line_in_the_log(text: str) -> None:
    said = protocol.plain(text)
    assert len(said) <= 300
    assert said.isascii()
    assert said.isprintable()
    assert protocol.plain(said) == said


@pytest.mark.parametrize("detail", ["two\nlines", "\ud800", "é", "\x1b[2J"])
def test_a_failure_that_would_forge_the_log_is_refused(detail: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(json.dumps({"kind": "failure", "reason": "memory", "detail": detail}).encode())


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
