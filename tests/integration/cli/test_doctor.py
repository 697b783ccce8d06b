from __future__ import annotations

from collections.abc import Callable

import pytest

from core import video
from core.settings import VideoLimits
from core.video.protocol import Walls
from tests.integration.cli.conftest import Told

Call = Callable[..., Told]


def test_what_stands_on_this_machine_is_said_as_the_child_itself_told_it(call: Call) -> None:
    missing = video.standing_walls(VideoLimits()).missing
    told = call("doctor")
    assert told.status == int(bool(missing))
    assert told.out.count("MISSING") == len(missing)
    assert all(words in told.out for words in video.WALL_NAMES.values())


def test_a_wall_that_is_missing_is_named_and_a_failure(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "standing_walls", lambda _: Walls(False, True, True, True))
    told = call("doctor")
    assert told.status == 1
    (line,) = (line for line in told.out.splitlines() if "MISSING" in line)
    assert "network" in line
