"""Discord's own description of its HTTP API (OpenAPI 3.1), to hold what the bot sends against.

The file, `specs/openapi.json` of github.com/discord/discord-api-spec, lies beside the project like the real clips:
`../shared/discord/openapi.json`, or where FACEPULSE_DISCORD_OPENAPI says.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from simcord.types import HttpLogEntry

DESCRIPTION = Path(__file__).resolve().parents[2] / "shared" / "discord" / "openapi.json"
HERE = "urn:discord"
METHODS = frozenset({"get", "put", "post", "patch", "delete"})
COMBINED = frozenset({"allOf", "anyOf", "oneOf"})

_BOOLEAN = {"type": "boolean"}
EXCEPTIONS: Mapping[tuple[str, ...], Mapping[str, Any]] = {
    # discord.py sends ids as numbers; Discord takes both.
    ("SnowflakeType",): {"type": ["string", "integer"]},
    # In Discord's written documentation, and sent by discord.py with every command, but not in the description.
    ("ApplicationCommandUpdateRequest", "properties"): {"nsfw": _BOOLEAN},
    # discord.py sends the flags of every embed, which Discord sets itself, and passes over.
    ("RichEmbed", "properties"): {"flags": {"const": 0}},
    # discord.py counts media channels (16, documented) among forums where an option takes a forum.
    ("ChannelTypes",): {"oneOf": [{"enum": [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16]}]},
    # discord.py sends `tts` with edits too, where it says nothing.
    ("MessageEditRequestPartial", "properties"): {"tts": {"const": False}},
    ("IncomingWebhookUpdateRequestPartial", "properties"): {"tts": {"const": False}},
    ("IncomingWebhookUpdateForInteractionCallbackRequestPartial", "properties"): {"tts": {"const": False}},
}
"""What discord.py sends and Discord takes although the description does not say so: place in the schemas, addition."""


def description_path() -> Path:
    """Return where the description is looked for."""
    return Path(os.environ.get("FACEPULSE_DISCORD_OPENAPI", DESCRIPTION))


@cache
def load_api(path: Path) -> DiscordApi:
    """Return the description, read once a process."""
    return DiscordApi(json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `pointer` is the place in the description."""

    pattern: re.Pattern[str]
    literals: int
    pointer: tuple[str, ...]
    parameters: tuple[tuple[str, str, bool, tuple[str, ...]], ...]
    """Of each: where ("path", "query"), name, whether it must be there, the place of its schema."""
    body: tuple[str, ...] | None
    body_required: bool


