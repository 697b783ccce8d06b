"""What a server has set: who may ask, what is flagged, what is kept, and what Facepulse may do by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LANGUAGES = ("en", "de", "es", "fr", "pt", "ja")
"""Languages in which Facepulse speaks, by their ISO 639-1 code."""


class WhoMayAsk(StrEnum):
    """Who may ask for a check; moderators always may."""

    EVERYONE = "everyone"
    ROLES = "roles"
    MODERATORS = "moderators"


class AnswerPlace(StrEnum):
    """Where an answer is given: in the channel, or to the asker alone."""

    PUBLIC = "public"
    PRIVATE = "private"


class ActionMode(StrEnum):
    """Whether Facepulse acts by itself; a dry run only says in the moderation log what it would have done."""

    OFF = "off"
    DRY_RUN = "dry_run"
    ON = "on"


class ActionKind(StrEnum):
    """What is done with a flagged message: out of sight until a moderator decided, removed, or also a time-out."""

    HIDE = "hide"
    REMOVE = "remove"
    TIMEOUT = "timeout"


RANGES: dict[str, tuple[float, float]] = {
    "user_daily_budget": (0, 10_000),
    "guild_daily_budget": (0, 100_000),
    "flag_probability": (0.5, 1.0),
    "retention_days": (1, 3650),
    "action_probability": (0.9, 1.0),
    "timeout_minutes": (1, 40_320),
    "user_daily_demos": (0, 100),
    "guild_daily_demos": (0, 1000),
}
"""Least and greatest value of the settings that are numbers.

Discord allows time-outs of at most 28 days; more than a thousand demos in a day a worker does not get made.
"""

SETTING_NAMES = {
    "user_daily_budget": "The daily budget of a member",
    "guild_daily_budget": "The daily budget of the server",
    "flag_probability": "The likelihood from which clips are flagged",
    "retention_days": "The number of days that reports are kept",
    "action_probability": "The likelihood from which Facepulse acts by itself",
    "timeout_minutes": "The number of minutes of a time-out",
    "user_daily_demos": "The daily budget of demos of a member",
    "guild_daily_demos": "The daily budget of demos of the server",
    "language": "The language of answers",
    "who_may_ask": "Who may ask",
    "answer_place": "The place of answers",
    "action_mode": "The mode of automatic action",
    "action_kind": "The kind of automatic action",
}
"""What people are told of the settings that can have a wrong value."""


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """The settings of one server, which Discord calls a guild; the defaults keep nothing and act on nothing.

    `language` None answers everybody in their own; `flag_probability` None flags every clip with signs of
    manipulation, else its probability must reach this as well. `retention_days` is how long reports and names stay.
    Demos are for moderators and the roles of `demo_role_ids`; a budget of 0 is nobody's.

    Raises:
        ValueError: a value is out of its range; the message is a sentence for the user.
    """

    guild_id: int
    mod_log_channel_id: int | None = None
    scan_channel_ids: tuple[int, ...] = ()
    exempt_role_ids: tuple[int, ...] = ()
    exempt_channel_ids: tuple[int, ...] = ()
    who_may_ask: WhoMayAsk = WhoMayAsk.EVERYONE
    ask_role_ids: tuple[int, ...] = ()
    user_daily_budget: int = 20
    guild_daily_budget: int = 500
    answer_place: AnswerPlace = AnswerPlace.PUBLIC
    language: str | None = None
    flag_probability: float | None = None
    flag_declared: bool = False
    retention_days: int = 90
    keep_evidence: bool = False
    action_mode: ActionMode = ActionMode.OFF
    action_kind: ActionKind = ActionKind.HIDE
    action_probability: float = 0.95
    timeout_minutes: int = 60
    reason_required: bool = False
    demos_allowed: bool = False
    demo_role_ids: tuple[int, ...] = ()
    user_daily_demos: int = 5
    guild_daily_demos: int = 20

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ValueError(f"{SETTING_NAMES[name]} must lie between {least:g} and {most:g}.")
        if self.language is not None and self.language not in LANGUAGES:
            raise ValueError(f"{SETTING_NAMES['language']} must be one of {', '.join(LANGUAGES)}.")
