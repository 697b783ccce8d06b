"""The engine: a clip in, a report out. Knows neither Discord nor HTTP."""
