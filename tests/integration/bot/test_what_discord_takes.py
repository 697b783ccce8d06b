"""The check that every other test here passes through: requests that Discord would refuse are found and told."""

from __future__ import annotations

from typing import Any

import pytest
import simcord
from discord.http import Route
from simcord.types import HttpLogEntry

from tests import openapi
from tests.integration.bot.scene import CLIP, Scene

BUTTON = {"type": 2, "style": 1, "label": "Details", "custom_id": "fp:details:1"}


@pytest.fixture
def api() -> openapi.DiscordApi:
    if not openapi.description_path().is_file():
        pytest.skip("Discord's description of its API is not on this machine")
    return openapi.load_api(openapi.description_path())


def request(method: str, path: str, body: Any = None, **query: Any) -> HttpLogEntry:
    return HttpLogEntry(method, path, query, body, None)


def reply(data: dict[str, Any]) -> HttpLogEntry:
    return request("POST", "/interactions/12/token/callback", {"type": 4, "data": data}, with_response=1)


@pytest.mark.parametrize(
    "taken",
    [
        request("POST", "/channels/12/messages", {"content": "no signs found", "components": []}),
        request("POST", "/channels/12/messages", {"message_reference": {"message_id": 13}}),
        request("GET", "/channels/12/messages", limit=100, after="7"),
        request("PATCH", "/webhooks/12/token/messages/@original", {"content": "here"}),
        reply({"content": "here", "flags": 64}),
    ],
    ids=["message", "id-as-number", "query", "original", "interaction"],
)
def test_what_discord_takes_is_no_fault(api: openapi.DiscordApi, taken: HttpLogEntry) -> None:
    assert api.faults(taken) == ()


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (request("POST", "/channels/12/messages", {"content": 5}), "body.content: 5 is not of type 'string', 'null'"),
        (request("POST", "/channels/12/messages", {"contents": "x"}), "('contents' was unexpected)"),
        (request("POST", "/channels/12/messages", {"content": "x" * 4001}), "body.content: 'xxx"),
        (request("POST", "/channels/12/messages", {"embeds": [{"title": "x" * 257}]}), "body.embeds[0].title: 'xxx"),
        (
            request("POST", "/channels/12/messages", {"components": [{"type": 1, "components": [BUTTON] * 6}]}),
            "body.components[0].components: ",
        ),
        (
            request(
                "POST", "/channels/12/messages", {"components": [{"type": 1, "components": [BUTTON | {"style": 9}]}]}
            ),
            "body.components[0].components[0].style: 9 is not valid",
        ),
        (request("POST", "/channels/12/messages"), "the body is missing"),
        (request("POST", "/channels/general/messages", {"content": "x"}), "path channel_id: 'general' does not match"),
        (request("GET", "/channels/12/messages", limit=101), "query limit: 101 is greater than the maximum of 100"),
        (request("GET", "/channels/12/messages", since=3), "it has no query parameter since"),
        (request("POST", "/channels/12/letters", {"content": "x"}), "Discord has no such route"),
        (request("DELETE", "/channels/12/messages/13", {"reason": "x"}), "it takes no body"),
        (
            reply({"content": "here", "ephemeral": True}),
            "body.data: Additional properties are not allowed ('ephemeral'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_discord_refuses_is_told_with_the_request_and_the_place(
    api: openapi.DiscordApi, refused: HttpLogEntry, why: str
) -> None:
    (fault,) = api.faults(refused)

    assert fault.startswith(f"{refused.method} {refused.path}: ")
    assert why in fault


async def test_the_requests_of_the_bot_are_seen(
    api: openapi.DiscordApi, simcord_env: simcord.Env, scene: Scene
) -> None:
    await scene.ask(CLIP)
    log = simcord_env.backend.http_requests
    assert {"POST", "PUT"} <= {entry.method for entry in log}
    assert not [fault for entry in log for fault in api.faults(entry)]

    wrong = Route("POST", "/channels/{channel_id}/messages", channel_id=scene.channel.id)
    await simcord_env.bot.http.request(wrong, json={"content": "here", "nonce": "n" * 26})

    assert [fault for entry in log for fault in api.faults(entry)]
    log.pop()  # or else this test would be failed by the check that it tests
