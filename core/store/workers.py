"""The workers that live: each says now and then that it does, and what its graphics processor is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Float, String, Table, delete, insert, select, update

from core.store.database import Database
from core.store.tables import METADATA, UtcDateTime

WORKERS = Table(
    "workers",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("host", String(200), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("gpu_busy", Float),
    Column("gpu_used_bytes", BigInteger),
    Column("gpu_total_bytes", BigInteger),
)


@dataclass(frozen=True, slots=True)
class GpuUse:
    """How busy a graphics processor is (0 to 1), and how much of its memory is used."""

    busy: float
    used_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker and when it last said that it lives; `gpu` is None where the machine has none."""

    name: str
    host: str
    seen_at: datetime
    gpu: GpuUse | None = None


class WorkerRepository:
    """The rows of `workers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, worker: WorkerSeen) -> None:
        """Write that a worker lives; its row is made with the first beat."""
        gpu = worker.gpu
        values = {
            "host": worker.host,
            "seen_at": worker.seen_at,
            "gpu_busy": gpu and gpu.busy,
            "gpu_used_bytes": gpu and gpu.used_bytes,
            "gpu_total_bytes": gpu and gpu.total_bytes,
        }
        async with self._database.writing() as connection:
            known = await connection.execute(update(WORKERS).where(WORKERS.c.name == worker.name).values(values))
            if not known.rowcount:
                await connection.execute(insert(WORKERS).values(name=worker.name, **values))

    async def leave(self, name: str) -> None:
        """Forget a worker that ended in order."""
        async with self._database.writing() as connection:
            await connection.execute(delete(WORKERS).where(WORKERS.c.name == name))

    async def forget_silent(self, before: datetime) -> None:
        """Forget the workers that were last seen before then: they died."""
        async with self._database.writing() as connection:
            await connection.execute(delete(WORKERS).where(WORKERS.c.seen_at < before))

    async def seen(self, since: datetime) -> tuple[WorkerSeen, ...]:
        """Return the workers that said since then that they live, by name."""
        wanted = select(WORKERS).where(WORKERS.c.seen_at >= since).order_by(WORKERS.c.name)
        async with self._database.reading() as connection:
            return tuple(
                WorkerSeen(
                    row.name,
                    row.host,
                    row.seen_at,
                    None
                    if row.gpu_busy is None
                    else GpuUse(row.gpu_busy, row.gpu_used_bytes or 0, row.gpu_total_bytes or 0),
                )
                for row in await connection.execute(wanted)
            )
