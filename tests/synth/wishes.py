"""Made-up networks and wishes for demos: nobody is shown, nothing is drawn."""

from __future__ import annotations

from datetime import datetime

from core.store import Asker, Declaration, Made, NewDemo, NewModel, Origin, Store
from core.store.demo_rows import dump_swap
from core.types.swap import ConsentBasis, ConsentRecord, ConsentScope, FaceType, Provenance, TrainedSwap
from tests.synth.logs import NOON, sha256_of

GUILD, CHANNEL, MESSAGE, ASKER = 2**61, 3, 4, 2**62


def make_consent(*scope: ConsentScope) -> ConsentRecord:
    """What a rendered face allows: everything, when no scope is named."""
    return ConsentRecord(
        person="Rendered Ron",
        how="drawn by a program",
        given_at=NOON,
        scope=frozenset(scope or ConsentScope),
        basis=ConsentBasis.RENDERED,
        recorded_by="tests",
    )


def make_swap(*scope: ConsentScope, weights: bytes = b"weights") -> TrainedSwap:
    """A trained network whose target allowed `scope`."""
    return TrainedSwap(sha256_of(weights), "a" * 16, "b" * 16, 1000, "df", 96, FaceType.FULL, make_consent(*scope))


def make_model(name: str = "ron", guild_id: int = GUILD, path: str = "/models/ron", **changes: object) -> NewModel:
    """A network for one server."""
    values: dict[str, object] = {"guild_id": guild_id, "name": name, "path": path, "swap": make_swap()}
    return NewModel(**(values | changes))  # type: ignore[arg-type]


def make_wish(model_id: int, at: datetime = NOON, name: str = "driver", **asker: int | str | None) -> NewDemo:
    """A wish for a demo, with a clip that waits under `name`."""
    who: dict[str, object] = {
        "requester_id": ASKER, "guild_id": GUILD, "channel_id": CHANNEL, "message_id": MESSAGE, "poster_id": ASKER,
        "locale": "de",
    }  # fmt: skip
    return NewDemo(
        model_id=model_id,
        asker=Asker(Origin.DISCORD, **(who | asker)),  # type: ignore[arg-type]
        driver_name="me.mp4",
        driver_sha256=sha256_of(name.encode()),
        incoming_name=name,
        declaration=Declaration.SELF,
        declared_how="",
        requested_at=at,
    )


def make_made(demo_id: str = "0123abcd", file_name: str = "file") -> Made:
    """A finished demo."""
    provenance = Provenance(demo_id, make_swap(), sha256_of(b"driver"), "Facepulse", NOON)
    return Made(provenance, file_name, sha256_of(b"labelled"), 8)


def insertion(
    name: str, guild_id: int = GUILD, path: str = "/x", allowed: bool = False, source: str | None = None
) -> str:
    """The SQL that registers a network as versions did which noted nothing of its source's pictures."""
    when = "'2026-01-01 00:00:00.000000+00:00'"
    values = [f"{guild_id}", f"'{name}'", f"'{path}'", f"'{dump_swap(make_swap())}'", when]
    values += [when if allowed else "NULL", "NULL" if source is None else f"'{source}'"]
    columns = "guild_id, name, path, swap_json, registered_at, allowed_at, source_path"
    return f"INSERT INTO swap_models ({columns}) VALUES ({', '.join(values)})"


REGISTERED_TWICE = (
    insertion("ron", path="/first"),
    insertion("ron", path="/second"),
    insertion("ron", 8, "/third"),
    insertion("ron", 8, "/allowed", allowed=True),
    insertion("nina", 8, "/fifth", source="/sets/nina"),
)
"""Rows that revision 0008 took."""


async def require_told_apart(store: Store) -> None:
    """Of `REGISTERED_TWICE` one network of each name is in use; the others count as refused when they came."""
    in_use = {(one.guild_id, one.name): one for one in await store.swap_models.of_guild(None)}
    assert {place: one.path for place, one in in_use.items()} == {
        (GUILD, "ron"): "/first", (8, "ron"): "/allowed", (8, "nina"): "/fifth"
    }  # fmt: skip
    assert [one.is_bound for one in in_use.values()] == [one.name != "nina" for one in in_use.values()]
    gone = [one for one in await store.swap_models.of_guild(None, withdrawn=True) if one.withdrawn_at is not None]
    assert {one.path for one in gone} == {"/second", "/third"}
    assert all(one.withdrawn_at == one.registered_at for one in gone)
    assert await store.swap_models.get(GUILD, "ron") == in_use[GUILD, "ron"]
