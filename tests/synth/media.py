"""Places for media in tests: an S3 server in this process, one that never answers, one that fails now and then."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from core.errors import MediaStoreError
from core.media import MediaStore, Stored
from core.media.bucket import DOES_NOT_ANSWER

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a-name", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_REGION": "us-east-1"}


class S3Server:
    """A server that speaks S3, on a free port of this machine, until `close`."""

    def __init__(self) -> None:
        import boto3  # these two take a second to load
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line a request otherwise
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self._address = self._server.get_host_and_port()
        self._numbers = itertools.count(1)
        name, secret, region = CREDENTIALS.values()
        self._client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=name,
            aws_secret_access_key=secret,
            region_name=region,
        )

    @property
    def endpoint(self) -> str:
        """What the settings name the server with."""
        host, port = self._address
        return f"http://{host}:{port}"

    def fresh(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"media-{next(self._numbers)}"
        self._client.create_bucket(Bucket=name)
        return name

    def told_of(self, url: str) -> dict[str, str]:
        """Return what the server says of what lies at `s3://BUCKET/KEY`."""
        name, _, key = url.removeprefix("s3://").partition("/")
        told: dict[str, str] = self._client.head_object(Bucket=name, Key=key)
        return told

    def close(self) -> None:
        """Stop the server."""
        self._client.close()
        self._server.stop()


class Failing:
    """A `MediaStore` that does not answer the first `times` calls, ever by default, and then does what `inner` does."""

    def __init__(self, inner: MediaStore | None = None, times: float = float("inf")) -> None:
        self._inner = inner
        self.left = times

    def _there(self) -> MediaStore:
        if self.left > 0 or self._inner is None:
            self.left -= 1
            raise MediaStoreError(DOES_NOT_ANSWER)
        return self._inner

    @property
    def shared(self) -> bool:
        return self._inner is None or self._inner.shared

    def put(self, key: str, media: bytes | Path) -> int:
        return self._there().put(key, media)

    def put_folder(self, prefix: str, folder: Path) -> None:
        self._there().put_folder(prefix, folder)

    def copy(self, source: str, target: str) -> bool:
        return self._there().copy(source, target)

    def get(self, key: str) -> bytes | None:
        return self._there().get(key)

    def has(self, key: str) -> bool:
        return self._there().has(key)

    def fetch(self, key: str, target: Path, max_bytes: int) -> bool:
        return self._there().fetch(key, target, max_bytes)

    def path(self, key: str) -> Path | None:
        return None

    def delete(self, keys: Collection[str]) -> None:
        self._there().delete(keys)

    def delete_below(self, prefix: str) -> None:
        self._there().delete_below(prefix)

    def list(self, prefix: str) -> Iterator[Stored]:
        return self._there().list(prefix)

    def probe(self) -> None:
        self._there().probe()
