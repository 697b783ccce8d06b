"""Texts in the reader's language: who speaks, how numbers are written, what is said of a language without a text."""

import gettext
import io

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from bot import saying
from bot.catalogs import Numbers, language_of
from bot.saying import ENGLISH, Say, speaker


def says(language: str, monkeypatch: pytest.MonkeyPatch, *texts: tuple[object, object]) -> Say:
    """A speaker of `language` whose catalog has only these texts."""
    made = Catalog(language)
    for text, translation in texts:
        made.add(text, translation)
    compiled = io.BytesIO()
    write_mo(compiled, made)
    compiled.seek(0)
    monkeypatch.setattr(saying, "catalog", lambda _: gettext.GNUTranslations(compiled))
    return Say(language)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("es-ES", "es"), ("es-419", "es"), ("pt-BR", "pt"), ("fr", "fr"), ("ja", "ja"), ("en-GB", "en"),
     ("zh-CN", None), ("", None), (None, None)],
)  # fmt: skip
def test_discords_locales_are_understood(locale: str | None, language: str | None) -> None:
    assert language_of(locale) == language
    assert speaker(locale).locale == (language or "en")


def test_english_is_what_stands_in_the_code() -> None:
    assert ENGLISH("{share:.0%} after {seconds:.1f} s", share=0.5, seconds=1.25) == "50% after 1.2 s"
    assert ENGLISH.plural("{n} clip", "{n} clips", 1) == "1 clip"
    assert ENGLISH.plural("{n} clip of {name}", "{n} clips of {name}", 0, name="x") == "0 clips of x"
    assert ENGLISH.told("The file is empty.") == "The file is empty."


def test_a_text_without_a_translation_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    say = says("de", monkeypatch)

    assert say("Hello {name}", name="x.mp4") == "Hello x.mp4"
    assert say.plural("{n} clip", "{n} clips", 2) == "2 clips"


def test_plural_forms_are_those_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    french = says("fr", monkeypatch, (("{n} clip", "{n} clips"), ("{n} vidéo", "{n} vidéos")))
    japanese = says("ja", monkeypatch, (("{n} clip", "{n} clips"), ("動画{n}件",)))

    assert [french.plural("{n} clip", "{n} clips", n) for n in (0, 1, 2)] == ["0 vidéo", "1 vidéo", "2 vidéos"]
    assert [japanese.plural("{n} clip", "{n} clips", n) for n in (1, 2)] == ["動画1件", "動画2件"]


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "1.5 50% 3 a.b"), ("de", "1,5 50\xa0% 3 a.b"), ("pt", "1,5 50% 3 a.b"), ("ja", "1.5 50% 3 a.b")],
)
def test_decimals_are_written_as_the_language_does_and_names_are_left_alone(language: str, written: str) -> None:
    numbers = Numbers(language)

    assert numbers.vformat("{a:.1f} {b:.0%} {n} {name}", (), {"a": 1.5, "b": 0.5, "n": 3, "name": "a.b"}) == written


def test_a_sentence_of_the_engine_is_said_with_its_numbers_and_full_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = (("{face}: {reason}", "{face}：{reason}"), ("Face {letter}", "顔{letter}"),
             ("the face is seen for only {seconds} s", "顔が映っているのは{seconds}秒だけ"))  # fmt: skip
    japanese, german = says("ja", monkeypatch, *texts), says("de", monkeypatch, *texts)

    assert japanese.told("Face B: the face is seen for only 1.8 s.") == "顔B：顔が映っているのは1.8秒だけ。"
    assert german.told("Face B: the face is seen for only 1.8 s") == "顔B：顔が映っているのは1,8秒だけ"


def test_an_unknown_sentence_stays_english_also_within_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    say = says("de", monkeypatch, ("{face}: {reason}", "{face}: {reason}"), ("Face {letter}", "Gesicht {letter}"))

    assert say.told("Nobody wrote this.") == "Nobody wrote this."
    assert say.told("Face A: nobody wrote this.") == "Gesicht A: nobody wrote this."
