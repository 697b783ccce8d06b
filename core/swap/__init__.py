"""Labelled face-swap demos: face sets, masks, merge, label."""
