"""A command group whose commands' modules are loaded when they are called: help and completion wait for none."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import click

Table = dict[str, tuple[str, str]]
"""Name of a command -> `module` or `module:attribute` (by default the name), and its line in the help."""


class LazyGroup(click.Group):
    """A group over a table; a command's module is imported when the command is asked for."""

    def __init__(self, name: str | None = None, *, table: Table, callback: Callable[..., object] | None = None) -> None:
        super().__init__(name, callback=callback, help=callback.__doc__ if callback else None)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, its module loaded now."""
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute or cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        if self._table:
            with formatter.section("Commands"):
                formatter.write_dl([(name, line) for name, (_, line) in self._table.items()])
