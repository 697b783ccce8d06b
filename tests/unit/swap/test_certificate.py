from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from core.errors import LabelError
from core.swap.certificate import VALID_FOR, local_signer, make_chain, open_signer


def files(folder: Path, chain: bytes, key: bytes) -> tuple[Path, Path]:
    paths = folder / "chain.pem", folder / "key.pem"
    for path, content in zip(paths, (chain, key), strict=True):
        path.write_bytes(content)
    return paths


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey, password: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def test_the_certificate_of_a_computer_is_made_once_and_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    first = local_signer(tmp_path)
    assert local_signer(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "signing" / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "signing").stat().st_mode) == 0o700
    assert first.algorithm == "es256"
    assert "PRIVATE" not in repr(first)


@pytest.mark.parametrize("lost", ["key.pem", "certificate.pem"])
def test_a_damaged_pair_is_made_anew(tmp_path: Path, lost: str) -> None:
    first = local_signer(tmp_path)
    (tmp_path / "signing" / lost).write_bytes(b"")
    second = local_signer(tmp_path)
    assert second.chain_pem != first.chain_pem
    assert local_signer(tmp_path) == second


def test_a_certificate_that_soon_runs_out_is_replaced(tmp_path: Path) -> None:
    chain, key = make_chain("Old", datetime.now(UTC) - VALID_FOR + timedelta(days=10))
    (tmp_path / "signing").mkdir()
    (tmp_path / "signing" / "certificate.pem").write_bytes(chain)
    (tmp_path / "signing" / "key.pem").write_bytes(key)
    assert local_signer(tmp_path).name != "Old"


def test_ones_own_certificate_is_taken_when_both_files_are_named(tmp_path: Path) -> None:
    paths = files(tmp_path, *make_chain("A Newsroom", datetime.now(UTC)))
    assert open_signer(tmp_path, *paths).name == "A Newsroom"
    assert not (tmp_path / "signing").exists()
    with pytest.raises(LabelError, match="set together"):
        open_signer(tmp_path, paths[0], None)


def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    chain, key = make_chain("A Newsroom", now)
    leaf, root = (part + b"-----END CERTIFICATE-----\n" for part in chain.split(b"-----END CERTIFICATE-----\n")[:2])
    locked = pem(ec.generate_private_key(ec.SECP256R1()), b"secret")
    _, other_key = make_chain("Another", now)
    other_chain, _ = make_chain("A Newsroom", now)
    other_root = other_chain.split(b"-----END CERTIFICATE-----\n")[1] + b"-----END CERTIFICATE-----\n"
    old = make_chain("Old", now - VALID_FOR - timedelta(days=5))
    cases = {
        "not a chain of PEM": (b"nothing", key),
        "not an unencrypted": (chain, locked),
        "does not belong": (chain, other_key),
        "do not vouch": (leaf + other_root, key),
        "run out": old,
        "of a kind": (chain, pem(rsa.generate_private_key(65537, 1024))),
        "kind that Content Credentials do not": (chain, pem(dsa.generate_private_key(1024))),
    }
    for reason, (bad_chain, bad_key) in cases.items():
        with pytest.raises(LabelError, match=reason):
            open_signer(tmp_path, *files(tmp_path, bad_chain, bad_key))
    with pytest.raises(LabelError, match="does not belong"):
        open_signer(tmp_path, *files(tmp_path, root, key))
    with pytest.raises(LabelError, match="certificate cannot be read"):
        open_signer(tmp_path, tmp_path / "missing.pem", tmp_path / "key.pem")
