"""Training loops, one file a network."""
