"""What stands in for Discord: an HTTP and a gateway server that outlive the bot, and remember all that was shown.

The bot's discord.py speaks to it over real sockets. It knows what a mention with a clip needs: log-in, gateway,
messages, edits, history, direct messages, attachments. As Discord does, it takes two messages of one author with the
same enforced nonce for one, for some minutes. Every answer takes a random moment before and after it takes effect, so
that a bot can die between an effect and hearing of it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import discord
from aiohttp import WSMsgType, web

ME, GUILD, SHY_GUILD, CHANNEL, SHY_CHANNEL = 9001, 501, 502, 601, 602
"""The bot; a server with public answers and one with private answers; the channel in which each asks."""
NONCE_S = 180.0
LAG_S = 0.12
"""Longest pause before, and after, a request takes effect."""
BOT_USER = {
    "id": str(ME), "username": "facepulse", "discriminator": "0", "global_name": None, "avatar": None, "bot": True
}  # fmt: skip


@dataclass(slots=True)
class Post:
    """A message at Discord. `shown` are its states, oldest first: text, and ids of its buttons."""

    id: int
    channel_id: int
    author_id: int
    reply_to: int | None
    payload: dict[str, Any]
    shown: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands there now."""
        return self.shown[-1][0]

    @property
    def buttons(self) -> tuple[str, ...]:
        """The ids of the buttons under it now."""
        return self.shown[-1][1]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a member posted: its message, who asked, the clip's name, and whether the answer is private."""

    message_id: int
    user_id: int
    filename: str
    private: bool


