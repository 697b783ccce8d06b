"""Pulse: how strongly and how coherently blood flows through the face."""
