"""What the engine says is found again: every sentence that can reach a person has its template."""

import ast
import itertools
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bot.desk import EXPIRED
from bot.downloads import ELSEWHERE, TOO_LARGE
from bot.i18n import speaker
from bot.sentences import SENTENCES
from bot.told import FREE, LONGEST, NESTED, phrasebook
from core import errors
from core.detectors import provenance
from core.detectors.registry import CLIP_DETECTORS, FACE_DETECTORS, FRAME_DETECTORS
from core.detectors.watermark import WatermarkDetector
from core.jobs.loop import GAVE_UP
from core.report.words import VERDICT_WORDS, WHAT_THIS_IS, likelihood_words, measurement_words, pulse_words
from core.services.demo_making import OTHER_SOURCE
from core.services.demos import FREE_AGAIN, MEMBERS_SPENT, NOT_BOUND, SERVERS_SPENT
from core.services.demos_made import ALREADY, NOT_ALONE, NOT_DRAWN
from core.services.privacy import KINDS
from core.store import sentences as store_sentences
from core.store.sentences import UNREACHED
from core.types import Evidence, FaceSummary, GuildSettings, Measurement
from core.types.guild import RANGES, SETTING_NAMES
from core.verdict.conclude import conclude
from core.verdict.fuse import DISAGREEMENT, DRAWN, THIN, Calibration
from core.watermark import FoundMarks
from tests.synth.analyses import make_analysis

CORE = Path(errors.__file__).parent
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
NOT_SHOWN_IN_DISCORD = (
    "evaluation", "faces", "settings", "swap", "report/output", "report/plot_apart", "store/move", "video/encode",
    "verdict/fit", "media/opening", "services/reader_training", "services/training", "services/fusion",
    "services/demos_made", "services/face_sets", "services/live_swaps", "services/swap_masks", "services/swap_training",
    "services/swap_registry", "services/swap_files", "services/demo_notes", "services/demo_pictures",
)  # fmt: skip
"""Where errors are those of the command line, or are answered without a word: a plot is left out."""
WORDED_VALUE_ERRORS = {"types/guild", "services/guilds"}
NUMBERS = re.compile(r"(?i)max_|most|least|longest|limit|number|check_id")


def known(text: str) -> bool:
    found = phrasebook().find(text)
    return found is not None and found.whole


def shaped(node: ast.expr, known_names: Mapping[str, object]) -> str | None:
    """The text of a literal or constant; a number stands in each of its places that is formatted, "x" in any other."""
    if isinstance(node, ast.Name):
        value = known_names.get(node.id)
        return value if isinstance(value, str) else None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _sample(part, known_names) for part in node.values
    )


def _sample(part: ast.expr, known_names: Mapping[str, object]) -> str:
    assert isinstance(part, ast.FormattedValue)
    if isinstance(part.value, ast.Name) and part.value.id in known_names:
        return str(known_names[part.value.id])
    return "7" if part.format_spec is not None or NUMBERS.search(ast.unparse(part.value)) else "x"


def modules(*below: str) -> Iterator[tuple[str, ast.Module, Mapping[str, object]]]:
    """Name, tree and constants of every module of the engine in these of its parts, in all when none is named."""
    for path in sorted(CORE.rglob("*.py")):
        parts = path.relative_to(CORE).with_suffix("").parts
        if below and parts[0] not in below:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
        names: dict[str, object] = {}
        for node in assigned:
            if isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant):
                names[node.targets[0].id] = node.value.value
        yield "/".join(parts), tree, names


def sentences_of_errors() -> Iterator[tuple[str, str]]:
    """Every literal sentence of an error that a check or an act in Discord can end in."""
    for where, tree, names in modules():
        if where.startswith(NOT_SHOWN_IN_DISCORD):
            continue
        kinds = ERRORS | {"ValueError"} if where in WORDED_VALUE_ERRORS else ERRORS
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
                text = shaped(node.args[0], names)
                if text is not None:
                    yield where, text


