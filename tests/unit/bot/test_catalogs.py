"""The catalogs: as complete as the code, with the same places, and within Discord's limits."""

import re
import string

import pytest
from babel.messages.catalog import Catalog, Message

from benchmarks.texts import TEMPLATE, FormattedTextError, Text, missing, read, texts_of_bot, texts_of_source
from bot.catalogs import TRANSLATED, catalog, catalog_path
from bot.i18n import COMMAND_CONTEXT

COMMAND_NAME = re.compile(r"[-_\w]{1,32}")
DESCRIPTION_LIMIT = NAME_LIMIT = 100
"""Of descriptions and of the names of choices: https://docs.discord.com/developers/interactions/application-commands"""


def places(text: str) -> list[tuple[str, str]]:
    """The {places} of a text with their formats, in alphabetical order."""
    return sorted((name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None)


def originals(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


@pytest.fixture(scope="module")
def template() -> Catalog:
    return read(TEMPLATE)


@pytest.fixture(scope="module", params=TRANSLATED)
def texts(request: pytest.FixtureRequest) -> Catalog:
    return read(catalog_path(request.param), request.param)


def test_the_template_has_every_text_of_the_code(template: Catalog) -> None:
    in_code = {text.id for text in texts_of_bot()}
    in_template = {message.id for message in template if message.id and message.locations}

    assert in_code - in_template == set(), "run `make texts`"
    assert in_template - in_code == set(), "run `make texts`"


def test_the_catalogs_have_the_texts_of_the_template(texts: Catalog, template: Catalog) -> None:
    assert {(m.id, m.context) for m in texts} == {(m.id, m.context) for m in template}, "run `make texts`"


def test_every_text_is_translated(texts: Catalog) -> None:
    assert [message.id for message in missing(texts)] == []


def test_translations_have_the_places_of_their_originals(texts: Catalog) -> None:
    wrong = []
    for message in texts:
        wanted = [places(original) for original in originals(message) if original]
        for form in translations(message):
            if wanted and form and places(form) not in wanted:
                wrong.append((message.id, form))

    assert wrong == []


def test_translations_begin_and_end_as_their_originals(texts: Catalog) -> None:
    """White space, line breaks and the full stop at the end: sentences are joined to others."""
    wrong = [
        (original, form)
        for message in texts
        for original, form in zip(originals(message), translations(message), strict=False)
        if original and form and (_ends(original) != _ends(form))
    ]

    assert wrong == []


def test_french_has_no_break_spaces_before_its_marks() -> None:
    texts = [form for m in read(catalog_path("fr"), "fr") if m.id and not m.context for form in translations(m)]

    assert [text for text in texts if re.search(r" [;?!»]| :(?!:)|« ", text)] == []


def test_translated_names_of_commands_keep_discords_rules(texts: Catalog) -> None:
    names = [
        (original, form)
        for message in texts
        if message.context == COMMAND_CONTEXT
        for original, form in zip(originals(message), translations(message), strict=True)
        if form
    ]
    slash = [form for original, form in names if COMMAND_NAME.fullmatch(original) and original == original.lower()]

    assert [name for name in slash if not COMMAND_NAME.fullmatch(name) or name != name.lower()] == []
    assert [name for _, name in names if not 1 <= len(name) <= 32] == []


def test_translated_descriptions_of_commands_are_within_discords_limit(texts: Catalog, template: Catalog) -> None:
    of_commands = {message.id for message in template if message.auto_comments and message.context is None}
    too_long = [m.string for m in texts if m.id in of_commands and len(str(m.string)) > DESCRIPTION_LIMIT]

    assert too_long == []


def test_a_catalog_is_read_with_its_plural_forms() -> None:
    assert catalog("ja").ngettext("one text", "many texts", 5) == "many texts"  # unknown: as in the code
    assert catalog("en").gettext("The file is empty") == "The file is empty"
    assert catalog("de").gettext("The file is empty") != "The file is empty"


def test_marked_texts_are_found() -> None:
    source = 'say("a" "b"); self._say.plural("one {n}", "many {n}", 3); N_("c"); say("d" if x else "e"); f("g"); say(h)'

    found = {(text.text, text.many) for text in texts_of_source(source, "x.py")}

    assert found == {("ab", None), ("one {n}", "many {n}"), ("c", None), ("d", None), ("e", None)}
    assert next(texts_of_source('say("a")', "x.py")) == Text("a", "x.py")


def test_a_text_that_is_put_together_before_it_is_said_is_refused() -> None:
    with pytest.raises(FormattedTextError, match="line 1"):
        list(texts_of_source('say(f"{n} clips")', "x.py"))


def _ends(text: str) -> tuple[bool, bool, bool]:
    return text[:1].isspace(), text[-1:].isspace(), text.endswith((".", "。"))
