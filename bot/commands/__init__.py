"""The subcommands of `facepulse`, one file each."""
