"""How a swap is trained, by name: shapes of networks, configs and recipes that go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from core.swap.augment import Recipe
from models.swap_autoencoder import SwapShape
from models.train.swap import SwapConfig

Preset = Literal["quick", "medium", "large"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained, how, until when, and what is saved and shown on the way."""

    shape: SwapShape = field(default_factory=SwapShape)
    config: SwapConfig = field(default_factory=SwapConfig)
    recipe: Recipe = field(default_factory=Recipe)
    iterations: int = 30_000
    save_every_s: float = 300.0
    save_every: int | None = None
    """Steps; None goes by the time."""
    preview_every: int = 500
    backup_every: int = 5000
    backups: int = 4
    device: str = "cpu"

    def __post_init__(self) -> None:
        if min(self.iterations, self.preview_every, self.backup_every, self.save_every or 1) < 1:
            raise ValueError("iterations and what is done every so many are at least 1")
        if self.backups < 0 or self.save_every_s <= 0:
            raise ValueError("backups are not negative, save_every_s is positive")


def preset(name: Preset) -> Plan:
    """Return the plan of that name.

    `quick` is for two processor cores: a recognisable face of 96 px within minutes, a good one in an hour. `medium`
    takes an evening there, or minutes on a graphics card; `large` is for a card.
    """
    return PRESETS[name]


PRESETS: dict[Preset, Plan] = {
    "quick": Plan(),
    "medium": Plan(
        SwapShape("liae", 128, 48, 192, 64, 16),
        SwapConfig(learning_rate=4e-4, rate_half=40_000),
        Recipe(faces=8, warp_half=1000, uniform_yaw=True),
        iterations=100_000,
        preview_every=1000,
    ),
    "large": Plan(
        SwapShape("df", 256, 64, 256, 48, 16),
        SwapConfig(learning_rate=2e-4, rate_half=100_000, optimiser="adabelief", critic=0.02, critic_from=150_000),
        Recipe(faces=8, warp_half=4000, uniform_yaw=True, colours="rct"),
        iterations=300_000,
        preview_every=2000,
        backup_every=20_000,
    ),
}


def training_json(plan: Plan) -> dict[str, Any]:
    """Return what decides how a step is made, as JSON has it: config and recipe."""
    return {"config": asdict(plan.config), "recipe": asdict(plan.recipe)}


def with_saved_shape(plan: Plan, values: dict[str, Any]) -> Plan:
    """Return the plan with the shape that model.json has.

    Raises:
        ValueError, TypeError: it has none that there can be.
    """
    return replace(plan, shape=SwapShape(**values))


def as_saved(plan: Plan, values: Mapping[str, Any]) -> Plan:
    """Return the plan with shape, config and recipe of a model.json.

    Raises:
        ValueError, TypeError, KeyError: it has none that there can be.
    """
    return replace(
        plan,
        shape=SwapShape(**values["shape"]),
        config=SwapConfig(**values["config"]),
        recipe=Recipe(**values["recipe"]),
    )


def changed(plan: Plan, changes: Mapping[str, Any]) -> Plan:
    """Return the plan with other values: names are those of the fields of the plan and of its parts.

    Raises:
        ValueError: a name is not known, or a value is not valid; the message says which.
    """
    rest = dict(changes)
    parts = {}
    for part in ("shape", "config", "recipe"):
        names = {one.name for one in fields(getattr(plan, part))}
        parts[part] = replace(getattr(plan, part), **{name: rest.pop(name) for name in names & rest.keys()})
    if unknown := sorted(rest.keys() - {one.name for one in fields(plan)} | (rest.keys() & parts.keys())):
        raise ValueError(f"nothing is called {unknown[0]}")
    return replace(plan, **parts, **rest)
