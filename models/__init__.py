"""Torch networks, their weights and how they are trained. Imports neither core nor bot."""
