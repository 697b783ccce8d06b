"""Probe, decode and encode: untrusted bytes in, pictures with their real times out."""
