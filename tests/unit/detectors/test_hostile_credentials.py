"""Credentials and marks that a file's author made up: read, refused by name, or passed over; never an unnamed error."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.detectors import provenance
from core.detectors.provenance import SYNTHETIC_SOURCES, UnreadableCredentialsError, read_credentials, xmp_sources

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
INGREDIENTS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"active_manifest": st.sampled_from(["a", "b"]) | ANYTHING, "relationship": ANYTHING}
    )
    | ANYTHING,
    max_size=3,
)
MANIFESTS = st.fixed_dictionaries(
    {},
    optional={
        "signature_info": st.fixed_dictionaries({}, optional={"issuer": ANYTHING, "common_name": ANYTHING}) | ANYTHING,
        "claim_generator_info": st.lists(st.fixed_dictionaries({"name": ANYTHING}) | ANYTHING, max_size=2) | ANYTHING,
        "assertions": st.lists(st.fixed_dictionaries({"digitalSourceType": ANYTHING}) | ANYTHING, max_size=3),
        "ingredients": INGREDIENTS | ANYTHING,
    },
)
STORES = st.fixed_dictionaries(
    {},
    optional={
        "manifests": st.dictionaries(st.sampled_from(["a", "b"]), MANIFESTS | ANYTHING, max_size=2) | ANYTHING,
        "active_manifest": st.sampled_from(["a", "b"]) | ANYTHING,
        "validation_state": st.sampled_from(["Valid", "Trusted", "Invalid"]) | ANYTHING,
    },
)


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        file.write_bytes(b"\0\0\0\x14ftypisom" + bytes(100))
        yield file


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(store=STORES | ANYTHING)
@example(store={"manifests": {"a": {"ingredients": [{"active_manifest": "a"}]}}, "active_manifest": "a"})
@example(store={"manifests": {"a": {"claim_generator_info": {"name": "x"}}}, "active_manifest": "a"})
@example(store={"manifests": [], "active_manifest": []})
def test_whatever_a_manifest_holds_is_read_or_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch, store: Any
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(provenance, "read_manifests", lambda _: json.dumps(store))
        try:
            found = read_credentials(path)
        except UnreadableCredentialsError:
            return
    assert found is None or found.signer.isprintable()


@settings(max_examples=100, deadline=None)
@given(before=st.binary(max_size=100), gap=st.binary(max_size=90), term=st.sampled_from(sorted(SYNTHETIC_SOURCES)))
def test_a_mark_is_found_between_any_bytes_near_its_name_and_nowhere_else(before: bytes, gap: bytes, term: str) -> None:
    address = b"http://cv.iptc.org/newscodes/digitalsourcetype/" + term.encode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(before + b"DigitalSourceType" + gap + address + b"<" + before)
        file.flush()
        assert xmp_sources(Path(file.name)) == ((term,) if len(gap) <= 80 else ())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
@example(b"DigitalSourceType" * 40)
def test_bytes_that_are_no_mark_declare_nothing(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        assert xmp_sources(Path(file.name)) == ()
