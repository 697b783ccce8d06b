"""Every setting, read once from the environment (or a `.env` file) and validated; docs/settings.md explains them.

Only `bot` reads settings, once a process; everything else is handed the part it needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError
from core.logs import LogFormat

MEBIBYTE = 1 << 20
Networks = tuple[IPv4Network | IPv6Network, ...]
Encryption = Literal["AES256", "aws:kms"]
_BUCKET_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.\.?(/|$))[A-Za-z0-9_.-]+)*/?")
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?")
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


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """Where clips, evidence and figures are kept: a bucket, or the data folder where `url` is None."""

    url: str | None = None
    endpoint: str | None = None
    """Where the bucket's service is, for any but Amazon's."""
    encryption: Encryption | None = None
    kms_key: str | None = None


def _bucket_url(text: str) -> str:
    if not _BUCKET_URL.fullmatch(text):
        raise ValueError("it is s3://BUCKET or s3://BUCKET/PREFIX, of letters, digits, dots, dashes and underscores")
    return text.rstrip("/")


def _endpoint(text: str) -> str:
    if not _ENDPOINT.fullmatch(text):
        raise ValueError("it is https://HOST or http://HOST:PORT, without name or password")
    return text.rstrip("/")


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
    media_url: Annotated[str, AfterValidator(_bucket_url)] | None = None
    """The bucket for clips, evidence and figures; by default they lie in `data_dir`."""
    media_endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    media_encryption: Encryption | None = None
    """What the bucket is asked to encrypt with: its own key ("AES256") or one of its key service ("aws:kms")."""
    media_kms_key: str | None = None
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
    signing_cert: Path | None = None
    """A chain of certificates (PEM) that signs demos, its own first; a certificate of this computer without it."""
    signing_key: Path | None = None
    """The private key of the first (PEM, not encrypted)."""
    video: VideoLimits = VideoLimits()

    @property
    def resolved_database_url(self) -> str:
        """The URL to connect to."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'facepulse.sqlite3'}"

    @property
    def media_place(self) -> MediaPlace:
        """Where media are kept."""
        return MediaPlace(self.media_url, self.media_endpoint, self.media_encryption, self.media_kms_key)

    @model_validator(mode="after")
    def _media_settings_fit(self) -> Self:
        if self.media_url is None and (self.media_endpoint or self.media_encryption or self.media_kms_key):
            raise ValueError(
                "FACEPULSE_MEDIA_ENDPOINT, _ENCRYPTION and _KMS_KEY are about the bucket of FACEPULSE_MEDIA_URL"
            )
        if self.media_kms_key is not None and self.media_encryption != "aws:kms":
            raise ValueError("FACEPULSE_MEDIA_KMS_KEY needs FACEPULSE_MEDIA_ENCRYPTION=aws:kms")
        return self


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
        reason = first["msg"].removeprefix("Value error, ")
        if not name:  # about several settings together
            raise SettingsError(f"The settings do not fit together: {reason}.") from error
        raise SettingsError(f"The setting FACEPULSE_{name} is not valid: {reason}.") from error
