"""Face-swap demos as Discord and the command line ask for them: who may, with what, and where the result is.

Nothing is drawn here: a worker process makes a demo (`core.services.demo_making`), and this side only ever sees the
file of a `LabelledVideo`, as a `LabelledFile`.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AbstractAsyncContextManager
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn

from core.errors import ClipTooLargeError, DemoError
from core.media import MediaStore
from core.services import requests
from core.services.clock import Clock, utc_now
from core.services.folders import Folders
from core.store import Asker, CheckStatus, Declaration, Demo, NewDemo, Store, SwapModel, Withdrawal
from core.types import GuildSettings
from core.types.swap import ConsentScope, Provenance

__all__ = ["Declaration", "Demo", "Demos", "LabelledFile", "SwapModel", "Wish", "Withdrawal"]

WINDOW = timedelta(hours=24)
LARGEST_BYTES = 25 << 20
LONGEST_S = 20.0
"""A clip that becomes a demo is no longer."""
SHOWN_WITHIN = timedelta(days=7)
TRIED_FOR = timedelta(hours=1)
"""So long the end of a demo is tried to be shown while Discord does not take it."""
LONGEST_HOW = 300
"""Characters in which somebody says where a consent can be found."""
NEEDED = (ConsentScope.DEMOS, ConsentScope.DISCORD)
_READ_BACK: Final = object()

OFF = "Demos are off in this server; an admin can switch them on with `/settings demos`."
NO_LOG = "Demos need a mod-log channel, in which people look at each of them: `/settings channels mod-log:`."
NO_MODEL = "There is no such model in this server; `/demo models` lists them."
NOT_BOUND = "Nothing says which pictures the source face set of this model had; register the model again."
NOT_ALLOWED = "No admin of this server has allowed this model yet: `/demo allow`."
NO_CONSENT = "The person shown by this model did not consent to demos in Discord, so there are none."
ONE_AT_A_TIME = "A demo of yours is being made; ask for the next one when it is there."
NO_HOW = "Say in `how` where the person's consent can be found, for example in which message they gave it."
MEMBERS_SPENT = "No demo is left for you now: each member's budget in this server is {limit} in 24 hours"
SERVERS_SPENT = "No demo is left for this server now: its budget is {limit} in 24 hours"
FREE_AGAIN = "; the next one is possible {when}"
NEVER = datetime.max.replace(tzinfo=UTC)
GONE = "The file of this demo is not kept any more."
CHANGED = "The file of this demo is not the one that was labelled, so it is not shown."
NO_DEMO = "There is no such demo in this server."


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A labelled video, read back from where a worker put it. Only `Demos.labelled` makes one.

    A worker writes the hash of a file down only when it got a `LabelledVideo` for it, whose label was read back; bytes
    of another hash do not become a `LabelledFile`.
    """

    data: bytes = field(repr=False)
    demo_id: str
    provenance: Provenance
    maker: InitVar[object] = None

    def __post_init__(self, maker: object) -> None:
        if maker is not _READ_BACK:
            raise TypeError("only core.services.demos makes a LabelledFile")

    def __reduce__(self) -> NoReturn:
        """Refuse: what comes out of a pickle or a copy was made without asking `__post_init__`."""
        raise TypeError("only core.services.demos makes a LabelledFile")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: their clip with a model, and what they declare of the person in it."""

    model: str
    asker: Asker
    driver_name: str
    declaration: Declaration
    how: str = ""


class Demos:
    """The verbs of demos over one open store."""

    def __init__(self, store: Store, data_dir: Path, clock: Clock = utc_now, media: MediaStore | None = None) -> None:
        self._store = store
        self._folders = Folders(data_dir, media)
        self._clock = clock
        self._asking = asyncio.Lock()

    async def models(self, guild_id: int, *, withdrawn: bool = False) -> tuple[SwapModel, ...]:
        """Return the networks that are registered for a server, by name; with `withdrawn` those too that were."""
        return await self._store.swap_models.of_guild(guild_id, withdrawn=withdrawn)

    async def model(self, guild_id: int, name: str) -> SwapModel:
        """Return one network.

        Raises:
            DemoError: the server has none of that name.
        """
        found = await self._store.swap_models.get(guild_id, name)
        if found is None:
            raise DemoError(NO_MODEL)
        return found

    async def allow(self, model: SwapModel, *, by: int) -> None:
        """Let a network be used in its server; whose consent an admin has seen is noted in the audit log.

        Raises:
            DemoError: its consent does not reach this far, it must be registered again, or it was allowed or withdrawn
                meanwhile.
        """
        require_bound(model)
        _require_consent(model)
        consent = model.swap.target_consent
        details = {"model": model.name, "weights_sha256": model.swap.weights_sha256, "consent_of": consent.person}
        if not await self._store.swap_models.allow(model, by, details, self._clock()):
            raise DemoError("This model was allowed or withdrawn already.")

    async def withdraw(self, guild_id: int, name: str, *, by: int | None) -> Withdrawal:
        """End the use of a network at once, and delete what is kept of its demos.

        Raises:
            DemoError: the server has none of that name, nor a demo of one that is still posted.
        """
        gone = await self._store.swap_models.withdraw(guild_id, name, by, self._clock())
        if gone is None:
            raise DemoError(NO_MODEL)
        await self._discard(*gone.file_names)
        return gone

    async def require_may(self, wish: Wish, settings: GuildSettings) -> SwapModel:
        """Return the network of a wish when a demo may be asked for now.

        Raises:
            DemoError: it may not; the sentence says why.
        """
        guild_id, user_id = settings.guild_id, wish.asker.requester_id or 0
        if not settings.demos_allowed:
            raise DemoError(OFF)
        if settings.mod_log_channel_id is None:
            raise DemoError(NO_LOG)
        model = await self.model(guild_id, wish.model)
        require_bound(model)
        if model.allowed_at is None:
            raise DemoError(NOT_ALLOWED)
        _require_consent(model)
        if wish.declaration is Declaration.CONSENTED and not wish.how.strip():
            raise DemoError(NO_HOW)
        if await self._store.demos.open_of(guild_id, user_id):
            raise DemoError(ONE_AT_A_TIME)
        await self._require_budget(settings, user_id)
        return model

    async def _require_budget(self, settings: GuildSettings, user_id: int) -> None:
        members, servers = settings.user_daily_demos, settings.guild_daily_demos
        own = await self._spent_until(settings.guild_id, user_id, members)
        all_of_them = await self._spent_until(settings.guild_id, None, servers)
        if own is not None and (all_of_them is None or own >= all_of_them):
            raise DemoError(_spent_text(MEMBERS_SPENT, members, own))
        if all_of_them is not None:
            raise DemoError(_spent_text(SERVERS_SPENT, servers, all_of_them))

    async def _spent_until(self, guild_id: int, user_id: int | None, limit: int) -> datetime | None:
        """Return when a budget has something left again; None: it has now."""
        if limit == 0:
            return NEVER
        last = await self._store.demos.asked_at(guild_id, user_id, self._clock() - WINDOW, limit)
        return None if last is None else last + WINDOW

    async def ask(self, wish: Wish, media: bytes, settings: GuildSettings) -> Demo:
        """Log a declared wish and put it into the queue.

        Raises:
            DemoError: no demo may be asked for now.
            ClipTooLargeError: the clip has too many bytes.
            OutputError: the clip cannot be stored.
        """
        if len(media) > LARGEST_BYTES:
            most = LARGEST_BYTES >> 20
            raise ClipTooLargeError(f"The clip has more than {most} MiB, the most that are accepted.")
        async with self._asking:  # one after the other: each counts those before it
            model = await self.require_may(wish, settings)
            name = await asyncio.to_thread(self._folders.keep, media)
            try:
                demo = await self._store.demos.add(self._new(model, wish, media, name))
            except BaseException:
                await self._discard(name)
                raise
        if demo is None:
            await self._discard(name)
            raise DemoError(NO_MODEL)
        return demo

    def _new(self, model: SwapModel, wish: Wish, media: bytes, name: str) -> NewDemo:
        return NewDemo(
            model_id=model.id,
            asker=wish.asker,
            driver_name=wish.driver_name,
            driver_sha256=hashlib.sha256(media).hexdigest(),
            incoming_name=name,
            declaration=wish.declaration,
            declared_how=wish.how.strip()[:LONGEST_HOW],
            requested_at=self._clock(),
        )

    async def look(self, number: int) -> Demo | None:
        """Return a demo as its row says it now; None when there is none of that number."""
        return await self._store.demos.get(number)

    async def ahead(self, demo: Demo) -> int:
        """Return how many demos are made before this one."""
        return await self._store.demos.queue_position(demo.id)

    async def marked(self, demo_id: str, guild_id: int | None) -> Demo:
        """Return the demo whose label says this id, made in this server (None: in any).

        Raises:
            DemoError: there is none.
        """
        demo = await self._store.demos.marked(demo_id.strip().lower())
        if demo is None or guild_id not in {None, demo.model.guild_id}:
            raise DemoError(NO_DEMO)
        return demo

    async def list(self, guild_id: int | None, limit: int) -> tuple[Demo, ...]:
        """Return the demos of a server (None: of all), the newest first."""
        return await self._store.demos.list(guild_id, limit)

    async def cancel(self, number: int) -> bool:
        """Take a demo back; False when it was over already. One that is being made is stopped within moments."""
        before = await self._store.demos.cancel(number, self._clock())
        if before is not None and before.status is CheckStatus.QUEUED:
            await self._discard(before.incoming_name)
        return before is not None

    async def left_open(self) -> tuple[Demo, ...]:
        """Return the demos whose end was not shown yet, over or not."""
        return await self._store.demos.unanswered(self._clock() - SHOWN_WITHIN)

    async def overdue(self, waited: timedelta) -> tuple[Demo, ...]:
        """Return the demos whose end nobody has shown for so long, and those that have no message for so long."""
        before = self._clock() - waited
        found = [demo for demo in await self.left_open() if demo.is_final or demo.answer_message_id is None]
        return tuple(demo for demo in found if (demo.finished_at or demo.requested_at) <= before)

    def is_late(self, demo: Demo) -> bool:
        """Return whether a demo is over for so long that its end is not tried to be shown any more."""
        return demo.finished_at is not None and self._clock() - demo.finished_at > TRIED_FOR

    def answering(self, number: int) -> AbstractAsyncContextManager[bool]:
        """Have the right to show the end of a demo, alone among all processes; see `requests.answering`."""
        return requests.answering(self._store, number, self._clock, rows=self._store.demos)

    async def answer_is(self, number: int, message_id: int) -> None:
        """Remember the message in which a demo is shown."""
        await self._store.demos.set_answer_message(number, message_id)

    async def logged(self, number: int, channel_id: int, message_id: int) -> None:
        """Remember the message in the moderation log."""
        await self._store.demos.set_log_message(number, channel_id, message_id)

    async def labelled(self, demo: Demo) -> LabelledFile:
        """Return the labelled video of a demo.

        Raises:
            DemoError: it is not kept any more, or is not the file that was labelled.
        """
        if demo.file_name is None or demo.provenance is None or demo.model.withdrawn_at is not None:
            raise DemoError(GONE)
        data = await asyncio.to_thread(self._folders.read, demo.file_name)
        if data is None:
            raise DemoError(GONE)
        if hashlib.sha256(data).hexdigest() != demo.file_sha256:
            raise DemoError(CHANGED)
        return LabelledFile(data, demo.provenance.demo_id, demo.provenance, _READ_BACK)

    async def refused(self, demo: Demo, error: DemoError) -> None:
        """Note that a finished demo could not be shown, and delete its file."""
        name = await self._store.demos.refuse(demo.id, error.code, str(error), self._clock())
        await self._discard(name)

    async def shown(self, demo: Demo, *, keep: bool) -> None:
        """Note that whoever asked was shown the end of a demo; its file goes unless it is kept as evidence."""
        await self._store.demos.mark_answered(demo.id, self._clock())
        if demo.file_name is not None and not keep:
            await self._store.demos.drop_file(demo.id)
            await self._discard(demo.file_name)

    async def delete(self, number: int, *, by: int) -> Demo | None:
        """Note that a moderator deleted a demo, and delete its file; None when that was done before."""
        demo = await self._store.demos.delete(number, by, self._clock())
        if demo is not None:
            await self._discard(demo.file_name)
        return demo

    async def message_gone(self, number: int) -> None:
        """Note that the message with a demo is not there any more."""
        await self._store.demos.set_deleted(number, self._clock())

    async def _discard(self, *names: str | None) -> None:
        await asyncio.to_thread(self._folders.discard, *names)


def _require_consent(model: SwapModel) -> None:
    if not all(model.swap.target_consent.allows(scope) for scope in NEEDED):
        raise DemoError(NO_CONSENT)


def require_bound(model: SwapModel) -> None:
    """Let no network be allowed or used of which it is not known what it was registered with.

    Raises:
        DemoError: it was registered with a face set before its pictures were noted.
    """
    if not model.is_bound:
        raise DemoError(NOT_BOUND)


def _spent_text(told: str, limit: int, until: datetime) -> str:
    """Return whose budget is spent, and when the next demo is possible: a time that Discord shows to each reader."""
    again = "" if until == NEVER else FREE_AGAIN.format(when=f"<t:{int(until.timestamp()) + 1}:R>")
    return f"{told.format(limit=limit)}{again}."
