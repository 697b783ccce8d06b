"""`facepulse`: the command line. One file a command under bot/commands/, loaded when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from bot.lazy import LazyGroup, Table
from core.errors import SettingsError

COMMANDS: Table = {
    "check": ("bot.commands.check", "Check video clips for signs of manipulation."),
    "pulse": ("bot.commands.pulse", "Read the pulse of the most prominent face in a clip."),
    "history": ("bot.commands.history", "List and filter the checks that were made."),
    "jobs": ("bot.commands.jobs", "See what waits, try again what was given up, take checks back."),
    "db": ("bot.commands.db", "Move the log to another database."),
    "models": ("bot.commands.models", "List or fetch the weights of the networks."),
    "train": ("bot.commands.train", "Train a network on clips that are on this machine."),
    "faces": ("bot.commands.faces", "Make sets of faces to train swaps on, with consent."),
    "swap": ("bot.commands.swap", "Train face swaps and make labelled demos of them."),
    "evaluate": ("bot.commands.evaluate", "Measure how well labelled real and fake clips are told apart."),
    "doctor": ("bot.commands.doctor", "Say how the decoding of clips is walled in on this machine."),
    "worker": ("bot.commands.worker", "Answer checks on this machine, for a service on another."),
    "run": ("bot.commands.run", "Start the service: local page, workers and, with a token, Discord."),
}
"""Name -> module, in which the command has that name too, and the line for the help."""

FAILED, WRONG_CALL, STOPPED = 1, 2, 130


def _about() -> None:
    """Facepulse: does a clip show signs of being a deepfake, and on what evidence?

    A screening aid: it says what was measured, and proves nothing.
    """


facepulse = click.version_option(package_name="facepulse", prog_name="facepulse", message="%(prog)s %(version)s")(
    LazyGroup("facepulse", table=COMMANDS, callback=_about)
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this process and exit with its status."""
    _fill_closed_descriptors()
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def _fill_closed_descriptors() -> None:
    """Put nothing where a standard stream was closed: else the database could be what libraries write notes to."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            if number == 2:
                sys.stderr = open(number, "w", closefd=False, encoding="utf-8")  # noqa: SIM115 - for this process's life


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; every failure is one sentence on standard error."""
    try:
        status = facepulse.main(list(arguments), prog_name="facepulse", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return STOPPED
    except BrokenPipeError:  # whoever read the answers has read enough
        return FAILED
    except Exception as error:
        from bot.terminal import say_error  # noqa: PLC0415  (loads numpy)

        say_error(error)
        return WRONG_CALL if isinstance(error, SettingsError) else FAILED
    return status if isinstance(status, int) else 0
