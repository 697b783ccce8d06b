"""Which place the settings name, and what it is asked for."""

from __future__ import annotations

from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from core.errors import MediaStoreError, SettingsError
from core.media import BucketMedia, LocalMedia, open_media
from core.settings import MediaPlace, Settings, read_settings
from tests.synth.media import S3Server


def test_without_a_bucket_media_lie_in_the_data_folder(tmp_path: Path) -> None:
    media = open_media(Settings(data_dir=tmp_path).media_place, tmp_path)

    assert isinstance(media, LocalMedia)
    assert media.root == tmp_path


def test_a_prefix_keeps_two_services_apart_in_one_bucket(bucket: MediaPlace, tmp_path: Path) -> None:
    ours = open_media(bucket, tmp_path)
    theirs = open_media(MediaPlace(f"{str(bucket.url).removesuffix('/of/us')}/of/them", bucket.endpoint), tmp_path)

    ours.put("incoming/a", b"ours")

    assert theirs.get("incoming/a") is None
    assert list(theirs.list("incoming")) == []


@pytest.mark.parametrize(
    ("encryption", "key", "told"),
    [
        ("AES256", None, {"ServerSideEncryption": "AES256"}),
        ("aws:kms", "our-key", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "our-key"}),
    ],
)
@pytest.mark.parametrize("how", ["put", "copied"])
def test_the_bucket_is_asked_to_encrypt_what_it_gets(
    s3: S3Server, bucket: MediaPlace, tmp_path: Path, encryption: str, key: str | None, told: dict[str, str], how: str
) -> None:
    place = Settings(
        media_url=bucket.url, media_endpoint=bucket.endpoint, media_encryption=encryption, media_kms_key=key
    ).media_place
    media = open_media(place, tmp_path)
    media.put("put", b"a clip")
    media.copy("put", "copied")

    assert s3.told_of(f"{bucket.url}/{how}").items() >= told.items()


def test_credentials_are_never_in_what_is_told(bucket: MediaPlace, tmp_path: Path) -> None:
    media = open_media(MediaPlace("s3://there-is-none", bucket.endpoint), tmp_path)

    with pytest.raises(MediaStoreError) as told:
        media.put("a", b"")

    said = f"{media!r} {told.value} {told.value.__cause__}"
    assert "a-secret" not in said
    assert "a-name" not in said


def test_a_bucket_that_is_not_there_or_does_not_answer_is_seen_by_a_probe(bucket: MediaPlace, tmp_path: Path) -> None:
    for url, endpoint in (("s3://there-is-none", bucket.endpoint), (bucket.url, "http://127.0.0.1:9")):
        with pytest.raises(MediaStoreError):
            open_media(MediaPlace(url, endpoint), tmp_path).probe()


def test_an_upload_that_arrives_short_is_an_error_and_goes(
    bucket: MediaPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media, put = open_media(bucket, tmp_path), obstore.put

    def cut(store: S3Store, key: str, media: bytes, **options: int) -> object:
        return put(store, key, media[:-1], **options)

    monkeypatch.setattr("core.media.bucket.obstore.put", cut)
    with pytest.raises(MediaStoreError):
        media.put("incoming/a", b"a clip")

    assert not media.has("incoming/a")
    assert isinstance(media, BucketMedia)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("URL", "gs://bucket", "FACEPULSE_MEDIA_URL is not valid: it is s3://BUCKET"),
        ("URL", "s3://bucket/../other", "FACEPULSE_MEDIA_URL is not valid"),
        ("URL", "s3://user:s3cret@bucket", "FACEPULSE_MEDIA_URL is not valid"),
        ("ENDPOINT", "ftp://host", "FACEPULSE_MEDIA_ENDPOINT is not valid: it is https://HOST"),
        ("ENDPOINT", "https://name:s3cret@host", "FACEPULSE_MEDIA_ENDPOINT is not valid"),
        ("ENCRYPTION", "rot13", "FACEPULSE_MEDIA_ENCRYPTION is not valid"),
        ("KMS_KEY", "k", "do not fit together: FACEPULSE_MEDIA_KMS_KEY needs"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACEPULSE_MEDIA_URL", "s3://bucket")
    monkeypatch.setenv(f"FACEPULSE_MEDIA_{name}", value)

    with pytest.raises(SettingsError, match=sentence) as told:
        read_settings()
    assert "\n" not in str(told.value)
    assert "s3cret" not in str(told.value)


def test_a_key_without_a_bucket_is_said_to_be_of_no_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACEPULSE_MEDIA_ENDPOINT", "https://here")

    with pytest.raises(SettingsError, match="are about the bucket of FACEPULSE_MEDIA_URL"):
        read_settings()


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/", "s3://my.bucket-1/a/b_c/"])
def test_a_bucket_may_have_a_prefix(url: str) -> None:
    assert Settings(media_url=url).media_place.url == url.rstrip("/")
