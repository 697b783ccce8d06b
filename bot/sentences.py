"""What the engine says in reports and errors, as templates for the catalogs, without the full stop at the end.

The engine's own modules write these sentences; here is what each can look like. A place such as {reason} holds another
of these sentences, {signer} a name, and any other a number (`bot.told` has the list).
`tests/unit/bot/test_told.py` finds the sentences of the engine that are missing here.
"""

from __future__ import annotations

from bot.catalogs import N_

VERDICTS = (
    N_("Signs of manipulation"),
    N_("What was measured fits a manipulated face better than a filmed one"),
    N_("No signs of manipulation found"),
    N_("What was measured fits a filmed face; a good fake can still pass"),
    N_("Can't tell"),
    N_("What could be measured in this clip is not enough to say either way"),
    N_("Declared as made by AI"),
    N_("The file itself says that it was made or changed by AI. That is a declaration, not a measurement"),
    N_("This is a screening aid. It says what was measured in the clip and what that suggests; it proves nothing"),
    N_("A pulse never shows that a clip is real: good face swaps carry the pulse of the person who was filmed"),
    N_("No signs found does not mean that there are none. Ask where a clip comes from before you act on it"),
    N_("over {share}"),
    N_("under {share}"),
)

REASONS = (
    N_("No face was found in the clip"),
    N_("No detector gave a score that is calibrated for this clip, so Facepulse can't tell"),
    N_("At least one face could not be judged, so the clip as a whole is not called free of signs"),
    N_("Face {letter}"),
    N_("{face}: {reason}"),
    N_("{face}, {detector} detector: {reason}"),
    N_("signs of manipulation"),
    N_("no signs of manipulation found"),
    N_("can't tell"),
    N_("can't tell: {reason}"),
    N_("declared as made by AI"),
    N_("the detectors disagree"),
    N_("what could be measured is too little to say more"),
    N_("the {detector} detector speaks for a fake, strongly"),
    N_("the {detector} detector speaks for a fake"),
    N_("the {detector} detector speaks for a fake, weakly"),
    N_("the {detector} detector speaks against a fake, strongly"),
    N_("the {detector} detector speaks against a fake"),
    N_("the {detector} detector speaks against a fake, weakly"),
    N_("{face} (about {size} px, {first} to {last} s): {reason}"),
    N_("{face} (about {size} px): {reason}"),
)

DETECTORS = (
    N_("appearance"),
    N_("cell agreement"),
    N_("mouth"),
    N_("provenance"),
    N_("pulse"),
    N_("pulse cnn"),
    N_("temporal"),
)

PULSE = (
    N_("no pulse was read ({reason})"),
    N_("a pulse of {bpm} beats a minute was read, SNR {snr} dB; a swapped face can carry one too"),
    N_("a pulse of {bpm} beats a minute was read; a swapped face can carry one too"),
    N_("no pulse read: {reason}"),
    N_("{bpm} beats a minute (SNR {snr} dB)"),
    N_("{bpm} beats a minute"),
    N_("no reason was recorded"),
    N_("the reason was not recorded"),
    N_("no pulse found above the noise"),
    N_("a single picture has no pulse"),
    N_("the pulse is too weak against the noise ({snr} dB)"),
    N_("only {seconds} s of face without interruption"),
    N_("only {seconds} s of face"),
    N_("face too small: {size} px"),
    N_("frame rate {rate}/s is too low"),
    N_("{agreeing} of {known} parts of the mid face show that pulse on their own"),
)

