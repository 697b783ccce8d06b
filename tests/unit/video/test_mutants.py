"""A small part of `make fuzz` at every run of the tests: broken files of every kind, broken in every way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ClipError
from core.settings import VideoLimits
from core.video import open_clip
from core.video.containers import HEAD_BYTES, demuxer_for, is_cut_off
from tests.synth.mutants import KINDS, WAYS, mutant, seeds

TIGHT = VideoLimits(child_memory_bytes=1024 << 20, child_cpu_s=20, child_wall_s=30, stall_s=15)
SEED = 1
FILES = len(KINDS) * len(WAYS) + 14
"""Every kind in every way, and a few more."""


@pytest.mark.parametrize("number", range(FILES))
def test_a_broken_file_is_a_clip_or_a_named_error(tmp_path: Path, number: int) -> None:
    made = mutant(number, SEED)
    path = tmp_path / f"mutant.{made.kind}"
    path.write_bytes(made.data)
    try:
        with open_clip(path, TIGHT) as reader:
            shapes = {frame.rgb.shape for frame in reader}
        assert len(shapes) == 1
    except ClipError as error:
        assert "crashed" not in str(error), "a fault in a decoder: contained, but worth its name in the notes"
        assert "no decoder does" not in str(error), "the filter of system calls is too tight"


def test_a_number_and_a_seed_always_make_the_same_file() -> None:
    assert mutant(5, SEED) == mutant(5, SEED)
    assert mutant(5, SEED).data != mutant(5, SEED + 1).data
    assert {(mutant(number).kind, mutant(number).way) for number in range(FILES)} >= set(every_kind_in_every_way())


def every_kind_in_every_way() -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        for way in WAYS:
            yield kind, way


def test_the_clips_that_mutants_come_from_are_whole(tmp_path: Path) -> None:
    for kind, originals in seeds().items():
        for data in originals:
            demuxer = demuxer_for(data[:HEAD_BYTES])
            assert not is_cut_off(lambda offset, size, data=data: data[offset : offset + size], len(data), demuxer), (
                kind
            )
