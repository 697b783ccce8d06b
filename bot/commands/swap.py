"""`facepulse swap`: train a face swap and make labelled demos of it. One file a command."""

from __future__ import annotations

from bot.lazy import LazyGroup, Table

COMMANDS: Table = {
    "train": ("bot.commands.swap_train", "Train a swap on two face sets, or go on with one."),
    "export": ("bot.commands.swap_export", "Write a trained swap as a file that DeepFaceLive reads."),
    "adopt": ("bot.commands.swap_adopt", "Record the consent for a swap that was trained elsewhere."),
    "mask": ("bot.commands.swap_mask", "Keep hands, hair and glasses in front: label, train, apply."),
    "make": ("bot.commands.swap_make", "Swap a face in a clip; the video carries its label, or there is none."),
    "live": ("bot.commands.swap_live", "Swap the face in front of a camera, labelled, as it is filmed."),
    "register": ("bot.commands.swap_register", "Offer a trained swap to a Discord server."),
    "unregister": ("bot.commands.swap_register", "End the use of a model in a Discord server at once."),
    "registered": ("bot.commands.swap_register", "List the models that Discord servers may use or were offered."),
    "log": ("bot.commands.swap_log", "List the demos that were made here or asked for in Discord."),
}


def _about() -> None:
    """Train face swaps on sets of faces with consent, and make demos that carry their label.

    The source is the person who was filmed, the target the person whose face is shown.
    """


swap = LazyGroup("swap", table=COMMANDS, callback=_about)