ABSTENTIONS = (
    N_("the face is only {size} px"),
    N_("the face is seen for only {seconds} s"),
    N_("a single picture shows nothing that changes over time"),
    N_("the frame rate of {rate}/s is too low"),
    N_("the clip is compressed too strongly for its picture size"),
    N_("the head is turned away by {angle}°"),
    N_("the head moves too much"),
    N_("the skin is under-exposed"),
    N_("the skin is over- or under-exposed"),
    N_("this version measures the pulse but has no trained classifier to turn it into a score"),
    N_("too little of the mid face is seen without interruption"),
    N_("the pulse network is told, not counted: on people and swaps that it never saw it is right too seldom"),
    N_(
        "neighbouring parts of the face change colour no more alike than filmed skin does; "
        "fakes other than face swaps do not show here"
    ),
    N_("the face is seen in too few pictures"),
    N_("the face moves and changes as filmed faces do; swapped faces do so too, and do not show here"),
    N_("the mouth is seen in too few pictures"),
    N_("the mouth changes with the face as filmed mouths do; fakes of the whole face do so too, and do not show here"),
    N_("no picture of the face was large enough to look at"),
    N_("the face is too blurred to show traces of a forgery"),
    N_("compression has taken the traces that a forgery leaves"),
)

FINDINGS = (
    N_("neighbouring parts of the face change colour together more than filmed skin does, as in many face swaps"),
    N_("the way the parts of the face move is unlike filmed faces"),
    N_("the way the colour of the face flickers is unlike filmed faces"),
    N_("the way the face and its surroundings change from picture to picture is unlike filmed faces"),
    N_("the sharpness of the mouth against the rest of the face is unlike filmed faces"),
    N_("the way the skin around the mouth flickers against the rest of the face is unlike filmed faces"),
    N_("the way mouth, chin and cheeks change in different pictures is unlike filmed faces"),
    N_("the way mouth and jaw move is unlike filmed faces"),
    N_("signs of blending concentrate in pictures where the head is turned by more than {angle}°"),
)

PROVENANCE = (
    N_("Provenance: {reason}"),
    N_("the file carries no Content Credentials; that is usual and says nothing either way"),
    N_("the file names Content Credentials that are kept elsewhere; they were not fetched"),
    N_("the file's Content Credentials are damaged and cannot be read"),
    N_("the seal of the file's Content Credentials is broken: the file was changed after it was signed"),
    N_("The file declares that it was made or changed by AI"),
    N_("The file's Content Credentials, signed by {signer}, declare that {declared}; a declaration, not a proof"),
    N_(
        "The file's Content Credentials, signed by {signer} with {maker}, declare that {declared}; "
        "a declaration, not a proof"
    ),
    N_("The file's Content Credentials, signed by {signer}, hold, and declare nothing about how it was made"),
    N_(
        "The file's Content Credentials, signed by {signer} with {maker}, hold, "
        "and declare nothing about how it was made"
    ),
    N_("The file's Content Credentials, signed by {signer}, declared that {declared}, but their seal is broken"),
    N_("Who {signer} is was not checked against a list of known signers"),
    N_("The file's metadata declares that {declared}; the mark is unsigned, anyone can write it"),
    N_("of what went into it, {declared}"),
    N_("it was made by a generative AI model"),
    N_("something was made by a generative AI model"),
    N_("parts of it were made by a generative AI model"),
    N_("it was made by an AI model"),
    N_("something was made by an AI model"),
    N_("it contains synthetic elements"),
    N_("it was filmed by a camera"),
    N_("it was filmed by a camera and computed from several exposures"),
    N_("it was put together from filmed material"),
    N_("it is a recording of a screen"),
    N_("it was edited by a person"),
    N_("it was enhanced by an algorithm"),
    N_("it was made by an algorithm without training data"),
    N_("it was recorded in a virtual world"),
    N_("it was made by a person with digital tools"),
)

