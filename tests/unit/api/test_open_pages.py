"""The pages that are open without a key: every language says all, and says it as messages do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

import pytest

from api.answer_pages import PAGES, Step, answer_page
from api.response_pages import ASKED, answered_page, asking_page, refused_page
from hearthwatch.alerts.words.catalogue import coded
from hearthwatch.records import Answer, Language
from tests.support.wordings import FORBIDDEN

OTHERS = [one for one in Language if one is not Language.ENGLISH]


def texts_of(said: object) -> Iterator[tuple[str, str]]:
    """Give every text of a page by its name."""
    for one in fields(said):  # type: ignore[arg-type]
        value = getattr(said, one.name)
        if isinstance(value, Mapping):
            yield from ((f"{one.name} {code}", text) for code, text in value.items())
        else:
            yield one.name, value


def every(language: Language) -> dict[str, str]:
    pages = {str(step): words for step, words in PAGES[language].items()} | {
        "response": ASKED[language]
    }
    return {f"{page} {name}": text for page, said in pages.items() for name, text in texts_of(said)}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_says_all_that_english_does_in_words_of_its_own(language: Language) -> None:
    english, own = every(Language.ENGLISH), every(language)
    assert own.keys() == english.keys()
    same = {name for name, text in own.items() if text and text == english[name]}
    # A pattern has no words.
    assert same <= {"response told"}
    assert {name for name, text in own.items() if not text} == {
        name for name, text in english.items() if not text
    }


def test_arabic_is_arabic() -> None:
    for name, text in every(Language.ARABIC).items():
        assert not re.search("[A-Za-z]", text.format(name="", state="")), name


@pytest.mark.parametrize("language", Language)
def test_no_cause_no_doer_and_no_certainty_that_is_not_there(language: Language) -> None:
    for name, text in every(language).items():
        assert not re.search(FORBIDDEN[language], text, re.IGNORECASE), name


@pytest.mark.parametrize("language", Language)
def test_who_knows_and_acts_is_said_as_messages_say_it(language: Language) -> None:
    said = ASKED[language]
    assert {one: coded(language, "answer", one.value) for one in Answer} == said.standing
    assert coded(language, "answer", "none") == said.silent
    assert said.buttons.keys() == set(Answer)


@pytest.mark.parametrize("language", Language)
def test_every_page_names_its_language_and_runs_its_way(language: Language) -> None:
    told = [{"name": "<b>Aid</b>", "state": "told"}]
    pages = [
        *(answer_page(step, language, "x") for step in Step),
        asking_page(language, 'answers?token="x"'), answered_page(language, told),
        refused_page(language),
    ]  # fmt: skip
    way = "rtl" if language is Language.ARABIC else "ltr"
    for page in pages:
        text = bytes(page.body).decode()
        assert f'<html lang="{language.value}" dir="{way}">' in text
        assert page.headers["content-language"] == language.value
        assert "<b>" not in text
        assert '="x""' not in text


def test_enter_in_a_field_answers_nothing() -> None:
    # A browser takes it for the first button of the form, and for none if that is disabled.
    text = bytes(asking_page(Language.ENGLISH, "answers").body).decode()
    assert re.findall("<button[^>]*>", text)[0] == "<button disabled hidden>"