def abstentions_and_findings() -> Iterator[tuple[str, str]]:
    """What detectors and gates assign to a name and reads like a clause: several words, and no piece of a sentence."""
    for where, tree, names in modules("detectors", "signals"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                text = shaped(node.value, names)
                if text is not None and text.count(" ") >= 3 and not text.endswith("signed by x"):
                    yield where, text


def test_every_place_is_known_to_be_a_number_a_name_or_a_sentence() -> None:
    used = {place for text in SENTENCES for _, place, _, _ in string.Formatter().parse(text) if place}

    assert set(FREE) | set(NESTED) <= used
    assert not set(FREE) & set(NESTED)
    assert not [text for text in SENTENCES if text.endswith(".")]


@pytest.mark.parametrize("text", [one for one in SENTENCES if "{" in one])
def test_every_template_is_found_in_its_own_sentence(text: str) -> None:
    samples = {**dict.fromkeys(FREE, "x"), **dict.fromkeys(NESTED, "can't tell"), "letter": "A", "face": "Face A",
               "detector": "pulse", "measured": "pulse snr", "demo": "1a2b3c4d",
               "when": "<t:1764000001:R>"}  # fmt: skip
    values = {place: samples.get(place, "7.5") for _, place, _, _ in string.Formatter().parse(text) if place}

    found = phrasebook().find(text.format(**values) + ".")

    assert found is not None
    assert (found.template, found.stop) == (text, True)


def test_a_text_longer_than_any_sentence_is_left_alone() -> None:
    assert phrasebook().find("Who x is was not checked against a list of known signers") is not None
    assert phrasebook().find(f"Who {'x' * LONGEST} is was not checked against a list of known signers") is None


def test_errors_are_known() -> None:
    unknown = [(where, text) for where, text in sentences_of_errors() if phrasebook().find(text) is None]

    assert unknown == [], "write their templates into bot/sentences.py"


@pytest.mark.parametrize("sentence", [NOT_ALONE, NOT_DRAWN, ALREADY.format(id="00c0ffee"), NOT_BOUND, OTHER_SOURCE])
def test_why_a_demo_cannot_be_made_of_a_clip_is_known(sentence: str) -> None:
    assert known(sentence)


@pytest.mark.parametrize("spent", [MEMBERS_SPENT, SERVERS_SPENT])
@pytest.mark.parametrize("again", ["", FREE_AGAIN.format(when="<t:1764000001:R>")])
def test_that_no_demo_is_left_is_said_in_another_language_with_the_moment_of_the_next(spent: str, again: str) -> None:
    said = speaker("de").told(f"{spent.format(limit=3)}{again}.")

    assert "No demo is left" not in said
    assert "3" in said
    assert ("<t:1764000001:R>" in said) == bool(again)


def test_the_names_of_settings_in_errors_are_known() -> None:
    assert set(RANGES) <= set(SETTING_NAMES)
    assert set(SETTING_NAMES) <= {field.name for field in fields(GuildSettings)}
    assert [name for name in SETTING_NAMES.values() if not known(f"{name} must lie between 0.5 and 1.")] == []
    assert [name for name in SETTING_NAMES.values() if not known(f"{name} must be one of hide, remove.")] == []


def test_what_is_said_of_a_broken_database_is_known() -> None:
    assert [sentence for _, sentence in store_sentences._SENTENCES if not known(sentence)] == []


def test_what_is_said_instead_of_an_answer_is_known() -> None:
    said = (EXPIRED, GAVE_UP, ELSEWHERE, TOO_LARGE.format(most="25"), UNREACHED)

    assert [sentence for sentence in said if not known(sentence)] == []


def test_what_is_stored_about_people_is_known() -> None:
    assert [text for texts in KINDS.values() for text in texts if not known(text)] == []


def test_why_a_verdict_was_withheld_is_known() -> None:
    assert [doubt for doubt in (DISAGREEMENT, THIN, DRAWN) if not known(f"Face A: can't tell: {doubt}.")] == []


def test_abstentions_and_findings_are_known() -> None:
    unknown = [(where, text) for where, text in abstentions_and_findings() if not known(text)]

    assert unknown == [], "write their templates into bot/sentences.py"


def test_the_aspects_that_detectors_name_are_known() -> None:
    named = [
        value
        for _, tree, _ in modules("detectors")
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "ASPECTS"
        and isinstance(node.value, ast.Dict)
        for value in (shaped(one, {}) for one in node.value.values)
    ]

    assert len(named) > 0
    assert [aspect for aspect in named if not known(f"{aspect} is unlike filmed faces")] == []


def test_measurements_are_known() -> None:
    named = {
        str(node.args[0].value)
        for _, tree, _ in modules("detectors")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Measurement", "_gate"}
        if isinstance(node.args[0], ast.Constant)
    }
    values = [
        Measurement(name, value, unit) for name in named for value, unit in ((None, ""), (2.5e-5, ""), (-3.25, "dB"))
    ]

    assert len(named) > 20
    assert [text for text in map(measurement_words, values) if not known(text)] == []


def test_what_a_file_can_declare_is_known() -> None:
    declared = [*provenance.SYNTHETIC_SOURCES.values(), *provenance.OTHER_SOURCES.values()]
    credentials = [
        provenance.Credentials("Example Studio", maker, (source,), (part,), intact, trusted=False)
        for maker in (None, "Maker with a Name")
        for source in ("digitalCapture", "trainedAlgorithmicMedia", "nothing known")
        for part in ("nothing known", *provenance.SYNTHETIC_SOURCES)
        for intact in (True, False)
    ]
    credentials.append(replace(credentials[0], demo_id="1a2b3c4d"))
    evidence = [provenance.ProvenanceDetector()._signed(found) for found in credentials]
    told = [sentence for one in evidence for sentence in (*one.findings, one.abstained_because) if sentence]

    assert [text for text in (*declared, *told) if not known(text)] == []


def test_what_pictures_can_declare_is_known() -> None:
    told = WatermarkDetector().told(FoundMarks("1a2b3c4d", "00ff00ff", "1a2b3c4d", 9, "FLUX"))

    assert len(told.findings) == 4
    assert [text for text in (*told.findings, *map(measurement_words, told.measurements)) if not known(text)] == []


def test_the_words_for_verdicts_and_pulses_are_known() -> None:
    said = [words for label in VERDICT_WORDS.values() for words in (label.title, label.meaning)]
    faces = [face for bpm in (72.0, None) for face in make_analysis(bpm=bpm, faces=30).report.faces]
    said += [*WHAT_THIS_IS, likelihood_words(0.99), likelihood_words(0.01), *map(pulse_words, faces)]

    assert [text for text in said if not known(text)] == []


@pytest.mark.parametrize("doubtful", [False, True])
@pytest.mark.parametrize("score", [0.001, 0.2, 0.45, 0.55, 0.8, 0.999])
def test_the_reasons_of_a_verdict_are_known(score: float, doubtful: bool) -> None:
    detectors = {**FACE_DETECTORS, **CLIP_DETECTORS, **FRAME_DETECTORS}
    for faces, bpm in itertools.product((1, 3), (72.0, None)):
        summaries = make_analysis(faces=faces, bpm=bpm).report.faces
        evidence = [_scored(name, face, score) for name in FACE_DETECTORS for face in summaries]
        if doubtful:
            evidence += [_scored("opposite", summaries[0], 1 - score)]
        versions = {one.detector: one.version for one in evidence}
        calibration = Calibration("test", versions, dict.fromkeys(versions, 0.9), 0.0, 0.9, 0.1)
        reasons = conclude(evidence, summaries, calibration).reasons

        assert [text for text in reasons if not known(text) and "opposite" not in text] == []
        assert set(detectors) >= set(versions) - {"opposite"}


def test_a_verdict_without_scores_is_known() -> None:
    summaries = make_analysis(faces=2, bpm=None).report.faces
    silent = [
        Evidence(name, "1", face.track, None, 0.5, abstained_because="the head moves too much")
        for name in FACE_DETECTORS
        for face in summaries
    ]
    provenance_says = Evidence("provenance", "1", None, None, 0.0, abstained_because=provenance.NO_CREDENTIALS)
    declares = Evidence("provenance", "1", None, None, 1.0, declares_synthetic=True)
    reasons = [
        *conclude((*silent, provenance_says), summaries).reasons,
        *conclude((declares,), summaries).reasons,
        *conclude((provenance_says,), ()).reasons,
    ]

    assert [text for text in reasons if not known(text)] == []


def _scored(name: str, face: FaceSummary, score: float) -> Evidence:
    return Evidence(name, "1", face.track, score, 1.0)
