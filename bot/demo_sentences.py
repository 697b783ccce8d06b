"""What the engine says of face-swap demos, as templates for the catalogs; see `bot.sentences`."""

from __future__ import annotations

from bot.catalogs import N_

DEMO_ERRORS = (
    N_("Demos are off in this server; an admin can switch them on with `/settings demos`"),
    N_("Demos need a mod-log channel, in which people look at each of them: `/settings channels mod-log:`"),
    N_("There is no such model in this server; `/demo models` lists them"),
    N_("No admin of this server has allowed this model yet: `/demo allow`"),
    N_("The person shown by this model did not consent to demos in Discord, so there are none"),
    N_("This model was allowed or withdrawn already"),
    N_("A demo of yours is being made; ask for the next one when it is there"),
    N_("No demo is left for you now: each member's budget in this server is {limit} in 24 hours"),
    N_("No demo is left for this server now: its budget is {limit} in 24 hours"),
    N_(
        "No demo is left for you now: each member's budget in this server is {limit} in 24 hours; "
        "the next one is possible {when}"
    ),
    N_("No demo is left for this server now: its budget is {limit} in 24 hours; the next one is possible {when}"),
    N_("Say in `how` where the person's consent can be found, for example in which message they gave it"),
    N_("The file of this demo is not kept any more"),
    N_("The file of this demo is not the one that was labelled, so it is not shown"),
    N_("There is no such demo in this server"),
    N_("The clip is no longer here; please ask for the demo again"),
    N_("The model is not the one that was registered and allowed; register it again"),
    N_("The model is not on the machine any more; register it again"),
    N_("The source face set is not the one that was registered with this model; register the model again"),
    N_("Nothing says which pictures the source face set of this model had; register the model again"),
    N_("Making this demo stopped three times without a result, so it was given up"),
    N_("Nobody made this demo within an hour: no worker that has its model is free"),
    N_("Something went wrong inside Facepulse while it made this demo; the log has the details"),
    N_("A video without its label is not kept"),
    N_("The demo was changed after its label was read back, so it is not shown"),
    N_("This server has a model called {name} already; unregister it first"),
    N_("What is stored about this network is from another version; register it again"),
    N_("What is stored about this demo is from another version and cannot be read"),
    N_("The demo was not shown: it cannot be told in the mod-log channel, where people look at it first"),
    N_("The demo is larger than Discord lets me send here; try a shorter clip"),
    N_("Discord did not take the demo; please ask for it again"),
    N_("This demo is lost; please ask for it again"),
    N_("The model cannot be used on this machine; whoever runs me finds the reason in the log"),
    N_("There is no face in the video"),
    N_("The video shows another face as well, whose person was not declared to consent"),
    N_("Nobody in the video is like the person of the source face set"),
    N_("The video is face-swap demo {demo} itself; demos are made of what was filmed"),
    N_("In no frame could the face be drawn: the head is turned to where the model has no training"),
    N_("The picture is too small for the label: each side has at least {pixels} pixels"),
    N_("The label could not be read back from the video ({how}), so it was not kept"),
)

DEMO_PRIVACY = (
    N_("Demos that you asked for or whose clip you posted: when, with which model, what you declared"),
    N_("So that a demo that somebody finds can be explained, and a misused one be taken up with who made it"),
)
