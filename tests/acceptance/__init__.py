"""The program as its user starts it."""
