"""From colour over time to pulse: traces, methods, filters, spectra, quality, maps."""

from core.signals.methods import METHODS, PulseMethod
from core.signals.ppg_map import PpgSegments, ppg_map, ppg_segments
from core.signals.pulse import pulse_signal, read_pulse
from core.signals.resample import EvenTrace, even_trace
from core.signals.traces import RegionMasks, TraceRecorder

__all__ = [
    "METHODS",
    "EvenTrace",
    "PpgSegments",
    "PulseMethod",
    "RegionMasks",
    "TraceRecorder",
    "even_trace",
    "ppg_map",
    "ppg_segments",
    "pulse_signal",
    "read_pulse",
]
