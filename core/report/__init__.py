"""Figures, page and JSON of a finished analysis."""
