"""How a training is set: the defaults of its dataclass, values of a TOML file over them, options over both."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from core.errors import SettingsError

Config = TypeVar("Config", bound=Any)
"""A frozen dataclass that checks itself at birth with ValueError."""


def read_training_config(defaults: Config, path: Path | None, changes: dict[str, Any]) -> Config:
    """Return `defaults` with the values of a TOML file over them (its keys are the fields), and `changes` over both.

    A list in the file becomes a tuple.

    Raises:
        SettingsError: the file cannot be read, or a key or value is not valid.
    """
    try:
        values = {} if path is None else tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError("The configuration file cannot be read as TOML.") from error
    if unknown := sorted(set(values) - {field.name for field in fields(defaults)}):
        raise SettingsError(f"The configuration has an unknown key: {unknown[0]}.")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    try:
        return replace(defaults, **{**given, **changes})
    except (TypeError, ValueError) as error:
        raise SettingsError(f"The configuration is not valid: {error}.") from error
