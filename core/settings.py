"""Every setting, read once from the environment (or a `.env` file) and validated; docs/settings.md explains them.

Only `bot` reads settings, once a process; everything else is handed the part it needs.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError
from core.logs import LogFormat

MEBIBYTE = 1 << 20
Networks = tuple[IPv4Network | IPv6Network, ...]
DISCORD_CDN_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
"""Where Discord keeps attachments."""


class VideoLimits(BaseModel):
    """What the decoding child may use and what a clip may be; the child is ended when one is passed."""

    model_config = ConfigDict(frozen=True)

    max_bytes: Annotated[int, Field(gt=0)] = 200 * MEBIBYTE
    max_duration_s: Annotated[float, Field(gt=0)] = 300.0
    max_pixels: Annotated[int, Field(gt=0)] = 7680 * 4320
    """Width × height of one picture of the stream."""
    max_frames: Annotated[int, Field(gt=0)] = 300 * 120
    analysis_max_side_px: Annotated[int, Field(ge=64, le=4096)] = 1280
    """Larger frames are scaled down to this before faces are looked for."""
    child_cpu_s: Annotated[int, Field(gt=0)] = 600
    child_wall_s: Annotated[float, Field(gt=0)] = 900.0
    child_memory_bytes: Annotated[int, Field(ge=256 * MEBIBYTE)] = 2048 * MEBIBYTE
    """Address space, which is larger than the memory really used."""
    child_file_bytes: Annotated[int, Field(ge=0)] = 0
    """Largest file that the child may write: it writes none."""
    stall_s: Annotated[float, Field(gt=0)] = 30.0
    """Longest wait for the next frame."""


class Settings(BaseSettings):
    """All settings; the names in the environment are `FACEPULSE_` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="FACEPULSE_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("facepulse", appauthor=False)))
    """Where the embedded database and clips waiting for their check are."""
    database_url: str | None = None
    """An SQLAlchemy URL; by default an SQLite file in `data_dir`."""
    discord_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DISCORD_TOKEN", "FACEPULSE_DISCORD_TOKEN", "discord_token"),
    )
    discord_message_content: bool = False
    """Whether to ask Discord for the content of all messages, which scanning channels needs."""
    download_hosts: tuple[str, ...] = DISCORD_CDN_HOSTS
    """The only hosts that attachments are fetched from, by exact name."""
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    metrics_readers: Networks = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    """The networks from which /metrics may be read."""
    log_format: LogFormat = "text"
    workers: Annotated[int, Field(ge=0, le=64)] = 1
    """Worker processes that the service starts; 0 where `facepulse worker` runs on machines of its own."""
    queue: Literal["cpu", "gpu"] = "cpu"
    """For which workers new checks are: "gpu" where workers with a graphics processor run."""
    keep_figures_s: Annotated[float, Field(gt=0)] = 3600.0
    """How long the local page can show the figures of a check before they are deleted."""
    video: VideoLimits = VideoLimits()

    @property
    def resolved_database_url(self) -> str:
        """The URL to connect to."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'facepulse.sqlite3'}"


def read_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: a value is not valid; the sentence names the setting.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"The setting FACEPULSE_{name} is not valid: {first['msg']}.") from error
