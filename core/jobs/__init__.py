"""The queue and the workers that empty it."""