class DiscordApi:
    """What Discord takes. Stricter than the description alone: a field that it does not name is a fault."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        closed = copy.deepcopy(dict(description))
        _close(closed)
        for place, addition in EXCEPTIONS.items():
            _at(closed["components"]["schemas"], place).update(addition)
        self._description = closed
        self._registry = Registry().with_resource(HERE, Resource(closed, DRAFT202012))
        self._operations: dict[str, list[Operation]] = {}
        for template, methods in closed["paths"].items():
            for method in METHODS & methods.keys():
                self._operations.setdefault(method.upper(), []).append(_operation(closed, template, method))
        self._judged: dict[tuple[str, ...], tuple[str, ...]] = {}

    def faults(self, entry: HttpLogEntry) -> tuple[str, ...]:
        """Return what Discord would not take of a request, each fault with the request; empty when all is well."""
        key = (entry.method, entry.path, _text(entry.params), _text(entry.json))
        if key not in self._judged:
            self._judged[key] = tuple(f"{entry.method} {entry.path}: {fault}" for fault in self._judge(entry))
        return self._judged[key]

    def _judge(self, entry: HttpLogEntry) -> Iterator[str]:
        operation, values = self._find(entry.method, entry.path)
        if operation is None:
            yield "Discord has no such route"
            return
        yield from self._judge_parameters(operation, {"path": values, "query": entry.params or {}})
        if entry.json is None:
            if operation.body is not None and operation.body_required:
                yield "the body is missing"
        elif operation.body is None:
            yield "it takes no body"
        else:
            yield from self._judge_value(entry.json, operation.body, "body")

    def _find(self, method: str, path: str) -> tuple[Operation | None, dict[str, Any]]:
        fitting = [(one, match) for one in self._operations.get(method, ()) if (match := one.pattern.fullmatch(path))]
        if not fitting:
            return None, {}
        # The most literal path counts: "/messages/@original" before "/messages/{message_id}".
        operation, match = max(fitting, key=lambda pair: pair[0].literals)
        names = [name for where, name, _, _ in operation.parameters if where == "path"]
        return operation, {name: match.groupdict().get(name) for name in names}

    def _judge_parameters(self, operation: Operation, given: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        known = {name for where, name, _, _ in operation.parameters if where == "query"}
        for name in given["query"].keys() - known:
            yield f"it has no query parameter {name}"
        for where, name, required, place in operation.parameters:
            if where in given and given[where].get(name) is not None:
                value = given[where][name]
                if where == "query":
                    value = _query(value, _at(self._description, place))
                yield from self._judge_value(value, place, f"{where} {name}")
            elif required and where in given:
                yield f"the {where} parameter {name} is missing"

    def _judge_value(self, value: Any, place: tuple[str, ...], what: str) -> Iterator[str]:
        schema = {"$ref": f"{HERE}#{_pointer(place)}"}
        errors = list(Draft202012Validator(schema, registry=self._registry).iter_errors(value))
        if errors:
            error = _deepest(max(errors, key=relevance))
            yield f"{what}{_where(error)}: {error.message[:300]}"


def _operation(description: Mapping[str, Any], template: str, method: str) -> Operation:
    place = ("paths", template)
    parameters = []
    for level in (place, (*place, method)):
        for index, one in enumerate(_at(description, level).get("parameters", ())):
            schema = (*level, "parameters", str(index), "schema")
            parameters.append((one["in"], one["name"], one.get("required", False), schema))
    request = description["paths"][template][method].get("requestBody")
    kinds = () if request is None else tuple(request["content"])
    kind = "application/json" if "application/json" in kinds else next(iter(kinds), None)
    return Operation(
        pattern=re.compile("".join(_segment(part) for part in re.split(r"(\{\w+\})", template))),
        literals=sum(not part.startswith("{") for part in template.split("/")),
        pointer=(*place, method),
        parameters=tuple(parameters),
        body=None if kind is None else (*place, method, "requestBody", "content", kind, "schema"),
        body_required=request is not None and request.get("required", False),
    )


def _segment(part: str) -> str:
    return f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)


def _close(schema: Any) -> None:
    """Let objects that name their fields have no others, where nothing is combined with them."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("properties"), dict) and not COMBINED & schema.keys():
        schema.setdefault("additionalProperties", False)
    for key, value in schema.items():
        if key != "allOf":  # its parts describe one object together
            _close(value)


def _at(description: Any, place: tuple[str, ...]) -> Any:
    for step in place:
        description = description[int(step) if isinstance(description, list) else step]
    return description


def _pointer(place: tuple[str, ...]) -> str:
    escaped = (step.replace("~", "~0").replace("/", "~1") for step in place)
    return "".join(f"/{step.replace('{', '%7B').replace('}', '%7D').replace('@', '%40')}" for step in escaped)


def _deepest(error: ValidationError) -> ValidationError:
    """Return what is wrong in the kind of thing that was meant, where an error says only that no kind fits."""
    kinds: dict[Any, list[ValidationError]] = {}
    for one in error.context or ():
        kinds.setdefault(one.schema_path[0], []).append(one)
    meant = [errors for errors in kinds.values() if not any(_is_other_kind(one, error) for one in errors)]
    if len(meant) != 1:
        return error
    return _deepest(max(meant[0], key=relevance))


def _is_other_kind(error: ValidationError, of: ValidationError) -> bool:
    """Whether it says that this is another kind of thing: another number as its `type`, or another JSON type."""
    inside = list(error.absolute_path)[len(of.absolute_path) :]
    return inside == ["type"] or (not inside and error.validator == "type")


def _where(error: ValidationError) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)


def _query(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a query value as its schema has it: on the way, numbers and truth values are text (or 0 and 1)."""
    text = str(value).lower()
    if schema.get("type") == "boolean" and text in {"0", "1", "true", "false"}:
        return text in {"1", "true"}
    return int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text) else value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
