"""The settings of a server are checked at birth."""

import pytest

from core.types import ActionMode, GuildSettings
from core.types.guild import SETTING_NAMES


def test_a_new_server_keeps_no_clip_scans_nothing_and_acts_on_nothing() -> None:
    settings = GuildSettings(1)
    assert (settings.keep_evidence, settings.scan_channel_ids, settings.action_mode) == (False, (), ActionMode.OFF)
    assert not settings.demos_allowed
    assert (settings.user_daily_demos, settings.guild_daily_demos) == (5, 20)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_daily_budget", -1),
        ("flag_probability", 0.4),
        ("action_probability", 0.5),
        ("retention_days", 0),
        ("timeout_minutes", 40_321),
        ("user_daily_demos", 101),
        ("guild_daily_demos", -1),
        ("language", "tlh"),
    ],
)
def test_a_value_out_of_its_range_is_refused_by_a_name_that_people_read(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{SETTING_NAMES[name]} must"):
        GuildSettings(1, **{name: value})  # type: ignore[arg-type]