CLIP_ERRORS = (
    N_("The file is empty"),
    N_("The file is a playlist that points to other files, not a video itself"),
    N_("The file holds sound but no video"),
    N_(
        "The file is not a video or picture that can be read here (MP4, MOV, WebM, Matroska, AVI, MPEG, FLV, Ogg, WMV, "
        "GIF, PNG, JPEG, WebP, BMP or TIFF)"
    ),
    N_("The file is a HEIC or AVIF picture, which cannot be read here; save it as PNG or JPEG"),
    N_("The file is an animated WebP, which cannot be read here; save it as GIF or MP4"),
    N_("There is no such file"),
    N_("The file may not be read: permission was denied"),
    N_("The file cannot be opened"),
    N_("This is a directory, not a video file"),
    N_("This is not an ordinary file"),
    N_("The file has {size} MiB; at most {most} MiB are accepted"),
    N_("{name} has {size} MiB; the largest clip that can be checked has {most} MiB"),
    N_("The video took too long to decode"),
    N_("The video is longer than {seconds} s, the longest that is accepted"),
    N_("The video has more than {frames} frames, the most that are accepted"),
    N_("The video could not be decoded: its decoder gave a senseless answer"),
    N_("The video took more processor time to decode than is allowed"),
    N_("The decoder was ended before it was done"),
    N_("The video could not be decoded: its decoder crashed"),
    N_("The file holds no video, only sound or other data"),
    N_("Not a single frame of the video could be decoded"),
    N_("The video is coded in a way that is not accepted here"),
    N_("The video's pictures are larger than {pixels} pixels, the most that are accepted"),
    N_("The video takes more memory to decode than is allowed"),
    N_("The video file is cut off before its index, so nothing of it can be read"),
    N_("The file is damaged or is not a video"),
    N_("The picture is larger than {pixels} pixels, the most that are accepted"),
    N_("The picture takes more memory to decode than is allowed"),
    N_("The picture is damaged, or larger than can be decoded"),
)

SERVICE_ERRORS = (
    N_("The clip is no longer here to be checked; please send it again"),
    N_("The clip could not be stored for its check: the data folder is not writable"),
    N_("The clip could not be kept as evidence: the data folder is not writable"),
    N_("Something went wrong inside Facepulse while it checked this clip; the log has the details"),
    N_("The analysis of this clip stopped three times without an answer, so it was given up"),
    N_("The check was cancelled"),
    N_("There is no check number {number} in the log"),
    N_("There is no file {name} that can be read"),
    N_("There is no such case in this server"),
    N_("There is no setting called {name}"),
    N_("A setting was given a value of the wrong kind"),
    N_("{name} must lie between {least} and {most}"),
    N_("{name} must be one of {choices}"),
    N_("A note can have at most {most} characters"),
    N_("A reason can have at most {most} characters"),
    N_("Only an answer that was given in a server, and is still kept, can be reviewed"),
    N_("Please say in a few words what is wrong with the answer"),
    N_("A case is either upheld or dismissed"),
    N_("This server asks for a reason with every decision"),
    N_("This case was already decided"),
    N_("This act was already taken back"),
    N_("The weights {name} are missing; {reason}"),
    N_("The weights {name} are not the ones that Facepulse was measured with; {reason}"),
    N_("restore models/{name} from the project's repository"),
    N_("run `{how}` in Facepulse's environment"),
    N_("The calibration file {name} cannot be used; fit it again or restore it"),
    N_("The calibration cannot be written to {name}"),
)

STORE_ERRORS = (
    N_("The stored report of this check is from another version and cannot be read"),
    N_("The setting FACEPULSE_DATABASE_URL is not a database URL"),
    N_("The database type {name} cannot be used"),
    N_("The database was made by a newer version of Facepulse; update the program to use it"),
    N_("The folder for the database cannot be created: check FACEPULSE_DATA_DIR and its permissions"),
    N_("The database is not set up yet; run `make run` once to create its tables"),
    N_("The database cannot be written: its file or folder is read-only"),
    N_("The database cannot be opened: check FACEPULSE_DATA_DIR and its permissions"),
    N_("The database cannot be opened: the file is not an SQLite database"),
    N_("The database is damaged; restore a copy of it, or move its file away to begin a new one"),
    N_("The database cannot be written: the disk is full"),
    N_("The database is busy; try again in a moment"),
    N_("The database cannot be read or written; the log has the cause"),
)

SENTENCES = (
    *VERDICTS,
    *REASONS,
    *DETECTORS,
    *PULSE,
    *ABSTENTIONS,
    *FINDINGS,
    *PROVENANCE,
    *CLIP_ERRORS,
    *SERVICE_ERRORS,
    *STORE_ERRORS,
)
