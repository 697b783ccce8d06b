"""The real bot in a browser, without a token: simcord stands in for Discord, a local worker analyses clips."""
