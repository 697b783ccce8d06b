"""Killing parts of the running service, and looking whether anything was lost: `make chaos`."""
