"""Which place media are kept in, by the settings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.store import S3Store

from core.errors import SettingsError
from core.media.bucket import TROUBLE, BucketMedia
from core.media.contract import MediaStore
from core.media.local import LocalMedia
from core.settings import MediaPlace

if TYPE_CHECKING:  # these are only in the stubs
    from obstore.store import ClientConfig, RetryConfig, S3Config

CONNECT_S, SILENT_S, WHOLE_S = 3, 10, 600
"""How long a connection, a silence on it and a whole transfer may take, in seconds."""
TRIES, TRYING_S = 3, 8
"""How often and for how long obstore itself tries again: who asks is told soon, a worker has `patiently`."""


def open_media(place: MediaPlace, data_dir: Path) -> MediaStore:
    """Return where media are kept: the bucket that `place` names, else the folder `data_dir`. Connects to nothing yet.

    Credentials come from the standard variables of the environment (`AWS_ACCESS_KEY_ID`, …) or from the machine's own
    role, and are renewed by obstore.

    Raises:
        SettingsError: the place cannot be understood.
    """
    if place.url is None:
        return LocalMedia(data_dir)
    try:
        bucket = S3Store.from_url(
            place.url, config=_config(place), client_options=_client(place), retry_config=_retries()
        )
    except (*TROUBLE, ValueError, TypeError) as error:
        raise SettingsError(
            "The place of FACEPULSE_MEDIA_URL cannot be used; look at FACEPULSE_MEDIA_ENDPOINT and the AWS_ variables."
        ) from error
    return BucketMedia(bucket)


def _config(place: MediaPlace) -> S3Config:
    config: S3Config = {}
    if place.endpoint is not None:
        config["endpoint"] = place.endpoint
    if place.encryption is not None:
        config["server_side_encryption"] = place.encryption
    if place.kms_key is not None:
        config["sse_kms_key_id"] = place.kms_key
    return config


def _client(place: MediaPlace) -> ClientConfig:
    options: ClientConfig = {
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "read_timeout": timedelta(seconds=SILENT_S),
        "timeout": timedelta(seconds=WHOLE_S),
    }
    if place.endpoint is not None and place.endpoint.startswith("http://"):
        options["allow_http"] = True
    return options


def _retries() -> RetryConfig:
    return {
        "max_retries": TRIES,
        "retry_timeout": timedelta(seconds=TRYING_S),
        "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=3), "base": 2},
    }
