"""Registering trained swaps for servers, on the machine on which they lie; an admin of the server then allows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.errors import ConsentError, DemoError
from core.services import demo_studio
from core.services.clock import Clock, utc_now
from core.services.demos import NEEDED
from core.store import NewModel, Store, SwapModel
from core.types.swap import TrainedSwap

LONGEST_NAME = 64


async def register(
    store: Store,
    path: Path,
    guild_id: int,
    *,
    name: str | None = None,
    source: Path | None = None,
    about: Callable[[Path], TrainedSwap] = demo_studio.about,
    clock: Clock = utc_now,
) -> SwapModel:
    """Offer a trained swap to a server. Nobody uses it before an admin there has allowed it.

    Args:
        store: the log.
        path: the trained swap, where the workers that make demos find it.
        guild_id: the server.
        name: what it is called there; by default as its folder or file.
        source: a face set of the person who films; only clips of somebody who is like them are made into
            demos, for as long as the set has the pictures that it has now.
        about: reads what a trained swap was made of.
        clock: gives the present moment.

    Raises:
        ConsentError: the person shown, or the person of `source`, did not allow demos in Discord.
        SwapModelError, FaceSetError: the trained swap or the face set is not there.
        DemoError: the name is too long.
        StoreError: the server has a model of that name.
    """
    called = (name or path.stem).strip()
    if not 0 < len(called) <= LONGEST_NAME:
        raise DemoError(f"The name of a model has 1 to {LONGEST_NAME} characters; give one with --name.")
    swap = await asyncio.to_thread(about, path)
    lacking = [scope.value for scope in NEEDED if not swap.target_consent.allows(scope)]
    if lacking:
        raise ConsentError(f"{swap.target_consent.person} did not allow: {', '.join(lacking)}.")
    new = NewModel(guild_id, called, _place(path), swap)
    if source is not None:
        sha256 = await asyncio.to_thread(demo_studio.source_sha256, source)
        new = replace(new, source_path=_place(source), source_sha256=sha256)
    return await store.swap_models.add(new, clock())


def _place(path: Path) -> str:
    return str(path.resolve())
