"""Detect, track, landmarks, align, regions, pose."""

from core.faces.models import FaceModels, load_face_models
from core.faces.track import FaceTracker

__all__ = ["FaceModels", "FaceTracker", "load_face_models"]
