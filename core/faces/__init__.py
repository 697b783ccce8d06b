"""Detect, track, landmarks, align, regions, pose."""
