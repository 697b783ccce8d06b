"""Taking one person's id out of free text and JSON."""

from __future__ import annotations

import re
from typing import Any

GONE = "…"


def redacted(value: Any, user_id: int) -> Any:
    """Return JSON in which every id of a user, as a number or a text, is None; longer texts lose it."""
    if isinstance(value, dict):
        return {redacted_text(key, user_id): redacted(inner, user_id) for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, user_id) for inner in value]
    if isinstance(value, str):
        return None if value == str(user_id) else redacted_text(value, user_id)
    return None if value == user_id and not isinstance(value, bool) else value


def redacted_text(text: str, user_id: int) -> str:
    """Return a text in which the id of a user, and a mention of them, is "…"; longer numbers stay."""
    return re.sub(rf"<@!?{user_id}>|(?<!\d){user_id}(?!\d)", GONE, text)
