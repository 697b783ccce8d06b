"""The sub-commands of `/settings`, one module for those that are about one thing; `bot.cogs.settings` joins them."""