class DiscordSide:
    """A Discord with two servers; an async context manager that serves while the block lasts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = itertools.count()
        self._users = itertools.count(100_000)
        self._nonces: dict[tuple[int, str], tuple[float, int]] = {}
        self._sessions: dict[web.WebSocketResponse, Iterator[int]] = {}
        self._files: dict[str, bytes] = {}
        self._posts: dict[int, Post] = {}
        self._channels: dict[int, list[int]] = defaultdict(list)
        self._sending: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self.address = ""
        self.joined = 0
        """How often a bot has joined."""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 << 20)
        api = "/api/v10"
        app.add_routes([
            web.get("/", self._gateway),
            web.get("/cdn/{name:.*}", self._file),
            web.get(f"{api}/users/@me", self._me),
            web.get(f"{api}/oauth2/applications/@me", self._application),
            web.get(f"{api}/applications/@me", self._application),
            web.put(f"{api}/applications/{{app}}/commands", self._commands),
            web.post(f"{api}/users/@me/channels", self._open_dm),
            web.post(f"{api}/channels/{{channel}}/typing", self._typing),
            web.get(f"{api}/channels/{{channel}}/messages", self._history),
            web.post(f"{api}/channels/{{channel}}/messages", self._create),
            web.get(f"{api}/channels/{{channel}}/messages/{{message}}", self._get),
            web.patch(f"{api}/channels/{{channel}}/messages/{{message}}", self._edit),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in list(self._sessions):
            with suppress(Exception):
                await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def sessions(self) -> int:
        """How many bots are joined now."""
        return len(self._sessions)

    def ask(self, filename: str, data: bytes, *, private: bool = False) -> Asked:
        """Have a new member post a clip that mentions the bot."""
        user, channel, number = next(self._users), SHY_CHANNEL if private else CHANNEL, self._snowflake()
        path = f"{number}/{filename}"
        self._files[path] = data
        attachment = {
            "id": str(self._snowflake()), "filename": filename, "size": len(data), "content_type": "video/mp4",
            "url": f"http://{self.address}/cdn/{path}", "proxy_url": f"http://{self.address}/cdn/{path}",
        }  # fmt: skip
        content = f"<@{ME}> is this real?"
        self._post(
            number, channel, user, None, {"content": content, "attachments": [attachment], "mentions": [BOT_USER]}
        )
        return Asked(number, user, filename, private)

    def shown_to(self, asked: Asked) -> list[Post]:
        """Return what the bot posted about a question: replies to it, and direct messages to who asked."""
        replies = [post for post in self._posts.values() if post.reply_to == asked.message_id]
        return [*replies, *(self._posts[number] for number in self._channels[_dm_of(asked.user_id)])]

    def _snowflake(self) -> int:
        return discord.utils.time_snowflake(datetime.now(UTC)) + next(self._numbers) % (1 << 22)

    def _post(self, number: int, channel: int, author: int, reply_to: int | None, body: dict[str, Any]) -> Post:
        post = Post(number, channel, author, reply_to, {})
        self._posts[number] = post
        self._channels[channel].append(number)
        self._change(post, body)
        self._tell("MESSAGE_CREATE", self._event(post))
        return post

    def _change(self, post: Post, body: dict[str, Any]) -> None:
        post.payload |= {name: body[name] for name in ("content", "embeds", "components", "mentions") if name in body}
        if "attachments" in body and post.author_id != ME:
            post.payload["attachments"] = body["attachments"]
        buttons = [
            child.get("custom_id", "") for row in post.payload.get("components") or [] for child in row["components"]
        ]
        post.shown.append((post.payload.get("content") or "", tuple(buttons)))

    def _event(self, post: Post) -> dict[str, Any]:
        guild = _guild_of(post.channel_id)
        return self._message(post) | ({} if guild is None else {"guild_id": str(guild), "member": _member()})

    def _message(self, post: Post) -> dict[str, Any]:
        reply: dict[str, Any] = {}
        if post.reply_to is not None:
            guild = _guild_of(post.channel_id)
            place = {"message_id": str(post.reply_to), "channel_id": str(post.channel_id)}
            reply["message_reference"] = place if guild is None else place | {"guild_id": str(guild)}
        return {
            "id": str(post.id), "channel_id": str(post.channel_id), "type": 0 if post.reply_to is None else 19,
            "author": BOT_USER if post.author_id == ME else _user(post.author_id),
            "timestamp": discord.utils.snowflake_time(post.id).isoformat(), "edited_timestamp": None, "tts": False,
            "mention_everyone": False, "mention_roles": [], "mentions": [], "pinned": False, "flags": 0,
            "content": "", "embeds": [], "attachments": [], "components": [], **post.payload, **reply,
        }  # fmt: skip

    def _tell(self, event: str, data: dict[str, Any]) -> None:
        for socket, numbers in list(self._sessions.items()):
            packet = {"op": 0, "t": event, "s": next(numbers), "d": data}
            task = asyncio.create_task(_send(socket, packet, self._random.uniform(0, LAG_S)))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _lag(self) -> None:
        await asyncio.sleep(self._random.uniform(0, LAG_S))

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}})
        try:
            async for packet in socket:
                if packet.type is not WSMsgType.TEXT:
                    continue
                op = json.loads(packet.data)["op"]
                if op == 1:
                    await socket.send_json({"op": 11})
                elif op == 2:
                    await self._welcome(socket)
                elif op == 6:  # sessions are not kept: it joins anew
                    await socket.send_json({"op": 9, "d": False})
        finally:
            self._sessions.pop(socket, None)
        return socket

    async def _welcome(self, socket: web.WebSocketResponse) -> None:
        numbers = itertools.count(1)
        ready = {
            "v": 10, "user": BOT_USER, "session_id": str(self._snowflake()), "application": {"id": str(ME), "flags": 0},
            "resume_gateway_url": f"ws://{self.address}/",
            "guilds": [{"id": str(guild), "unavailable": True} for guild in (GUILD, SHY_GUILD)],
        }  # fmt: skip
        await socket.send_json({"op": 0, "t": "READY", "s": next(numbers), "d": ready})
        for guild, channel in ((GUILD, CHANNEL), (SHY_GUILD, SHY_CHANNEL)):
            posts = self._channels[channel]
            data = _guild(guild, channel, posts[-1] if posts else None)
            await socket.send_json({"op": 0, "t": "GUILD_CREATE", "s": next(numbers), "d": data})
        self._sessions[socket] = numbers
        self.joined += 1

    async def _me(self, _: web.Request) -> web.Response:
        return _json(BOT_USER)

    async def _application(self, _: web.Request) -> web.Response:
        return _json({
            "id": str(ME), "name": "facepulse", "icon": None, "description": "", "bot_public": True, "flags": 0,
            "bot_require_code_grant": False, "verify_key": "", "owner": _user(1), "team": None, "rpc_origins": None,
        })  # fmt: skip

    async def _commands(self, request: web.Request) -> web.Response:
        known = {"application_id": str(ME), "version": "1", "default_member_permissions": None, "description": ""}
        commands = await request.json()
        return _json([known | command | {"id": str(self._snowflake())} for command in commands])

    async def _file(self, request: web.Request) -> web.Response:
        await self._lag()
        return web.Response(body=self._files[request.match_info["name"]])

    async def _open_dm(self, request: web.Request) -> web.Response:
        await self._lag()
        user = int((await request.json())["recipient_id"])
        return _json({"id": str(_dm_of(user)), "type": 1, "recipients": [_user(user)]})

    async def _typing(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _create(self, request: web.Request) -> web.Response:
        channel, body = int(request.match_info["channel"]), await _body(request)
        await self._lag()
        post = self._repeated(channel, body)
        if post is None:
            reference = body.get("message_reference") or {}
            reply_to = int(reference["message_id"]) if reference else None
            post = self._post(self._snowflake(), channel, ME, reply_to, body)
            if body.get("enforce_nonce"):
                self._nonces[channel, str(body["nonce"])] = time.monotonic(), post.id
        answer = self._message(post)
        await self._lag()
        return _json(answer)

    def _repeated(self, channel: int, body: dict[str, Any]) -> Post | None:
        at_s, number = self._nonces.get((channel, str(body.get("nonce"))), (0.0, 0))
        fresh = body.get("enforce_nonce") and number and time.monotonic() - at_s < NONCE_S
        return self._posts[number] if fresh else None

    async def _edit(self, request: web.Request) -> web.Response:
        post, body = self._posts.get(int(request.match_info["message"])), await _body(request)
        if post is None or post.channel_id != int(request.match_info["channel"]):
            return _json({"code": 10008, "message": "Unknown Message"}, status=404)
        await self._lag()
        self._change(post, body)
        self._tell("MESSAGE_UPDATE", self._event(post))
        answer = self._message(post)
        await self._lag()
        return _json(answer)

    async def _get(self, request: web.Request) -> web.Response:
        post = self._posts.get(int(request.match_info["message"]))
        if post is None or post.channel_id != int(request.match_info["channel"]):
            return _json({"code": 10008, "message": "Unknown Message"}, status=404)
        return _json(self._message(post))

    async def _history(self, request: web.Request) -> web.Response:
        await self._lag()
        found = sorted(self._channels[int(request.match_info["channel"])])
        limit, after, before = (
            int(request.query.get("limit", 50)),
            request.query.get("after"),
            request.query.get("before"),
        )
        if after is not None:
            found = [number for number in found if number > int(after)][:limit]
        else:
            found = [number for number in found if before is None or number < int(before)][-limit:]
        return _json([self._message(self._posts[number]) for number in reversed(found)])


async def _send(socket: web.WebSocketResponse, packet: dict[str, Any], lag_s: float) -> None:
    await asyncio.sleep(lag_s)
    with suppress(ConnectionError, RuntimeError):
        await socket.send_json(packet)


def _json(data: object, status: int = 200) -> web.Response:
    # As Discord writes the type, without a charset: discord.py compares it whole.
    return web.Response(body=json.dumps(data).encode(), status=status, content_type="application/json")


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        body: dict[str, Any] = await request.json()
        return body
    form = await request.post()
    packed: dict[str, Any] = json.loads(str(form["payload_json"]))
    return packed


def _user(number: int) -> dict[str, Any]:
    name = f"member-{number}"
    return {"id": str(number), "username": name, "discriminator": "0", "global_name": None, "avatar": None}


def _member() -> dict[str, Any]:
    return {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}


def _dm_of(user: int) -> int:
    return 10_000_000 + user


def _guild_of(channel: int) -> int | None:
    return {CHANNEL: GUILD, SHY_CHANNEL: SHY_GUILD}.get(channel)


def _guild(number: int, channel: int, last_message: int | None) -> dict[str, Any]:
    everything = str(discord.Permissions.all().value)
    role = {
        "id": str(number), "name": "@everyone", "permissions": everything, "position": 0, "color": 0, "flags": 0,
        "hoist": False, "managed": False, "mentionable": False,
    }  # fmt: skip
    text = {
        "id": str(channel), "type": 0, "name": "clips", "position": 0, "permission_overwrites": [], "nsfw": False,
        "parent_id": None, "last_message_id": None if last_message is None else str(last_message),
    }  # fmt: skip
    return {
        "id": str(number), "name": "server", "owner_id": "1", "roles": [role], "channels": [text], "threads": [],
        "members": [_member() | {"user": BOT_USER}], "member_count": 2, "large": False, "emojis": [], "stickers": [],
        "features": [], "voice_states": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [],
        "joined_at": "2026-01-01T00:00:00+00:00", "premium_tier": 0, "verification_level": 0, "mfa_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0, "nsfw_level": 0, "preferred_locale": "en-US",
        "system_channel_flags": 0, "afk_timeout": 300, "premium_progress_bar_enabled": False, "unavailable": False,
    }  # fmt: skip
