"""`facepulse swap register`, `unregister`, `registered` and `log`: what a server is offered, and what came of it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.commands.swap import swap
from core.errors import ConsentError, DemoError, FaceSetError, StoreError, SwapModelError
from core.services import demo_studio, swap_registry
from core.services.demo_notes import NOTES, NotedDemo, note, noted
from core.services.demos import NO_DEMO, NO_MODEL
from core.store import open_store
from core.types.swap import ConsentScope, TrainedSwap
from tests.synth.logs import NOON
from tests.synth.raw import run_sql
from tests.synth.swaps import face_set
from tests.synth.wishes import make_made, make_swap, make_wish

GUILD = 2**61


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return sqlite_url


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as a trained swap."""
    offer(monkeypatch, make_swap())
    (tmp_path / "ron").mkdir()
    return tmp_path / "ron"


def offer(monkeypatch: pytest.MonkeyPatch, trained: TrainedSwap) -> None:
    defaults: dict[str, Any] = dict(swap_registry.register.__kwdefaults__ or {})
    monkeypatch.setattr(swap_registry.register, "__kwdefaults__", {**defaults, "about": lambda path: trained})


def call(*arguments: str) -> Result:
    return CliRunner().invoke(swap, arguments)


def ok(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_a_registered_model_waits_for_an_admin(url: str, model: Path) -> None:
    assert "No model is registered" in ok("registered")

    assert "An admin allows it there: /demo allow" in ok("register", str(model), "--guild", str(GUILD))

    listed = ok("registered")
    assert f"{GUILD}  ron  waits for /demo allow  face of Rendered Ron  {model}" in listed
    again = call("register", str(model), "--guild", str(GUILD))
    assert isinstance(again.exception, StoreError)
    assert "called other" not in listed
    ok("register", str(model), "--guild", str(GUILD), "--name", "other")
    assert len(ok("registered").splitlines()) == 2


@pytest.mark.parametrize("scope", [(ConsentScope.DEMOS,), (ConsentScope.DISCORD, ConsentScope.TRAINING)])
def test_a_model_whose_consent_does_not_reach_to_discord_is_refused(
    url: str, model: Path, monkeypatch: pytest.MonkeyPatch, scope: tuple[ConsentScope, ...]
) -> None:
    offer(monkeypatch, make_swap(*scope))

    refused = call("register", str(model), "--guild", "1")

    assert isinstance(refused.exception, ConsentError)
    assert "Rendered Ron did not allow" in str(refused.exception)
    assert "No model is registered" in ok("registered")


def test_a_source_is_registered_with_the_pictures_that_it_has(url: str, model: Path, tmp_path: Path) -> None:
    source = face_set(tmp_path / "ada")
    ok("register", str(model), "--guild", str(GUILD), "--source", str(source.path))

    assert run_sql(url, "SELECT source_path, source_sha256 FROM swap_models") == [(str(source.path), source.sha256)]
    assert "waits for /demo allow" in ok("registered")
    run_sql(url, "UPDATE swap_models SET source_sha256 = NULL, allowed_at = registered_at")
    assert f"{GUILD}  ron  must be registered again  " in ok("registered")


def test_a_source_whose_person_did_not_allow_demos_in_discord_is_refused(url: str, model: Path, tmp_path: Path) -> None:
    source = face_set(tmp_path / "ada", with_consent=False)

    refused = call("register", str(model), "--guild", str(GUILD), "--source", str(source.path))

    assert isinstance(refused.exception, ConsentError)
    assert "No model is registered" in ok("registered")


def test_what_is_no_trained_swap_or_no_face_set_is_one_sentence(
    url: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(call("register", str(model), "--guild", "1", "--source", str(model)).exception, FaceSetError)
    assert isinstance(call("register", str(model), "--guild", "1", "--name", "x" * 65).exception, DemoError)
    defaults: dict[str, Any] = dict(swap_registry.register.__kwdefaults__ or {})
    monkeypatch.setattr(swap_registry.register, "__kwdefaults__", {**defaults, "about": demo_studio.about})
    assert isinstance(call("register", str(model), "--guild", "1").exception, SwapModelError)


def test_unregistering_ends_its_use_and_says_what_is_still_posted(url: str, model: Path) -> None:
    ok("register", str(model), "--guild", str(GUILD))
    asyncio.run(make_one(url))

    told = ok("unregister", "ron", "--guild", str(GUILD))

    assert "waiting demos cancelled: 1" in told
    assert "still posted in Discord: 1" in told
    assert "No model is registered" in ok("registered")
    missing = call("unregister", "nobody", "--guild", str(GUILD))
    assert (type(missing.exception), str(missing.exception)) == (DemoError, NO_MODEL)


def test_the_log_says_where_each_demo_came_from(url: str, model: Path) -> None:
    assert ok("log").strip() == "No demo was made or asked for yet."
    ok("register", str(model), "--guild", str(GUILD))
    asyncio.run(make_one(url))

    first, second = (json.loads(line) for line in ok("log", "--json").splitlines())
    assert (first["status"], second["status"]) == ("queued", "done")
    assert second["demo_id"] == "0123abcd"
    assert second["consent"]["person"] == "Rendered Ron"
    assert second["driver_sha256"] == make_wish(1, name="first").driver_sha256
    assert "0123abcd" in ok("log", "--demo", "0123ABCD")
    assert "model ron" in ok("log", "--guild", str(GUILD))
    assert ok("log", "--guild", "5").strip() == "No demo was made or asked for yet."
    assert str(call("log", "--demo", "deadbeef").exception) == NO_DEMO


def test_the_log_has_what_was_made_here_too(url: str, model: Path, tmp_path: Path) -> None:
    ok("register", str(model), "--guild", str(GUILD))
    asyncio.run(make_one(url))
    note(tmp_path, NotedDemo("00c0ffee", "Ada\x1b[31m", NOON - timedelta(1), make_swap(), "a" * 64, "b" * 64))
    note(tmp_path, NotedDemo("0badcafe", "Ada", NOON + timedelta(1), make_swap()))

    demos = [json.loads(line) for line in ok("log", "--json").splitlines()]
    assert [demo["demo_id"] for demo in demos] == ["0badcafe", None, "0123abcd", "00c0ffee"]
    assert (demos[0]["status"], demos[3]["status"], demos[3]["sha256"]) == ("live", "done", "b" * 64)
    assert demos[3]["consent"] == demos[2]["consent"]
    assert "shown live here by Ada, face of Rendered Ron" in ok("log", "--demo", "0BADCAFE")
    assert "\x1b" not in ok("log")
    assert "c0ffee" not in ok("log", "--guild", str(GUILD))
    assert len(ok("log", "--limit", "1").splitlines()) == 1


def test_a_line_that_was_torn_off_hides_no_other(tmp_path: Path) -> None:
    note(tmp_path, NotedDemo("00c0ffee", "Ada", NOON, make_swap()))
    with (tmp_path / NOTES).open("ab") as file:
        file.write(b'{"demo_id": "0bad\n')
    note(tmp_path, NotedDemo("0badcafe", "Ada", NOON, make_swap()))
    assert [demo.demo_id for demo in noted(tmp_path)] == ["0badcafe", "00c0ffee"]
    assert (tmp_path / NOTES).stat().st_mode & 0o777 == 0o600


async def make_one(url: str) -> None:
    """One demo that is made and posted, and one that waits."""
    async with open_store(url) as store:
        (model,) = await store.swap_models.of_guild(None)
        await store.swap_models.allow(model, 9, {}, NOON)
        demo = await store.demos.add(make_wish(model.id, name="first"))
        assert demo is not None
        claim = await store.demo_queue.claim(demo.id, "w", NOON, NOON - NOON)
        assert claim is not None
        assert await store.demo_queue.finish(claim, make_made(), NOON)
        await store.demos.set_answer_message(demo.id, 77)
        assert await store.demos.add(make_wish(model.id, name="second"))
