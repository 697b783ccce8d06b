"""The log: SQLAlchemy tables and the repositories in front of them."""

from core.store.audit import NewEntry
from core.store.bell import TASK as HANDED_OUT_AS
from core.store.case_rows import AuditEntry, Case, CaseFilter, CaseState, Dispute, FlagKind
from core.store.cases import Note
from core.store.counts import DayTally
from core.store.database import postgres_conninfo
from core.store.demo_rows import Declaration, Demo, Made, NewDemo, NewModel, SwapModel
from core.store.exports import ExportRow
from core.store.gauges import Counted, QueueNow
from core.store.looks import ClipLook
from core.store.migrate import migrate
from core.store.move import MovedTable, move
from core.store.people import ForgottenRows, PersonalRecord
from core.store.questions import OpenQuestion
from core.store.redact import redacted
from core.store.rows import (
    DEFAULT_QUEUE,
    INTERNAL,
    QUEUES,
    Asker,
    Check,
    CheckStatus,
    HistoryFilter,
    HistoryRow,
    NewCheck,
    Origin,
    ShownAt,
)
from core.store.serialise import UnreadableReportError
from core.store.store import Store, open_store
from core.store.swap_models import Withdrawal
from core.store.workers import GpuUse, WorkerSeen

__all__ = [
    "DEFAULT_QUEUE",
    "HANDED_OUT_AS",
    "INTERNAL",
    "QUEUES",
    "Asker",
    "AuditEntry",
    "Case",
    "CaseFilter",
    "CaseState",
    "Check",
    "CheckStatus",
    "ClipLook",
    "Counted",
    "DayTally",
    "Declaration",
    "Demo",
    "Dispute",
    "ExportRow",
    "FlagKind",
    "ForgottenRows",
    "GpuUse",
    "HistoryFilter",
    "HistoryRow",
    "Made",
    "MovedTable",
    "NewCheck",
    "NewDemo",
    "NewEntry",
    "NewModel",
    "Note",
    "OpenQuestion",
    "Origin",
    "PersonalRecord",
    "QueueNow",
    "ShownAt",
    "Store",
    "SwapModel",
    "UnreadableReportError",
    "Withdrawal",
    "WorkerSeen",
    "migrate",
    "move",
    "open_store",
    "postgres_conninfo",
    "redacted",
]
