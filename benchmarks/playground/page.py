"""The page: simcord's preview, with what it lacks added: files in messages, channels, Apps on messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from importlib import resources

import aiohttp
from aiohttp import web
from simcord.backend.errors import BackendError, SetupError

from benchmarks.playground.stage import Stage
from benchmarks.playground.world import BOT_NAME, File, sample_clip

MAX_BYTES = 64 << 20
OWN_FILES = {"playground.js": "text/javascript", "playground.css": "text/css"}
HEAD = (
    '<link rel="stylesheet" href="/playground/playground.css"><script src="/playground/playground.js"></script></head>'
)
HANDED_ON = ("X-Simcord-Capability", "X-Simcord-Context", "Content-Type")
HANDED_BACK = frozenset({"content-security-policy", "content-disposition", "cache-control", "referrer-policy"})
LOCAL = frozenset({"127.0.0.1", "localhost"})
STAGE = web.AppKey("stage", Stage)
SESSION = web.AppKey("session", aiohttp.ClientSession)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_page(stage: Stage) -> web.Application:
    """Return the page over an open stage, for 127.0.0.1 alone."""
    app = web.Application(client_max_size=MAX_BYTES, middlewares=[_only_here])
    app[STAGE] = stage
    app.cleanup_ctx.append(_session)
    app.add_routes(
        [
            web.get("/", _enter),
            web.get("/page", _page),
            web.get("/playground/about", _about),
            web.post("/playground/post", _post),
            web.post("/playground/sample", _sample),
            web.post("/playground/app", _use_app),
            web.post("/playground/place", _go),
            web.get("/playground/{name}", _own_file),
            web.get("/api/assets/{asset}", _asset),
            web.route("*", "/{path:.*}", _hand_on),
        ]
    )
    return app


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession() as app[SESSION]:
        yield


@web.middleware
async def _only_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer this machine's own browser alone; whoever acts must have the secret that the page was opened with."""
    if request.url.host not in LOCAL:
        raise web.HTTPForbidden
    acts = request.path.startswith("/playground/") and request.match_info.get("name") is None
    if acts and request.headers.get("X-Simcord-Capability") != request.app[STAGE].preview.capability:
        raise web.HTTPUnauthorized
    try:
        return await handler(request)
    except (LookupError, ValueError, SetupError, BackendError) as error:
        raise web.HTTPBadRequest(text=str(error)) from error


async def _enter(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"/page#{request.app[STAGE].preview.capability}")


async def _page(request: web.Request) -> web.Response:
    answer = await _fetched(request, "GET", "/")
    html = answer.text or ""
    answer.text = html.replace("</head>", HEAD, 1).replace("<title>SimCord Preview", f"<title>{BOT_NAME} playground", 1)
    return answer


async def _own_file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in OWN_FILES:
        raise web.HTTPNotFound
    text = resources.files("benchmarks.playground").joinpath("static", name).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=OWN_FILES[name], headers={"Cache-Control": "no-store"})


async def _about(request: web.Request) -> web.Response:
    stage = request.app[STAGE]
    bot = stage.env.bot.user
    places = [{"name": place.name, "label": place.label} for place in stage.world.places]
    return web.json_response(
        {
            "name": BOT_NAME,
            "mention": "" if bot is None else bot.mention,
            "place": stage.place.name,
            "places": places,
            "apps": stage.world.apps,
        }
    )


async def _post(request: web.Request) -> web.Response:
    form = await request.post()
    files = [(part.filename, part.file.read()) for part in form.getall("files") if isinstance(part, web.FileField)]
    return await _say(request, int(str(form["viewer"])), str(form["text"]), files)


async def _sample(request: web.Request) -> web.Response:
    body = await request.json()
    return await _say(request, int(body["viewer"]), body["text"], [await sample_clip()])


async def _say(request: web.Request, viewer: int, text: str, files: list[File]) -> web.Response:
    stage = request.app[STAGE]
    async with stage.lock:
        await stage.world.post(stage.place, stage.world.person(stage.place, viewer), text[:2000], files)
    await stage.refresh()
    return web.Response(status=204)


async def _use_app(request: web.Request) -> web.Response:
    stage, body = request.app[STAGE], await request.json()
    who = stage.world.person(stage.place, int(body["viewer"]))
    async with stage.lock:
        await stage.world.use_app(stage.place, who, str(body["app"]), int(body["message"]))
    await stage.refresh()
    return web.Response(status=204)


async def _go(request: web.Request) -> web.Response:
    stage, body = request.app[STAGE], await request.json()
    await stage.go(stage.world.place(str(body["place"])))
    return web.Response(status=204)


async def _hand_on(request: web.Request) -> web.Response:
    return await _fetched(request, request.method, request.raw_path)


async def _asset(request: web.Request) -> web.Response:
    """Return a file as it was posted: simcord would first film every clip anew, one after the other."""
    if "poster" in request.query:
        raise web.HTTPNotFound
    answer = await _fetched(request, "GET", f"{request.path}?download=1")
    answer.headers.popall("Content-Disposition", None)
    return answer


async def _fetched(request: web.Request, method: str, path: str) -> web.Response:
    """Return simcord's answer to a request. Its server knows only its own address, so the browser's is not told."""
    stage = request.app[STAGE]
    headers = {name: request.headers[name] for name in HANDED_ON if name in request.headers}
    address = stage.preview.url.partition("/#")[0]
    async with stage.lock if path == "/api/action" else nullcontext():
        asked = request.app[SESSION].request(method, address + path, data=await request.read(), headers=headers)
        async with asked as answer:
            body = await answer.read()
    kept = {k: v for k, v in answer.headers.items() if k.lower() in HANDED_BACK or k.lower().startswith("x-")}
    return web.Response(
        body=body, status=answer.status, content_type=answer.content_type, charset=answer.charset, headers=kept
    )
