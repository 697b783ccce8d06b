"""Provenance: what the file itself declares about how it was made."""
