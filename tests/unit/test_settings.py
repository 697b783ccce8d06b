"""docs/settings.md and the settings themselves."""

from __future__ import annotations

import re
from pathlib import Path

from core.settings import Settings, VideoLimits

TABLES = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
VIDEO, TOKEN = "FACEPULSE_VIDEO__", "DISCORD_TOKEN"
NOT_OF_THE_MODEL = {"FACEPULSE_DEBUG"}
"""Read by the terminal alone."""


def documented() -> dict[str, str]:
    """Name in the environment -> default, as the tables say."""
    return dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", TABLES, re.MULTILINE))


def test_every_setting_is_documented_and_nothing_else() -> None:
    names = {VIDEO + name.upper() for name in VideoLimits.model_fields}
    names |= {f"FACEPULSE_{name.upper()}" for name in Settings.model_fields if name not in {"video", "discord_token"}}
    assert documented().keys() == names | {TOKEN} | NOT_OF_THE_MODEL


def test_the_documented_limits_of_a_clip_are_the_defaults() -> None:
    said = {name.removeprefix(VIDEO).lower(): float(value) for name, value in documented().items() if VIDEO in name}
    assert said == VideoLimits().model_dump()
