"""What every page is handed, and how expected failures are told over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2
from aiohttp import web

from bot import words
from bot.desk import Desk
from core.errors import ClipError, ClipTooLargeError, FacepulseError, MediaStoreError

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class House:
    """The services, what a clip may be, and the templates."""

    desk: Desk
    max_duration_s: float
    templates: jinja2.Environment

    def page(self, template: str, status: int = 200, **values: object) -> web.Response:
        """Return a filled template."""
        text = self.templates.get_template(template).render(screening_aid=words.SCREENING_AID, **values)
        return web.Response(text=text, content_type="text/html", status=status)


HOUSE = web.AppKey("house", House)


def load_templates() -> jinja2.Environment:
    """Return the templates of the pages; everything put into them is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def status_of(error: FacepulseError) -> int:
    """Return the HTTP status of an expected failure: 413 too large, 400 the clip's fault, 500 ours, 503 it may pass."""
    if isinstance(error, ClipTooLargeError):
        return 413
    if isinstance(error, MediaStoreError):
        return 503
    return 400 if isinstance(error, ClipError) else 500
