"""Discord commands, one file an audience."""
