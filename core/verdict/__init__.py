"""From evidence to an answer: calibrate, fuse, abstain."""

from core.verdict.conclude import conclude
from core.verdict.fuse import Calibration

__all__ = ["Calibration", "conclude"]
