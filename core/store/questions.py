"""Questions of which a sign of life was given and that are not in the log yet: what a restart must go on with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from core.store.database import Database, insert_missing
from core.store.tables import OPEN_QUESTIONS


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A message that asks something, by Discord's numbers, and when that was begun."""

    message_id: int
    channel_id: int
    asked_at: datetime


class QuestionRepository:
    """The rows of `open_questions`: each is there for the seconds between a sign of life and the check's own row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, question: OpenQuestion) -> None:
        """Remember a question before anything is answered; one that is remembered already stays as it is.

        Raises:
            StoreError: the log cannot be written.
        """
        values = {
            "message_id": question.message_id, "channel_id": question.channel_id, "asked_at": question.asked_at
        }  # fmt: skip
        async with self._database.writing() as connection:
            await connection.execute(insert_missing(connection, OPEN_QUESTIONS).values(values))

    async def end(self, message_id: int) -> None:
        """Forget a question: all that it asked for is in the log, or was refused in words.

        Raises:
            StoreError: the log cannot be written.
        """
        async with self._database.writing() as connection:
            await connection.execute(delete(OPEN_QUESTIONS).where(OPEN_QUESTIONS.c.message_id == message_id))

    async def begun(self, since: datetime) -> tuple[OpenQuestion, ...]:
        """Return the questions begun `since` then, oldest first; older ones are forgotten.

        Raises:
            StoreError: the log cannot be read or written.
        """
        async with self._database.writing() as connection:
            await connection.execute(delete(OPEN_QUESTIONS).where(OPEN_QUESTIONS.c.asked_at < since))
            rows = await connection.execute(select(OPEN_QUESTIONS).order_by(OPEN_QUESTIONS.c.message_id))
            return tuple(OpenQuestion(row.message_id, row.channel_id, row.asked_at) for row in rows)
