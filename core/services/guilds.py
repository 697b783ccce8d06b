"""What a server has set: read often, changed by its admins, every change in the audit log."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from core.errors import SettingsError
from core.services.clock import Clock, utc_now
from core.store import Store
from core.types import ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk
from core.types.guild import SETTING_NAMES

KEPT_FOR = timedelta(seconds=3)
"""How long settings may be older than their row, where another process changed it."""
KEPT_AT_MOST = 4096

_KINDS = {"who_may_ask": WhoMayAsk, "answer_place": AnswerPlace, "action_mode": ActionMode, "action_kind": ActionKind}
_LISTS = frozenset({"scan_channel_ids", "exempt_role_ids", "exempt_channel_ids", "ask_role_ids", "demo_role_ids"})
_CHANGEABLE = frozenset(field.name for field in fields(GuildSettings)) - {"guild_id"}


class Guilds:
    """The settings of servers."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._kept: dict[int, tuple[datetime, GuildSettings]] = {}

    async def get(self, guild_id: int) -> GuildSettings:
        """Return the settings of a server; the defaults when it has set nothing.

        Raises:
            StoreError: they cannot be read.
        """
        kept = self._kept.get(guild_id)
        if kept is not None and self._clock() - kept[0] < KEPT_FOR:
            return kept[1]
        return self._keep(await self._store.guilds.get(guild_id))

    async def change(self, guild_id: int, *, by: int, **changes: Any) -> GuildSettings:
        """Change settings, all of them or none, and note old and new in the audit log.

        Args:
            guild_id: the server.
            by: the user who changes them.
            changes: fields of `GuildSettings`; enumerations also by their value, ids in any collection.

        Raises:
            SettingsError: a setting does not exist or a value is out of its range; nothing was changed.
            StoreError: they cannot be written.
        """
        for name in changes:
            if name not in _CHANGEABLE:
                raise SettingsError(f"There is no setting called {name}.")
        return self._keep(
            await self._store.guilds.change(guild_id, lambda old: _changed(old, changes), by, self._clock())
        )

    async def reset(self, guild_id: int, *, by: int) -> GuildSettings:
        """Give a server the defaults again, and note in the audit log what it had set.

        Raises:
            StoreError: they cannot be written.
        """
        return self._keep(await self._store.guilds.reset(guild_id, by, self._clock()))

    async def all_scanned(self) -> tuple[GuildSettings, ...]:
        """Return the settings of every server that has channels scanned.

        Raises:
            StoreError: they cannot be read.
        """
        return tuple(settings for settings in await self._store.guilds.all() if settings.scan_channel_ids)

    def _keep(self, settings: GuildSettings) -> GuildSettings:
        if len(self._kept) >= KEPT_AT_MOST:
            self._kept.clear()
        self._kept[settings.guild_id] = (self._clock(), settings)
        return settings


def _changed(old: GuildSettings, changes: dict[str, Any]) -> GuildSettings:
    try:
        return replace(old, **{name: _value(name, value) for name, value in changes.items()})
    except ValueError as error:
        raise SettingsError(str(error)) from error
    except TypeError as error:
        raise SettingsError("A setting was given a value of the wrong kind.") from error


def _value(name: str, value: Any) -> Any:
    if name in _KINDS:
        try:
            return _KINDS[name](value)
        except ValueError as error:
            raise ValueError(f"{SETTING_NAMES[name]} must be one of {', '.join(_KINDS[name])}.") from error
    return tuple(dict.fromkeys(int(number) for number in value)) if name in _LISTS else value
