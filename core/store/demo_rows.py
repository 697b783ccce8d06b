"""What the store takes and gives of face-swap demos: networks that servers may use, and what is made with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter, ValidationError

from core.errors import StoreError
from core.store.rows import Asker, CheckStatus
from core.types import Progress
from core.types.swap import Provenance, TrainedSwap


class Declaration(StrEnum):
    """What whoever asks for a demo declares of the person in the clip: it is they, or somebody who consented."""

    SELF = "self"
    CONSENTED = "consented"


@dataclass(frozen=True, slots=True)
class NewModel:
    """A trained network that one server is to be offered.

    `path` is where it lies on the machines that make demos; `source_path` a set of faces that the person in a clip
    must be like, None where nobody is compared; `source_sha256` is that set's (`FaceSet.sha256`).
    """

    guild_id: int
    name: str
    path: str
    swap: TrainedSwap
    source_path: str | None = None
    source_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SwapModel:
    """A registered network. It is used from `allowed_at` on, when an admin allowed it, until `withdrawn_at`.

    `source_sha256` says which pictures the set at `source_path` had; versions that did not note it left None.
    """

    id: int
    guild_id: int
    name: str
    path: str
    swap: TrainedSwap
    source_path: str | None
    registered_at: datetime
    allowed_at: datetime | None
    withdrawn_at: datetime | None
    source_sha256: str | None = None

    @property
    def is_bound(self) -> bool:
        """Whether all that it was registered with is known; where it is not, the model is to be registered again."""
        return self.source_path is None or self.source_sha256 is not None

    @property
    def is_usable(self) -> bool:
        """Whether demos may be made with it now."""
        return self.allowed_at is not None and self.withdrawn_at is None and self.is_bound


@dataclass(frozen=True, slots=True)
class NewDemo:
    """A wish for a demo: which clip, with which network, and what was declared of the person in it.

    `declared_how` says where the consent of somebody else can be found; `incoming_name` is the waiting clip.
    """

    model_id: int
    asker: Asker
    driver_name: str
    driver_sha256: str
    incoming_name: str
    declaration: Declaration
    declared_how: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """A finished demo: its marks, and its file among the waiting clips."""

    provenance: Provenance
    file_name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Demo:
    """A row of `demos`; `id` is its number, `demo_id` what its marks say once it is made. Times are in UTC.

    `file_name` is the labelled video among the waiting clips, None when it is not kept (any more). From `expired_at`
    on there is only what explains the video to whoever finds it later: its id, the network, when it was made.
    """

    id: int
    model: SwapModel
    status: CheckStatus
    asker: Asker
    driver_name: str
    driver_sha256: str | None
    incoming_name: str | None
    declaration: Declaration
    declared_how: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    worker: str | None
    progress: Progress | None
    error_code: str | None
    error_sentence: str | None
    demo_id: str | None
    provenance: Provenance | None
    file_name: str | None
    file_sha256: str | None
    size_bytes: int | None
    answer_message_id: int | None
    log_channel_id: int | None
    log_message_id: int | None
    deleted_at: datetime | None
    expired_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be made of it."""
        return self.status.is_final


@cache
def _swaps() -> TypeAdapter[TrainedSwap]:
    return TypeAdapter(TrainedSwap)


@cache
def _provenances() -> TypeAdapter[Provenance]:
    return TypeAdapter(Provenance)


def dump_swap(swap: TrainedSwap) -> str:
    """Return what a network was made of as one JSON object."""
    return _swaps().dump_json(swap).decode()


def load_swap(text: str) -> TrainedSwap:
    """Return what `dump_swap` wrote.

    Raises:
        StoreError: another version wrote it.
    """
    try:
        return _swaps().validate_json(text)
    except ValidationError as error:
        raise StoreError("What is stored about this network is from another version; register it again.") from error


def dump_provenance(provenance: Provenance) -> str:
    """Return where a demo came from as one JSON object."""
    return _provenances().dump_json(provenance).decode()


def load_provenance(text: str | None) -> Provenance | None:
    """Return what `dump_provenance` wrote; None stays None.

    Raises:
        StoreError: another version wrote it.
    """
    if text is None:
        return None
    try:
        return _provenances().validate_json(text)
    except ValidationError as error:
        raise StoreError("What is stored about this demo is from another version and cannot be read.") from error
