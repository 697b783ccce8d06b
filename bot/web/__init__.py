"""The local page and its JSON interface, on aiohttp."""
