"""The examples in the docs are what the software writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hearthwatch.alerts.apprise_channel import LOCAL, NOT_HTTP, READS_FILES
from hearthwatch.alerts.words import paragraphs, short
from hearthwatch.records import Language, MessageForm
from tests.support.wordings import of_form

DOCS = Path(__file__).resolve().parents[4] / "docs"
NAMES = {Language.ENGLISH: "English", Language.FRENCH: "French", Language.ARABIC: "Arabic"}


@pytest.fixture(scope="module")
def examples():
    page = (DOCS / "alert-messages.md").read_text(encoding="utf-8")
    pattern = r"^### (\w+, \w+)\n\n```text\n(.*?)\n```\n\n```sms\n(.*?)\n```$"
    return {name: (text, sms) for name, text, sms in re.findall(pattern, page, re.M | re.S)}


def test_every_form_is_shown_in_every_language(examples):
    assert set(examples) == {f"{form.value}, {name}" for form in MessageForm
                             for name in NAMES.values()}  # fmt: skip


@pytest.mark.parametrize("form", MessageForm)
@pytest.mark.parametrize("language", Language)
def test_examples_are_what_is_written(examples, form, language):
    message = of_form(form, language)
    text, sms = examples[f"{form.value}, {NAMES[language]}"]
    assert text == "\n\n".join(paragraphs(message, language))
    assert sms == short(message, language)


def test_every_service_that_is_refused_is_named():
    page = (DOCS / "email.md").read_text(encoding="utf-8")
    named = {"mailto" if name == "email" else name for name in LOCAL | READS_FILES | NOT_HTTP}
    assert all(f"`{name}`" in page for name in named)
